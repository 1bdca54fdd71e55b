"""What a desk keeps beside its log, rows, map and head: docs/protocol/audit.md, "Head" to "Request numbers"."""

import hmac
import unicodedata

import cbor
import codes
import merkle
from merkle import sha256

CORRUPT, LATER, TAMPERED = 703, 706, 713
REQUEST = codes.Kind("Request", 8, 80)


class Fault(Exception):
    def __init__(self, error, why):
        super().__init__(error, why)
        self.error = error


def require(condition, error, why):
    if not condition:
        raise Fault(error, why)


# Types

def unsigned(bits):
    return lambda value: type(value) is int and 0 <= value < 1 << bits


def data(*lengths):
    return lambda value: isinstance(value, bytes) and len(value) in lengths


def one_of(*numbers):
    return lambda value: type(value) is int and value in numbers


def array(of):
    return lambda value: isinstance(value, list) and all(map(of, value))


def fields(**types):
    """`k0` for a field that is always there, `o0` for one that may be absent."""
    known = {int(name[1:]): of for name, of in types.items()}
    wanted = {int(name[1:]) for name in types if name[0] == "k"}
    return lambda value: isinstance(value, dict) and wanted <= set(value) and \
        all(type(key) is int and key in known and known[key](item) for key, item in value.items())


u8, u16, u32, u64 = map(unsigned, (8, 16, 32, 64))
time = u64
person = request = device_id = data(10)
b32, b33 = data(32), data(33)
some_bytes = lambda value: isinstance(value, bytes)
text = lambda value: isinstance(value, str)
boolean = lambda value: isinstance(value, bool)
method, vouched = one_of(1, 2, 3, 4, 5, 6), one_of(1, 2)
user_class = one_of(0, 1)


def resting(of):
    return fields(k0=of, o1=fields(k0=of, k1=time, k2=u64, k3=u32, k4=person))


def rises(value):
    return value == sorted(set(value))


LIMIT = fields(k0=u64, k1=u32, k2=u32)
METHOD = fields(k0=method, k1=vouched)
RULES = fields(k0=array(METHOD), k1=array(METHOD), k2=boolean, k3=fields(k0=LIMIT, k1=LIMIT, k2=LIMIT), k4=u64, k5=u64,
               k6=u64, k7=u64, k8=u64, k9=u64, k10=text)
ROLES, PRIVILEGES = array(one_of(0, 1)), array(one_of(0, 1, 2, 3, 4))
SCOPES = array(one_of(0, 1, 2))
GRANTS = fields(k0=lambda v: ROLES(v) and rises(v), k1=lambda v: PRIVILEGES(v) and rises(v), o2=person)
CHANNEL = fields(k0=text, k1=one_of(0, 1, 2, 3), k2=text, k3=time)
SLOT = fields(k0=u8, k1=u8, o2=b33, k3=u32)
CODE = fields(k0=request, k1=data(14), o2=u16, k3=person, k4=time, k5=one_of(0, 1, 2, 3, 4))
CALLER = fields(k0=method, k1=vouched, k2=b32, k3=time, o4=person)
VOUCH = fields(k0=person, k1=time, o2=one_of(0, 1, 2))
MANAGER = fields(o0=person)
APPROVAL = fields(k0=person, k1=b32, o2=b32, k3=time)
AUTHORISED = fields(k0=time, k1=b32, k2=u32, o3=text)

# Each table's primary key and fields.
empty = lambda key: key == b""
TABLES = {
    "settings": (empty, fields(k0=boolean, k1=boolean, k2=resting(RULES))),
    "licence": (empty, fields(k0=some_bytes)),
    "counts": (empty, fields(k0=u32, k1=u32)),
    "users": (person, fields(k0=text, k1=text, k2=resting(user_class), k3=array(CHANNEL), k4=boolean,
                              o5=resting(MANAGER))),
    "user_names": (some_bytes, fields(k0=person)),
    "operators": (person, fields(k0=text, k1=resting(GRANTS), o2=text, k3=u32, k4=boolean, k5=array(b32),
                           k6=u64, o7=time, k8=boolean, k9=array(b32), o10=fields(k0=b32, k1=time, k2=u32), k11=array(b32))),
    "operator_names": (some_bytes, fields(k0=person)),
    "sessions": (b32, fields(k0=person, k1=time, k2=u32, k3=u32, k4=time)),
    "passkeys": (b32, fields(k0=person, k1=some_bytes, k2=some_bytes, k3=text, k4=time, o5=time)),
    "tokens": (b32, fields(k0=person, k1=text, k2=lambda v: SCOPES(v) and rises(v), k3=time, k4=time, k5=u32, k6=u32)),
    "back_off": (person, fields(k0=u32, k1=time, k2=u32)),
    "devices": (device_id, fields(k0=device_id, k1=person, k2=u8, k3=u8, o4=b33, o5=b33, o6=u32, k7=u32, k8=time,
                                  k9=boolean, k10=array(SLOT), o11=text)),
    "device_states": (device_id, fields(o0=u16, k1=array(CODE), k2=u32, k3=u32, o4=time)),
    "requests": (request, fields(k0=one_of(0, 1, 2, 3, 4), k1=person, k2=person, k3=device_id, k4=text, k5=time, k6=u32,
                                 k7=u32, k8=u32, o9=CALLER, k10=u8, o11=data(16, 18), o12=APPROVAL, o13=text,
                                 o14=AUTHORISED, o15=b32, o16=VOUCH, o17=text, o18=person)),
    "answered": (data(14), fields(k0=device_id)),
    "limits": (lambda key: len(key) == {0: 11, 1: 11, 2: 33}.get(key[0]), fields(k0=array(fields(k0=time, k1=u32)))),
    "alarms": (data(8), fields(k0=u16, o1=device_id, o2=u16, k3=time, k4=boolean)),
    "standing_alarms": (data(2, 4, 12, 14), fields(k0=u64)),
    "queues": (lambda key: key in (b"alarms", b"announcements", b"outbox"), fields(k0=u64, k1=u64)),
    "outbox": (data(8), fields(k0=one_of(0, 1, 2, 3, 4), k1=person, o2=device_id, o3=request, k4=person, k5=time, k6=data(16),
                               k7=u32, o8=CHANNEL)),
    "announcements": (data(8), fields(k0=u64, k1=u16, k2=time, o3=person, o4=person, o5=person, o6=b32, o7=time)),
    "issuers": (b32, fields(k0=u8, k1=u8, k2=b33, k3=boolean, k4=time, o5=u32)),
    "slots": (data(1), fields(o0=b32, k1=array(b32))),
    "texts": (data(8), fields(k0=b32, k1=text)),
}


def read_row(table, row):
    """A row's map."""
    try:
        if row[:1] == b"\x82":
            version, _ = cbor.read(row[1:], 1)
            require(not u64(version) or version <= 1, LATER, f"{table}: version")
        version_and_map = cbor.decode(row, levels=8)
    except cbor.Malformed as malformed:
        raise Fault(CORRUPT, f"{table}: {malformed}") from None
    good = isinstance(version_and_map, list) and len(version_and_map) == 2 and version_and_map[0] == 1
    require(good and TABLES[table][1](version_and_map[1]), CORRUPT, f"a row of {table}")
    return version_and_map[1]


# Map

def map_key(table, key):
    return sha256(b"fido-unlock/1 map key\0", bytes([len(table)]), table.encode(), key)


def row_hash(row):
    return sha256(b"fido-unlock/1 row\0", row)


def nibble(key, depth):
    return key[depth // 2] >> 4 if depth % 2 == 0 else key[depth // 2] & 15


def map_node(leaves, depth=0):
    """The hash of the node over these leaves, pairs of a key and a row's hash."""
    with_leaf = with_node = 0
    out = b""
    for at in range(16):
        here = [one for one in leaves if nibble(one[0], depth) == at]
        if len(here) == 1:
            with_leaf |= 1 << at
            out += here[0][0] + here[0][1]
        elif here:
            with_node |= 1 << at
            out += map_node(here, depth + 1)
    return sha256(b"fido-unlock/1 map node\0", with_leaf.to_bytes(2, "big"), with_node.to_bytes(2, "big"), out)


def map_root(rows):
    """The root over rows by (table, key)."""
    return map_node([(map_key(table, key), row_hash(row)) for (table, key), row in rows.items() if table != "texts"])


# Head

HEAD = fields(k0=u8, k1=data(16), k2=some_bytes, k3=b32, k4=time, k5=fields(k0=u32, k1=time, k2=u32, k3=time))


def read_head(head, seal_key):
    """The head's map, and its log's tree."""
    try:
        require(head[:1] == b"\x82", TAMPERED, "no head")
        _, rest = cbor.read(head[1:], 1)
        body = head[1:len(head) - len(rest)]
        code, behind = cbor.read(rest, 1)
    except cbor.Malformed:
        raise Fault(TAMPERED, "no head") from None
    wanted = hmac.digest(seal_key, b"fido-unlock/1 head\0" + body, "sha256")
    require(data(32)(code) and behind == b"" and hmac.compare_digest(code, wanted), TAMPERED, "the head's seal")
    try:
        item = cbor.decode(body)
        whole = cbor.decode(head)
    except cbor.Malformed:
        raise Fault(TAMPERED, "another form of the head") from None
    require(isinstance(item, dict) and u64(item.get(0)) and item[0] <= 1, LATER, "the head's version")
    tree = merkle.read_range(item[2]) if HEAD(item) else None
    require(item[0] == 1 and tree and whole == [item, code], TAMPERED, "another form of the head")
    return item, tree


# Approval, session, licence, request

def holds(rest, now, era):
    """What holds of something that rests; `era` is the head's."""
    if 1 not in rest:
        return rest[0]
    later = rest[1]
    due = later[1] + later[2]
    if later[3] != era[0] and due > era[3]:
        due = era[1] + later[2]
    return later[0] if due <= now else rest[0]


def shown(row, user, now, era):
    """What an approver is shown of a request."""
    out = {0: row[1], 1: row[2], 2: user[0], 3: user[1], 4: holds(user[2], now, era), 5: row[3], 6: row[4],
           7: [row[9][0], row[9][1]], 8: row[11]}
    return out | ({9: row[13]} if 13 in row else {})


def basis(log_id, request_id, revision, what):
    return sha256(b"fido-unlock/1 approval\0", log_id, request_id, revision.to_bytes(4, "big"), sha256(cbor.encode(what)))


def asked(row, user):
    """What a manager is shown of a request."""
    return {0: row[1], 1: row[2], 2: user[0], 3: user[1], 4: row[3], 5: row[4], 6: row[5], 7: row[16][0], 8: row[16][1]}


def vouched_basis(log_id, request_id, what):
    return sha256(b"fido-unlock/1 vouch\0", log_id, request_id, sha256(cbor.encode(what)))


def session_key(log_id, secret):
    return sha256(b"fido-unlock/1 session\0", log_id, secret)


BLANK = {0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), 0x2800, 0x3164, 0xFFA0}
JOINERS = "\u200c\u200d"


def is_seen(c):
    return ord(c) not in BLANK and unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def joins(before, after):
    return all(c and not c.isascii() and c not in codes.WHITE_SPACE and is_seen(c) for c in (before, after))


def is_plain(line):
    """One line whose every character can be seen, without white space at its ends."""
    for before, c, after in zip(" " + line, line, line[1:] + " "):
        if c in JOINERS:
            if not joins(before, after):
                return False
        elif not is_seen(c) or unicodedata.category(c) in ("Mn", "Me") and before in codes.WHITE_SPACE + "\"'\\":
            return False
    return line == line.strip(codes.WHITE_SPACE)


def read_licence(note, key):
    """Holder, devices, the last second and contact."""
    lines = merkle.open_note(note, key).split("\n")
    merkle.require(len(lines) == 6 and lines[0] == "fido-unlock licence" and lines[5] == "", "no licence")
    values = []
    for line, name in zip(lines[1:], ("holder", "devices", "valid-until", "contact")):
        merkle.require(line.startswith(name + " "), "no licence")
        values.append(line[len(name) + 1:])
    holder, devices, until, contact = values
    devices, until = merkle.number(devices), merkle.number(until)
    merkle.require(is_plain(holder) and is_plain(contact) and u32(devices) and u64(until), "no licence")
    return holder, devices, until, contact


def request_line(number):
    return codes.line(REQUEST, number)


def read_request(typed):
    """A request's number; no correction is offered."""
    values = codes.values_of(typed)
    found = codes.kind_in(values)
    if found:
        raise codes.Refused("CodeKind", expected_kind=REQUEST.name, found_kind=found.name)
    return codes.read_line(values, REQUEST)


# A whole store

def verify_store(dump, export):
    """`dump`: seal_key, head, and rows as lists of table, key and row, all but the tables' names in hex."""
    head, tree = read_head(bytes.fromhex(dump["head"]), bytes.fromhex(dump["seal_key"]))
    require(head[1] == export.log_id and tree.size >= export.size, TAMPERED, "the head of another log")
    if tree.size == export.size:
        require(tree.root() == export.root, TAMPERED, "the head's log is another")
        require(head[4] == export.maps[-1][5], TAMPERED, "the head's time is another")
    rows = {(table, bytes.fromhex(key)): bytes.fromhex(row) for table, key, row in dump["rows"]}
    require(map_root(rows) == head[3], TAMPERED, "a row was changed, added or taken out")
    maps = {}
    for (table, key), row in rows.items():
        require(TABLES[table][0](key), CORRUPT, f"a key of {table}")
        maps[table, key] = read_row(table, row)
    for (table, key), row in maps.items():
        if table == "texts":
            place = int.from_bytes(key, "big")
            if place < export.size:
                wanted = sha256(b"fido-unlock/1 text\0", row[0], row[1].encode())
                require(export.maps[place].get(22) == wanted, TAMPERED, f"another text than entry {place} has")
        elif table in ("user_names", "operator_names"):
            of = maps[table.removesuffix("_names") + "s", row[0]]
            require(of[0].encode() == key, CORRUPT, f"another name in {table}")
        elif table == "requests" and 12 in row and row[0] == 0 and row[6] == head[5][0]:
            what = shown(row, maps["users", row[2]], head[4], head[5])
            require(row[12][1] == basis(head[1], key, row[7], what), CORRUPT, "an approval of something else")
        if table == "requests" and 4 in row.get(9, {}) and row[0] == 0 and row[6] == head[5][0]:
            what = asked(row, maps["users", row[2]])
            require(row[9][2] == vouched_basis(head[1], key, what), CORRUPT, "vouched for something else")
    return len(rows)
