-- Rows, and the last head. What is derived from a row goes with it: places in lists, and texts with their index.

CREATE TABLE head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    bytes BLOB NOT NULL CHECK (length(bytes) <= 65536)
) STRICT;

-- Rows of one key beside each other: most who write one of them write the others. derived: where its places and texts
-- are, so that no index by row is needed (derived.rs); NULL where it has none.
CREATE TABLE rows (
    kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 255),
    key BLOB NOT NULL CHECK (length(key) <= 1024),
    derived BLOB,
    value BLOB NOT NULL CHECK (length(value) <= 1048576),
    PRIMARY KEY (key, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE listed (
    list INTEGER NOT NULL CHECK (list BETWEEN 1 AND 255),
    grp BLOB NOT NULL CHECK (length(grp) <= 1024),
    ord BLOB NOT NULL CHECK (length(ord) <= 65536),
    key BLOB NOT NULL,
    kind INTEGER NOT NULL,
    PRIMARY KEY (list, grp, ord, key, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE search (
    id INTEGER PRIMARY KEY,
    text TEXT NOT NULL CHECK (octet_length(text) <= 65536),
    kind INTEGER NOT NULL,
    key BLOB NOT NULL,
    UNIQUE (text, kind, key)
) STRICT;

-- The texts are folded already. Which texts have a trigram, not where: what is found by all trigrams of what was typed
-- is compared with it.
CREATE VIRTUAL TABLE trigrams USING fts5 (
    text,
    content = 'search',
    content_rowid = 'id',
    columnsize = 0,
    detail = none,
    tokenize = 'trigram case_sensitive 1'
);

-- Without this, parts of a removed text would stay in the index until it is merged.
INSERT INTO trigrams (trigrams, rank) VALUES ('secure-delete', 1);

-- What is added to it is added by statements of its own, at the end of a batch: a trigger would make each text a segment
-- of the index by itself.
CREATE TRIGGER search_removed AFTER DELETE ON search BEGIN
    INSERT INTO trigrams (trigrams, rowid, text) VALUES ('delete', old.id, old.text);
END;

CREATE TRIGGER search_stays BEFORE UPDATE ON search BEGIN
    SELECT raise(ABORT, 'a text is replaced, not changed');
END;

-- The prefix with a byte for each half-byte: a node stands right before those below it.
CREATE TABLE nodes (
    prefix BLOB NOT NULL PRIMARY KEY CHECK (length(prefix) <= 64),
    node BLOB NOT NULL CHECK (length(node) <= 1028)
) STRICT, WITHOUT ROWID;

-- The log only grows.

CREATE TABLE entries (
    idx INTEGER PRIMARY KEY CHECK (idx >= 0),
    at INTEGER NOT NULL CHECK (at >= 0),
    event INTEGER NOT NULL CHECK (event BETWEEN 0 AND 65535),
    operator BLOB CHECK (length(operator) = 10),
    device BLOB CHECK (length(device) = 10),
    request BLOB CHECK (length(request) = 10),
    bytes BLOB NOT NULL CHECK (length(bytes) <= 1048576)
) STRICT;

CREATE TRIGGER entries_in_order BEFORE INSERT ON entries
WHEN new.idx <> (SELECT coalesce(max(idx) + 1, 0) FROM entries) BEGIN
    SELECT raise(ABORT, 'an entry is added only at the end of the log');
END;

CREATE TRIGGER entries_unchanged BEFORE UPDATE ON entries BEGIN
    SELECT raise(ABORT, 'an entry of the log is never changed');
END;

CREATE TRIGGER entries_stay BEFORE DELETE ON entries BEGIN
    SELECT raise(ABORT, 'an entry of the log is never removed');
END;

CREATE TABLE tiles (
    level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 7),
    idx INTEGER NOT NULL CHECK (idx >= 0),
    bytes BLOB NOT NULL CHECK (length(bytes) = 8192),
    PRIMARY KEY (level, idx)
) STRICT;

CREATE TRIGGER tiles_new BEFORE INSERT ON tiles
WHEN EXISTS (SELECT 1 FROM tiles WHERE level = new.level AND idx = new.idx) BEGIN
    SELECT raise(ABORT, 'a tile of the log is never changed');
END;

CREATE TRIGGER tiles_unchanged BEFORE UPDATE ON tiles BEGIN
    SELECT raise(ABORT, 'a tile of the log is never changed');
END;

CREATE TRIGGER tiles_stay BEFORE DELETE ON tiles BEGIN
    SELECT raise(ABORT, 'a tile of the log is never removed');
END;
