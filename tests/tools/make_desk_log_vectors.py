#!/usr/bin/env python3
"""Makes tests/vectors/desk_log.json from docs/protocol/audit.md, without any code of fido-unlock.

Needs: pip install cryptography==48.0.0. Run from the repository's root:
python3 tests/tools/make_desk_log_vectors.py. Each run gives the same bytes.
"""
import base64
import functools
import hashlib
import hmac
import json
import os
import pathlib

from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

OUT = pathlib.Path(os.environ.get("FIDO_UNLOCK_VECTORS_OUT") or pathlib.Path(__file__).resolve().parent.parent / "vectors") / "desk_log.json"
LOG_ID = bytes(range(16))
OTHER_LOG = bytes(range(16, 32))
START = 1_790_000_000
NAMES = {
    1: "version", 2: "log_id", 3: "sequence", 4: "step", 5: "at", 6: "event", 7: "operator", 8: "user",
    9: "device", 10: "request", 11: "error", 12: "challenge", 13: "code_sha256", 14: "method", 15: "vouched",
    16: "evidence", 17: "issuer", 18: "suite", 19: "slot", 20: "counter", 21: "second_operator", 22: "text",
    23: "alarm", 24: "count", 25: "rotation",
}

cases = []


def add(kind, reason, expected="valid", **rest):
    cases.append({"kind": kind, "id": len(cases) + 1, "reason": reason, "expected": expected, **rest})


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


# CBOR

def head(major, value):
    """RFC 8949 section 3, shortest form."""
    if value < 24:
        return bytes([major << 5 | value])
    for extra, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if value < 1 << 8 * size:
            return bytes([major << 5 | extra]) + value.to_bytes(size, "big")
    raise ValueError(value)


def item(value):
    if value is True or value is False:
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return head(0, value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(item, value))
    return head(5, len(value)) + b"".join(head(0, k) + item(value[k]) for k in sorted(value))


# Entries

ANNA, BERT, ZOE = bytes(range(0x10, 0x1A)), bytes(range(0x20, 0x2A)), bytes(range(0x30, 0x3A))
DEVICE, REQUEST = bytes(range(0xA0, 0xAA)), bytes(range(0xB0, 0xBA))
CHALLENGE = bytes.fromhex("122" + "5a" * 14 + "0007" + "0")
Q = sha256(b"Q")
WHO = {7: ANNA, 8: ZOE, 9: DEVICE, 10: REQUEST}
BODIES = [
    {6: 1},
    {6: 95, 21: ANNA, 22: sha256(b"t0")},
    {6: 3, 7: ANNA},
    {6: 20, **WHO, 22: sha256(b"t1")},
    {6: 21, **WHO, 14: 1, 15: 1, 16: sha256(b"evidence")},
    {6: 23, **WHO, 12: CHALLENGE, 18: 2, 19: 2, 20: 7},
    {6: 22, **WHO, 7: BERT, 16: sha256(b"answer"), 21: ANNA},
    {6: 30, **WHO, 12: CHALLENGE, 14: 1, 15: 1, 16: sha256(b"evidence"), 17: Q, 18: 2, 19: 2, 20: 7, 21: BERT, 22: sha256(b"t1")},
    {6: 31, **WHO, 13: sha256(bytes(13))},
    {6: 43, **WHO, 22: sha256(b"t2"), 24: 3},
    {6: 40, **WHO, 20: 8},
    {6: 60, **WHO, 11: 420, 12: bytes(range(16)), 20: 65535, 23: 0},
    {6: 61, 7: BERT, 9: DEVICE, 11: 420, 20: 65535, 22: sha256(b"t3"), 23: 0},
    {6: 81, 7: BERT, 8: ZOE, 9: DEVICE, 17: Q, 18: 2, 19: 2, 25: 1},
    {6: 12, 11: 427, 24: 17},
    {6: 50, 7: ANNA, 10: REQUEST, 11: 415},
]


def log_of(bodies, log_id=LOG_ID, start=START):
    return [{1: 2, 2: log_id, 3: n, 4: sha256(bytes([n // 2]))[:16], 5: start + 7 * n, **body} for n, body in enumerate(bodies)]


LOG = log_of(BODIES)


def show(fields):
    return {NAMES[k]: v.hex() if isinstance(v, bytes) else v for k, v in sorted(fields.items())}


def leaf(entry):
    return sha256(b"\0", entry)


def good_entry(reason, fields):
    raw = item(fields)
    add("entry", reason, entry=raw.hex(), fields=show(fields), leaf=leaf(raw).hex())


for fields in LOG:
    good_entry(f"event {fields[6]}", fields)
every = {**LOG[7], 11: 0xFFFF, 13: bytes(32), 23: 2**64 - 1, 24: 2**32 - 1, 25: 2**32 - 1, 3: 2**64 - 1, 5: 2**64 - 1,
         14: 255, 15: 255, 18: 255, 19: 255, 20: 65535}
good_entry("every key, the largest numbers", every)
good_entry("numbers of which nobody knows the meaning", {**LOG[4], 14: 7, 15: 0})

base = item(LOG[2])
pairs = [head(0, k) + item(v) for k, v in sorted(LOG[2].items())]


def bad(reason, raw, error=704):
    add("entry", reason, "invalid", entry=raw.hex(), error=error)


bad("empty", b"")
bad("cut short", base[:-1])
bad("a byte behind the map", base + b"\0")
bad("version in two bytes", base.replace(b"\x01\x02\x02", b"\x01\x18\x02\x02", 1))
bad("indefinite map", b"\xbf" + base[1:] + b"\xff")
bad("length of the log id in two bytes", base.replace(b"\x02\x50" + LOG_ID, b"\x02\x58\x10" + LOG_ID, 1))
bad("keys out of order", head(5, len(pairs)) + b"".join(pairs[:-2] + pairs[-1:] + pairs[-2:-1]))
bad("a key twice", head(5, len(pairs) + 1) + b"".join(pairs + pairs[-1:]))
bad("one pair fewer than the map says", head(5, len(pairs) + 1) + b"".join(pairs))
bad("one pair more than the map says", head(5, len(pairs) - 1) + b"".join(pairs))
bad("an array", b"\x81\x02")
for missing in range(1, 7):
    bad(f"key {missing} missing", item({k: v for k, v in LOG[2].items() if k != missing}))
bad("version 1", item({**LOG[2], 1: 1}))
bad("version 0", item({**LOG[2], 1: 0}))
bad("log id of 15 bytes", item({**LOG[2], 2: bytes(15)}))
bad("step of 17 bytes", item({**LOG[2], 4: bytes(17)}))
bad("step as text", item({**LOG[2], 4: "0123456789abcdef"}))
bad("null in place of an operator", base[:-len(item(ANNA))] + b"\xf6")
bad("operator of 9 bytes", item({**LOG[2], 7: bytes(9)}))
bad("Device ID of 11 bytes", item({**LOG[3], 9: bytes(11)}))
bad("request of 8 bytes", item({**LOG[3], 10: bytes(8)}))
bad("request as a number", item({**LOG[3], 10: 5}))
for length in (0, 15, 17, 19):
    bad(f"challenge of {length} bytes", item({**LOG[5], 12: bytes(length)}))
bad("hash of a text of 31 bytes", item({**LOG[3], 22: bytes(31)}))
bad("a text in place of its hash", item({**LOG[3], 22: "ticket"}))
bad("event number above 16 bits", item({**LOG[2], 6: 65536}))
bad("error number above 16 bits", item({**LOG[15], 11: 65536}))
bad("negative time", item({**LOG[2], 5: 0}).replace(b"\x05\x00", b"\x05\x20", 1))
bad("slot above 8 bits", item({**LOG[5], 19: 256}))
bad("count above 32 bits", item({**LOG[9], 24: 2**32}))
bad("version 3", item({**LOG[2], 1: 3}), 706)
bad("version 3, and nothing else as here", item({1: 3, 2: "another"}), 706)
bad("an event of a later version", item({**LOG[2], 6: 9999}), 706)
bad("event 0", item({**LOG[2], 6: 0}), 706)
bad("a key of a later version", item({**LOG[2], 26: 0}), 706)
bad("a key of a later version with a text", item({**LOG[2], 1000: "x"}), 706)


def order(reason, entries, error=None, log_id=LOG_ID):
    rest = {} if error is None else {"error": error}
    add("log", reason, "valid" if error is None else "invalid", log_id=log_id.hex(), entries=[item(e).hex() for e in entries], **rest)


order("whole", LOG)
order("empty", [])
order("log of another id", log_of(BODIES[:3], log_id=OTHER_LOG), 704)
order("first entry missing", LOG[1:], 704)
order("an entry missing", LOG[:3] + LOG[4:], 704)
order("an entry twice", LOG[:4] + LOG[3:5], 704)
order("two entries swapped", LOG[:3] + [LOG[4], LOG[3]], 704)
order("time stands still", LOG[:2] + [{**LOG[2], 5: LOG[1][5]}])
order("time goes back", LOG[:2] + [{**LOG[2], 5: LOG[1][5] - 1}], 704)
accepted = {**LOG[2], 6: 97, 5: START - 90}
order("time goes back by an Administrator's word", LOG[:2] + [accepted, {**LOG[3], 5: START - 80}])
order("time goes back once more", LOG[:2] + [accepted, {**LOG[3], 5: START - 91}], 704)
order("an entry of a later version", LOG[:2] + [{**LOG[2], 1: 3}], 706)

# Restored: under another id from LogRestored on. Its text is the old head and a note; here nobody has it.
THIRD_LOG = bytes(range(0x20, 0x30))


def restored(log_id, place):
    return {**LOG[place], 2: log_id, 6: 2, 22: sha256(b"t4")}


def behind(log_id, place=4):
    return {**LOG[place], 2: log_id}


order("restored: another id from LogRestored on", LOG[:3] + [restored(OTHER_LOG, 3), behind(OTHER_LOG)], log_id=OTHER_LOG)
order("restored twice", LOG[:3] + [restored(OTHER_LOG, 3), restored(THIRD_LOG, 4)], log_id=THIRD_LOG)
order("LogRestored first", [restored(LOG_ID, 0), behind(LOG_ID, 1)])
order("restored, and the id of before behind it", LOG[:3] + [restored(OTHER_LOG, 3), behind(LOG_ID)], 704, OTHER_LOG)
order("restored under the same id", LOG[:3] + [restored(LOG_ID, 3)], 704)
order("another id without LogRestored", LOG[:3] + [behind(OTHER_LOG, 3)], 704, OTHER_LOG)
order("restored, but the log's id is that of before", LOG[:3] + [restored(OTHER_LOG, 3), behind(OTHER_LOG)], 704)


# The tree, as RFC 9162 section 2.1 defines it. Entry n is n as 8 bytes.

def entry_of(n):
    return n.to_bytes(8, "big")


def split(n):
    return 1 << (n - 1).bit_length() - 1


@functools.cache
def mth(low, high):
    if high == low:
        return sha256()
    if high - low == 1:
        return leaf(entry_of(low))
    k = split(high - low)
    return sha256(b"\1", mth(low, low + k), mth(low + k, high))


def path(m, low, high):
    if high - low == 1:
        return []
    k = split(high - low)
    if m < k:
        return path(m, low, low + k) + [mth(low + k, high)]
    return path(m - k, low + k, high) + [mth(low, low + k)]


def subproof(m, low, high, whole):
    n = high - low
    if m == n:
        return [] if whole else [mth(low, high)]
    k = split(n)
    if m <= k:
        return subproof(m, low, low + k, whole) + [mth(low + k, high)]
    return subproof(m - k, low + k, high, False) + [mth(low, low + k)]


def tree_range(size):
    out, low = size.to_bytes(8, "big"), 0
    for bit in range(63, -1, -1):
        if size >> bit & 1:
            out += mth(low, low + (1 << bit))
            low += 1 << bit
    return out


SIZES = [0, 1, 2, 3, 7, 8, 255, 256, 257, 511, 512, 65535, 65536, 65537]
for size in SIZES:
    add("root", f"{size} entries, n as 8 bytes each", size=size, root=mth(0, size).hex(), range=tree_range(size).hex())


def hexes(hashes):
    return [one.hex() for one in hashes]


def inclusion(reason, size, index, proof, root=None, entry=None, expected="valid"):
    add("inclusion", reason, expected, size=size, index=index, entry=(entry or entry_of(index)).hex(),
        root=(root or mth(0, size)).hex(), proof=hexes(proof))


for size, index in [(1, 0), (2, 1), (3, 2), (7, 4), (8, 7), (256, 255), (257, 256), (257, 0), (65537, 65536), (65537, 12345)]:
    inclusion(f"entry {index} of {size}", size, index, path(index, 0, size))
good = path(4, 0, 7)
inclusion("another entry", 7, 4, good, entry=entry_of(5), expected="invalid")
inclusion("another place", 7, 5, good, entry=entry_of(4), expected="invalid")
inclusion("another root", 7, 4, good, root=mth(0, 6), expected="invalid")
inclusion("two hashes swapped", 7, 4, [good[1], good[0], *good[2:]], expected="invalid")
inclusion("a hash missing", 7, 4, good[:-1], expected="invalid")
inclusion("a hash more", 7, 4, good + [good[0]], expected="invalid")
inclusion("a place that the tree does not have", 7, 7, good, entry=entry_of(4), expected="invalid")
inclusion("an inner node as an entry", 2, 0, [], entry=b"\1" + mth(0, 1) + mth(1, 2), expected="invalid")


def consistency(reason, old, new, proof, old_root=None, new_root=None, expected="valid"):
    add("consistency", reason, expected, old=old, new=new, old_root=(old_root or mth(0, old)).hex(),
        new_root=(new_root or mth(0, new)).hex(), proof=hexes(proof))


for old, new in [(1, 1), (1, 2), (2, 3), (3, 7), (4, 7), (6, 7), (8, 8), (255, 257), (256, 257), (65536, 65537), (300, 65537)]:
    consistency(f"{old} to {new}", old, new, subproof(old, 0, new, True))
good = subproof(3, 0, 7, True)
consistency("another old root", 3, 7, good, old_root=mth(0, 2), expected="invalid")
consistency("another new root", 3, 7, good, new_root=mth(0, 6), expected="invalid")
consistency("two hashes swapped", 3, 7, [good[1], good[0], *good[2:]], expected="invalid")
consistency("a hash missing", 3, 7, good[1:], expected="invalid")
consistency("a hash more", 3, 7, good + good[:1], expected="invalid")
consistency("the same size, another root", 7, 7, [], old_root=mth(0, 6), expected="invalid")
consistency("no entries", 0, 7, [], expected="invalid")
consistency("the older is the larger", 7, 3, good, expected="invalid")


# Tiles

def place(index):
    groups = [f"{index % 1000:03}"]
    while index >= 1000:
        index //= 1000
        groups.insert(0, f"x{index % 1000:03}")
    return "/".join(groups)


def tiles(size):
    level = 0
    while size >> 8 * level:
        count = size >> 8 * level
        for index in range(-(-count // 256)):
            width = min(256, count - 256 * index)
            places = range(256 * index, 256 * index + width)
            data = b"".join(mth(n << 8 * level, n + 1 << 8 * level) for n in places)
            yield level, index, width, data
        level += 1


for size in [1, 255, 256, 257, 65536, 65537]:
    listed = []
    for level, index, width, data in tiles(size):
        if size < 1000 or level > 0 or index in (0, 255, 256):
            suffix = place(index) + ("" if width == 256 else f".p/{width}")
            listed.append({"level": level, "index": index, "width": width, "path": f"tile/{level}/{suffix}",
                           "sha256": sha256(data).hex(), **({"entries_path": f"tile/entries/{suffix}"} if level == 0 else {})})
    add("tiles", f"of {size} entries", size=size, count=sum(1 for _ in tiles(size)), tiles=listed)
for index in (0, 8, 999, 1000, 1234067, 2**40 - 1):
    add("tile_path", f"tile {index}", index=index, path=f"tile/0/{place(index)}", entries_path=f"tile/entries/{place(index)}")
BUNDLE = [item(fields) for fields in LOG[:5]] + [b"", b"\0", bytes(300)]
for count in (1, 5, 7):
    data = b"".join(len(e).to_bytes(2, "big") + e for e in BUNDLE[:count])
    add("bundle", f"{count} entries", bundle=data.hex(), entries=hexes(BUNDLE[:count]))
add("bundle", "cut short", "invalid", bundle="000261")
add("bundle", "half a length", "invalid", bundle="00016100")


# Notes

def key_of(name, seed):
    private = ed25519.Ed25519PrivateKey.from_private_bytes(seed)
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return name, private, sha256(name.encode(), b"\n\x01", public)[:4], public


def b64(data):
    return base64.b64encode(data).decode()


def key_line(key):
    name, _, key_id, public = key
    return f"{name}+{key_id.hex()}+{b64(bytes([1]) + public)}"


def signature(key, text, data=None):
    name, private, key_id, _ = key
    return f"\u2014 {name} {b64(key_id + (data or private.sign(text.encode())))}\n"


def note(key, text, *more):
    return f"{text}\n{signature(key, text)}{''.join(more)}"


ORIGIN = "fido-unlock/" + LOG_ID.hex()
KEY, OTHER = key_of(ORIGIN, bytes(range(32))), key_of(ORIGIN, bytes(32))
WITNESS = key_of("witness.example", bytes([9]) * 32)


def tree_text(size, root=None, origin=ORIGIN, more=""):
    return f"{origin}\n{size}\n{b64(root or mth(0, size))}\n{more}"


def checkpoint(reason, text, expected="valid", key=KEY, **rest):
    add("checkpoint", reason, expected, key=key_line(key), note=text, **rest)


def good_checkpoint(reason, text, size):
    checkpoint(reason, text, origin=ORIGIN, size=size, root=mth(0, size).hex())


for size in (0, 1, 257, 65537):
    good_checkpoint(f"of {size} entries", note(KEY, tree_text(size)), size)
whole = tree_text(257)
good_checkpoint("a witness has signed too", note(KEY, whole, signature(WITNESS, whole)), 257)
good_checkpoint("another key of the same name has signed too", note(KEY, whole, signature(OTHER, whole)), 257)
good_checkpoint("an unknown signature of another kind", note(KEY, whole, f"\u2014 witness.example {b64(bytes(5))}\n"), 257)
good_checkpoint("further lines", note(KEY, tree_text(257, more="more\nand more\n")), 257)
checkpoint("signed by another key of the same name", note(OTHER, whole), "invalid")
checkpoint("signed by nobody that is trusted", note(WITNESS, whole), "invalid")
checkpoint("a wrong signature", f"{whole}\n{signature(KEY, whole, bytes(64))}", "invalid")
checkpoint("a wrong signature beside a good one", note(KEY, whole, signature(KEY, whole, bytes(64))), "invalid")
checkpoint("a signature of 63 bytes", f"{whole}\n{signature(KEY, whole, bytes(63))}", "invalid")
checkpoint("a text that was changed", note(KEY, whole).replace("\n257\n", "\n256\n"), "invalid")
checkpoint("no empty line", note(KEY, whole).replace("\n\n", "\n"), "invalid")
checkpoint("no end", note(KEY, whole)[:-1], "invalid")
checkpoint("nothing signed", whole + "\n", "invalid")
checkpoint("a hyphen for the dash", note(KEY, whole).replace("\u2014", "-"), "invalid")
checkpoint("a carriage return", note(KEY, whole.replace("\n", "\r\n")), "invalid")
unpadded = note(KEY, whole)
checkpoint("base64 without padding", unpadded.rstrip("\n").rstrip("=") + "\n", "invalid")
for reason, text in [
    ("a size with a leading zero", f"{ORIGIN}\n0257\n{b64(mth(0, 257))}\n"),
    ("a size with a sign", f"{ORIGIN}\n+257\n{b64(mth(0, 257))}\n"),
    ("a size beyond 2^48", f"{ORIGIN}\n{2**48 + 1}\n{b64(mth(0, 257))}\n"),
    ("a root of 31 bytes", f"{ORIGIN}\n257\n{b64(bytes(31))}\n"),
    ("a root with left-over bits", f"{ORIGIN}\n257\n{b64(bytes(32))[:-2]}B=\n"),
    ("no root", f"{ORIGIN}\n257\n"),
    ("an empty further line", tree_text(257, more="\nmore\n")),
    ("no origin", f"\n257\n{b64(mth(0, 257))}\n"),
]:
    checkpoint(reason, note(KEY, text), "invalid")
good_line = key_line(KEY)
for reason, line in [
    ("another id", good_line.replace("+" + KEY[2].hex(), "+00000000")),
    ("an id in capitals", good_line.replace(KEY[2].hex(), KEY[2].hex().upper())),
    ("another type", f"{ORIGIN}+{KEY[2].hex()}+{b64(bytes([2]) + KEY[3])}"),
    ("a key of 31 bytes", f"{ORIGIN}+{KEY[2].hex()}+{b64(bytes([1]) + KEY[3][:31])}"),
    ("a name with a space", good_line.replace("fido-unlock/", "fido unlock/")),
    ("no name", "+" + good_line.split("+", 1)[1]),
    ("a part missing", good_line.rsplit("+", 1)[0]),
]:
    add("key", reason, "invalid", key=line)
add("key", "good", key=good_line)


# Proof files

def proof_file(index, size, proof=None, checkpoint=None, extra=""):
    hashes = "".join(b64(one) + "\n" for one in (path(index, 0, size) if proof is None else proof))
    return f"c2sp.org/tlog-proof@v1\n{extra}index {index}\n{hashes}\n{checkpoint or note(KEY, tree_text(size))}"


def proof(reason, text, index=200, expected="valid"):
    add("proof_file", reason, expected, key=key_line(KEY), origin=ORIGIN, entry=entry_of(index).hex(), file=text)


for index, size in [(0, 1), (200, 257), (256, 257)]:
    proof(f"entry {index} of {size}", proof_file(index, size), index)
proof("a line that means nothing", proof_file(200, 257, extra="extra QUJD\n"))
proof("an empty line that means nothing", proof_file(200, 257, extra="extra \n"))
good = path(200, 0, 257)
proof("another entry", proof_file(200, 257), 201, "invalid")
proof("two hashes swapped", proof_file(200, 257, [good[1], good[0], *good[2:]]), expected="invalid")
proof("another checkpoint", proof_file(200, 257, checkpoint=note(KEY, tree_text(256))), expected="invalid")
proof("a checkpoint by another key", proof_file(200, 257, checkpoint=note(OTHER, tree_text(257))), expected="invalid")
elsewhere = "fido-unlock/" + OTHER_LOG.hex()
proof("a checkpoint of another log", proof_file(200, 257, checkpoint=note(KEY, tree_text(257, origin=elsewhere))), expected="invalid")
text = proof_file(200, 257)
for reason, wrong in [
    ("another version", text.replace("@v1", "@v2")), ("an index with a leading zero", text.replace("index 200", "index 0200")),
    ("no index", text.replace("index 200\n", "")), ("no checkpoint", text.split("\n\n")[0] + "\n"),
    ("an empty line more", text.replace("index 200\n", "index 200\n\n")), ("two lines in front of the index", text.replace("index", "extra QUJD\nextra QUJD\nindex")),
    ("extra that is no base64", text.replace("index", "extra extra QUJD\nindex")),
    ("a carriage return", text.replace("index 200\n", "index 200\r\n")),
]:
    proof(reason, wrong, expected="invalid")


# Texts

SALT = bytes(range(0x40, 0x60))


def text_case(text):
    row = {"index": 7, "salt": SALT.hex(), "text": text}
    add("text", f"{len(text.encode())} bytes", salt=SALT.hex(), text=text,
        hash=sha256(b"fido-unlock/1 text\0", SALT, text.encode()).hex(),
        index=7, line=json.dumps(row, ensure_ascii=False, separators=(",", ":")))


for text in ["ticket 17 \u2013 PIN vergessen", "", "a\"b\\c/d", "".join(map(chr, range(0x20))) + "\x7f\u0085\u2028", "\U0001f511" * 100]:
    text_case(text)
GOOD_LINE = json.dumps({"index": 7, "salt": SALT.hex(), "text": "a\nb"}, separators=(",", ":"))
for reason, line in [
    ("a space", GOOD_LINE.replace('":"', '": "', 1)), ("another order", '{"salt":"%s","index":7,"text":"a"}' % SALT.hex()),
    ("a member more", GOOD_LINE[:-1] + ',"more":1}'), ("capital digits", GOOD_LINE.replace(SALT.hex(), SALT.hex().upper())),
    ("a salt of 31 bytes", GOOD_LINE.replace(SALT.hex(), SALT.hex()[2:])), ("a longer escape", GOOD_LINE.replace("\\n", "\\u000a")),
    ("an escape that is not needed", GOOD_LINE.replace("a\\nb", "a\\/b")), ("no escape", GOOD_LINE.replace("\\n", "\n")),
    ("an index with a leading zero", GOOD_LINE.replace(":7", ":07")), ("an index in quotes", GOOD_LINE.replace(":7", ':"7"')),
    ("half an escape", GOOD_LINE.replace("a\\nb", "a\\")), ("half a surrogate", GOOD_LINE.replace("\\n", "\\ud800")),
    ("a carriage return", GOOD_LINE + "\r"), ("empty", ""),
]:
    add("text_line", reason, "invalid", line=line)


# The map: a node of the rows whose keys begin with the same half-bytes.

def map_key(table, key):
    return sha256(b"fido-unlock/1 map key\0", bytes([len(table)]), table.encode(), key)


def row_hash(row):
    return sha256(b"fido-unlock/1 row\0", row)


def node(rows, depth, out, prefix=()):
    leaves, inner, rest = 0, 0, b""
    for at in range(16):
        below = {key: row for key, row in rows.items() if (key[depth // 2] >> (0 if depth % 2 else 4)) & 15 == at}
        if len(below) == 1:
            ((key, row),) = below.items()
            leaves |= 1 << at
            rest += key + row_hash(row)
        elif below:
            inner |= 1 << at
            rest += node(below, depth + 1, out, (*prefix, at))
    data = leaves.to_bytes(2, "big") + inner.to_bytes(2, "big") + rest
    place = bytes([depth]) + bytes(a << 4 | b for a, b in zip(prefix[::2], (*prefix[1::2], 0)))
    out[place] = data
    return sha256(b"fido-unlock/1 map node\0", data)


ROWS, STEPS = {}, []
# Rows of which several share a first half-byte, some two; then one after the other goes.
PLAN = [("users", n.to_bytes(10, "big"), b"\x82\x01\xa0" + bytes([n])) for n in range(40)]
PLAN += [("users", (3).to_bytes(10, "big"), b"another"), ("settings", b"", b"\x82\x01\xa0"), ("users", (99).to_bytes(10, "big"), None)]
PLAN += [("users", n.to_bytes(10, "big"), None) for n in range(39, 0, -1)] + [("settings", b"", None), ("users", bytes(10), None)]
for table, key, row in PLAN:
    if row is None:
        ROWS.pop(map_key(table, key), None)
    else:
        ROWS[map_key(table, key)] = row
    nodes = {}
    root = node(ROWS, 0, nodes)
    step = {"table": table, "key": key.hex(), "row": None if row is None else row.hex(), "root": root.hex(), "nodes": len(nodes)}
    STEPS.append(step)
    if len(STEPS) == 42:
        FULL = {place.hex(): data.hex() for place, data in sorted(nodes.items())}
add("map", "rows come and go", empty_root=sha256(b"fido-unlock/1 map node\0", bytes(4)).hex(), steps=STEPS,
    full_after=42, nodes_when_full=FULL)
assert node({}, 0, {}) == sha256(b"fido-unlock/1 map node\0", bytes(4))


# Rows

def row(reason, table, fields, expected="valid", raw=None, error=None):
    data = item([1, fields]) if raw is None else raw
    rest = {} if error is None else {"error": error}
    add("row", reason, expected, table=table, row=data.hex(), hash=row_hash(data).hex(), **rest)


USER = {0: "zoe", 1: "Zoe Example", 2: {0: 0}, 3: [{0: "mail", 1: 0, 2: "zoe@corp.example", 3: START}], 4: False}
RESTING = {**USER, 2: {0: 1, 1: {0: 0, 1: START, 2: 86400, 3: 2, 4: BERT}}}
REQUEST_ROW = {0: 0, 1: ANNA, 2: ZOE, 3: DEVICE, 4: "ticket 17", 5: START, 6: 0, 7: 3, 8: 1,
               9: {0: 1, 1: 1, 2: sha256(b"evidence"), 3: START + 60}, 10: 2, 11: CHALLENGE,
               12: {0: BERT, 1: bytes(32), 3: START + 90}, 13: "mail",
               14: {0: START + 99, 1: Q, 2: 1, 3: "mail"}, 15: sha256(b"code")}
row("a user", "users", USER)
row("a user whose class will change", "users", RESTING)
row("a request with all there is", "requests", REQUEST_ROW)
row("a request just opened", "requests", {**{k: REQUEST_ROW[k] for k in range(9)}, 7: 0, 8: 0, 10: 2})
row("what every Administrator is told", "announcements",
    {0: 17, 1: 100, 2: START, 3: BERT, 4: ANNA, 6: sha256(b"t3"), 7: START + 86400})
row("the same of nobody", "announcements", {0: 17, 1: 97, 2: START})
row("a text", "texts", {0: SALT, 1: "ticket 17"})
row("a limit", "limits", {0: [{0: START, 1: 1}, {0: START + 5000, 1: 70000}]})
good = item([1, USER])
for reason, raw, error in [
    ("a later version", item([2, USER]), 706), ("a later version that is none of ours", item([300, "x"]), 706),
    ("version in two bytes", b"\x82\x18\x01" + item(USER), 703), ("a byte behind it", good + b"\0", 703),
    ("three items", b"\x83" + good[1:] + b"\0", 703), ("indefinite array", b"\x9f" + good[1:] + b"\xff", 703),
    ("a key more", item([1, {**USER, 5: 0}]), 703), ("a key missing", item([1, {k: USER[k] for k in range(4)}]), 703),
    ("null for what is absent", item([1, USER]).replace(b"\x02\xa1\x00\x00", b"\x02\xa2\x00\x00\x01\xf6", 1), 703),
    ("a class that is none", item([1, {**USER, 2: {0: 2}}]), 703), ("no array", item(USER), 703), ("empty", b"", 703),
]:
    row(reason, "users", None, "invalid", raw, error)


# The head

SEAL = bytes(range(0x60, 0x80))


def head_bytes(fields, seal=SEAL, body=None):
    body = item(fields) if body is None else body
    return head(4, 2) + body + item(hmac.digest(seal, b"fido-unlock/1 head\0" + body, "sha256"))


def head_case(reason, data, expected="valid", **rest):
    add("head", reason, expected, seal_key=SEAL.hex(), head=data.hex(), **rest)


def head_fields(size, map_root=sha256(b"map"), era=(0, 0, 0, 0)):
    return {0: 1, 1: LOG_ID, 2: tree_range(size), 3: map_root, 4: START, 5: dict(enumerate(era))}


for size, era in [(0, (0, 0, 0, 0)), (257, (3, START - 100, 2, START - 200))]:
    head_case(f"of {size} entries", head_bytes(head_fields(size, era=era)),
              fields={"log_id": LOG_ID.hex(), "size": size, "root": mth(0, size).hex(), "map_root": sha256(b"map").hex(),
                      "at": START, "era": era[0], "since": era[1], "restores": era[2], "ended_by": era[3]})
good = head_fields(257)
body = item(good)
for reason, data, error in [
    ("another key", head_bytes(good, bytes(32)), 713), ("a byte changed", head_bytes(good).replace(LOG_ID, OTHER_LOG), 713),
    ("the code of another head", head_bytes(good)[:-32] + head_bytes(head_fields(0))[-32:], 713),
    ("a byte behind it", head_bytes(good) + b"\0", 713), ("three items", b"\x83" + head_bytes(good)[1:] + b"\0", 713),
    ("a code of 31 bytes", head_bytes(good)[:-34] + item(head_bytes(good)[-32:-1]), 713), ("empty", b"", 713),
    ("sealed, with a key more", head_bytes({**good, 6: 0}), 713), ("sealed, with a peak too few", head_bytes({**good, 2: tree_range(257)[:-32]}), 713),
    ("sealed, with another form of the version", head_bytes(good, body=body.replace(b"\x00\x01\x01", b"\x00\x18\x01\x01", 1)), 713),
    ("sealed, without the count of backups", head_bytes({**good, 5: {0: 0, 1: 0, 3: 0}}), 713),
    ("sealed, of a later version", head_bytes({**good, 0: 2}), 706),
]:
    head_case(reason, data, "invalid", error=error)


# Approval, session, licence

def basis(shown, revision=3):
    return sha256(b"fido-unlock/1 approval\0", LOG_ID, REQUEST, revision.to_bytes(4, "big"), sha256(item(shown)))


SHOWN = {0: ANNA, 1: ZOE, 2: "zoe", 3: "Zoe Example", 4: 0, 5: DEVICE, 6: "ticket 17", 7: [1, 1], 8: CHALLENGE, 9: "mail"}
for reason, shown, request in [
    ("sent to a channel", SHOWN, REQUEST_ROW),
    ("shown", {k: v for k, v in SHOWN.items() if k != 9}, {k: v for k, v in REQUEST_ROW.items() if k != 13}),
]:
    add("approval", reason, log_id=LOG_ID.hex(), request=REQUEST.hex(), row=item([1, request]).hex(), user=item([1, USER]).hex(),
        shown=item(shown).hex(), basis=basis(shown).hex())
add("session", "a secret", log_id=LOG_ID.hex(), secret=SALT.hex(), key=sha256(b"fido-unlock/1 session\0", LOG_ID, SALT).hex())

VENDOR = key_of("vendor.example", bytes([7]) * 32)


def licence_text(holder="Example Corp", devices="1000", until=str(START), contact="licences@vendor.example"):
    return f"fido-unlock licence\nholder {holder}\ndevices {devices}\nvalid-until {until}\ncontact {contact}\n"


def licence(reason, file, expected="valid", **rest):
    add("licence", reason, expected, key=key_line(VENDOR), file=file, **rest)


licence("good", note(VENDOR, licence_text()), holder="Example Corp", devices=1000, valid_until=START, contact="licences@vendor.example")
licence("the largest numbers", note(VENDOR, licence_text("Z\u00f6e & S\u00f6hne", str(2**32 - 1), str(2**64 - 1), "+49 30 1234")),
        holder="Z\u00f6e & S\u00f6hne", devices=2**32 - 1, valid_until=2**64 - 1, contact="+49 30 1234")
seen = "Zo\u0065\u0308\u00a0\u0928\u094d\u200d\u0928 \U0001f469\u200d\U0001f4bb"
licence("marks, spaces and joiners that belong there", note(VENDOR, licence_text(seen)), holder=seen, devices=1000, valid_until=START,
        contact="licences@vendor.example")
licence("signed by another", note(KEY, licence_text()), "invalid")
licence("changed", note(VENDOR, licence_text()).replace("1000", "9000"), "invalid")
for reason, text in [
    ("a number with a leading zero", licence_text(devices="01000")), ("a number with a sign", licence_text(devices="+1000")),
    ("too many devices", licence_text(devices=str(2**32))), ("a space behind the holder", licence_text(holder="Example ")),
    ("a character that cannot be seen", licence_text(holder="Ex\u200bample")), ("a joiner between letters of ASCII", licence_text(holder="Ex\u200dample")),
    ("a mark behind a space", licence_text(holder="Example \u0308Corp")), ("a letter without a shape", licence_text(holder="Example\u3164Corp")),
    ("another direction", licence_text(contact="\u202eelpmaxe")), ("another line", licence_text(contact="a\u2028b")), ("a line more", licence_text() + "more 1\n"),
    ("a line missing", licence_text().replace("devices 1000\n", "")), ("another title", licence_text().replace("licence", "license", 1)),
    ("another order", "fido-unlock licence\ndevices 1000\nholder E\nvalid-until 1\ncontact c\n"),
]:
    licence(reason, note(VENDOR, text), "invalid")


# Request numbers: codes.md with c = 8.

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def times(a, b):
    product = 0
    for bit in range(5):
        product ^= a << bit if b >> bit & 1 else 0
    for bit in range(8, 4, -1):
        product ^= 0b100101 << bit - 5 if product >> bit & 1 else 0
    return product


POWERS = [1]
for _ in range(30):
    POWERS.append(times(POWERS[-1], 2))


def syndrome(values):
    total = [0, 0, 0, 0]
    for i, value in enumerate(values):
        column = [POWERS[i % 31]]
        for _ in range(3):
            column.append(times(column[-1], i))
        total = [t ^ times(value, c) for t, c in zip(total, column)]
    return tuple(total)


def code_line(number, c):
    bits = int.from_bytes(number, "big")
    data = [bits >> 5 * (15 - k) & 31 for k in range(16)]
    zeros, wanted = [0] * 16, tuple(a ^ b for a, b in zip(syndrome(data), (0, 0, 0, c)))
    # Two check characters from each side until they meet.
    first = {syndrome([*zeros, a, b]): (a, b) for a in range(32) for b in range(32)}
    for last in ((a, b) for a in range(32) for b in range(32)):
        need = tuple(x ^ y for x, y in zip(wanted, syndrome([*zeros, 0, 0, *last])))
        if need in first:
            text = "".join(ALPHABET[v] for v in [*data, *first[need], *last])
            return "-".join(text[k:k + 4] for k in range(0, 20, 4))
    raise ValueError(number)


def request_line(reason, line, expected="valid", **rest):
    add("request", reason, expected, line=line, **rest)


for number in (REQUEST, bytes(9) + b"\1", b"\xff" * 10, sha256(b"request")[:10]):
    request_line("as it is written", code_line(number, 8), bytes=number.hex(), written=code_line(number, 8))
LINE = code_line(REQUEST, 8)
for reason, typed in [("in lower case", LINE.lower()), ("without hyphens", LINE.replace("-", "")), ("with spaces and a full stop", LINE.replace("-", " ") + "."),
                      ("in fullwidth", "".join(chr(ord(x) + 0xFEE0) for x in LINE))]:
    request_line(reason, typed, bytes=REQUEST.hex(), written=LINE)
other = ALPHABET[ALPHABET.index(LINE[6]) ^ 1]
for reason, typed, error in [
    ("a Device ID", code_line(REQUEST, 1), 204), ("one character wrong", LINE[:6] + other + LINE[7:], 203), ("two swapped", LINE[:2] + LINE[3] + LINE[2] + LINE[4:], 203),
    ("a character missing", LINE[:-1], 201), ("a character more", LINE + "0", 201), ("empty", "", 201), ("a U", "U" + LINE[1:], 202),
    ("c = 9", code_line(REQUEST, 9), 203),
]:
    request_line(reason, typed, "invalid", error=error)

text = json.dumps({
    "schema": "schema/desk_log.schema.json",
    "description": "Entries, logs, trees, tiles, notes, proofs, map, rows and head of docs/protocol/audit.md. Byte strings are "
                   "lower-case hex. 'expected' is the outcome, 'reason' why, 'error' the number of the row. In trees, entry n is n as 8 bytes.",
    "cases": cases,
}, indent=1, ensure_ascii=False)
OUT.write_text(text + "\n")
