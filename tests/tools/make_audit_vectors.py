#!/usr/bin/env python3
"""Makes tests/vectors/audit.json from docs/protocol/audit-1.md, without any code of fido-unlock.

Needs: pip install cryptography==48.0.0. Run from the repository's root:
python3 tests/tools/make_audit_vectors.py. Each run gives the same bytes.
"""
import os
import hashlib
import json
import pathlib

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
OUT = pathlib.Path(os.environ.get("FIDO_UNLOCK_VECTORS_OUT") or pathlib.Path(__file__).resolve().parent.parent / "vectors") / "audit.json"
LOG_ID = bytes(range(16))
OTHER_LOG = bytes(range(16, 32))
START = 1_790_000_000
NAMES = {
    1: "version", 2: "log_id", 3: "sequence", 4: "previous", 5: "at", 6: "event", 7: "operator",
    8: "user", 9: "device", 10: "request", 11: "error", 12: "challenge", 13: "code_sha256",
    14: "method", 15: "vouched", 16: "evidence", 17: "issuer", 18: "suite", 19: "slot",
    20: "counter", 21: "second_operator", 22: "detail", 23: "alarm",
}


def head(major, value):
    """RFC 8949 section 3, shortest form."""
    if value < 24:
        return bytes([major << 5 | value])
    for extra, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if value < 1 << 8 * size:
            return bytes([major << 5 | extra]) + value.to_bytes(size, "big")
    raise ValueError(value)


def item(value):
    if isinstance(value, int):
        return head(0, value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    text = value.encode()
    return head(3, len(text)) + text


def encode(fields):
    return head(5, len(fields)) + b"".join(head(0, k) + item(fields[k]) for k in sorted(fields))


def entry_hash(canonical):
    return hashlib.sha256(b"fido-unlock/1 audit\0" + canonical).digest()


def chain(bodies, log_id=LOG_ID, start=START):
    out, previous = [], bytes(32)
    for sequence, body in enumerate(bodies):
        fields = {1: 1, 2: log_id, 3: sequence, 4: previous, 5: start + 7 * sequence, **body}
        out.append(fields)
        previous = entry_hash(encode(fields))
    return out


KEY = ec.derive_private_key(int.from_bytes(hashlib.sha256(b"checkpoint key").digest(), "big") % (N - 1) + 1,
                            ec.SECP256R1())
OTHER_KEY = ec.derive_private_key(int.from_bytes(hashlib.sha256(b"another key").digest(), "big") % (N - 1) + 1,
                                  ec.SECP256R1())


def public(key):
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)


def checkpoint(count, top, log_id=LOG_ID, key=KEY, high=False, at=START + 1000):
    body = log_id + count.to_bytes(8, "big") + top + at.to_bytes(8, "big")
    der = key.sign(b"fido-unlock/1 checkpoint\0" + body, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
    r, s = decode_dss_signature(der)
    s = max(s, N - s) if high else min(s, N - s)
    return body + r.to_bytes(32, "big") + s.to_bytes(32, "big")


CHALLENGE = bytes.fromhex("122" + "5a" * 14 + "0007" + "0")
CODE = hashlib.sha256(bytes(13)).digest()
DEVICE = bytes(range(0xA0, 0xAA))
WHO = {7: "desk-1", 8: "alice", 9: DEVICE}
BODIES = [
    {6: 1},
    {6: 10, 7: "desk-1"},
    {6: 20, **WHO, 10: 2, 22: "ticket 17 – PIN vergessen"},
    {6: 21, **WHO, 10: 2, 14: 1, 15: 1, 16: hashlib.sha256(b"evidence").digest()},
    {6: 23, **WHO, 10: 2, 12: CHALLENGE, 18: 2, 19: 2, 20: 7},
    {6: 22, **WHO, 7: "desk-2", 10: 2},
    {6: 30, **WHO, 10: 2, 12: CHALLENGE, 14: 1, 15: 1, 16: hashlib.sha256(b"evidence").digest(),
     17: hashlib.sha256(b"Q").digest(), 18: 2, 19: 2, 20: 7, 21: "desk-2", 22: "ticket 17"},
    {6: 31, **WHO, 10: 2, 13: CODE},
    {6: 40, **WHO, 10: 2, 20: 8},
    {6: 60, **WHO, 10: 2, 11: 420, 12: CHALLENGE, 20: 65535},
    {6: 61, 7: "admin", 9: DEVICE, 22: "she had not reported it", 23: 9},
    {6: 50, 7: "desk-9", 11: 427},
]

cases = []


def add(kind, expected, reason, error=None, **rest):
    case = {"kind": kind, "id": len(cases) + 1, "reason": reason, "expected": expected, **rest}
    if error is not None:
        case["error"] = error
    cases.append(case)


def show(fields):
    return {NAMES[k]: v.hex() if isinstance(v, bytes) else v for k, v in sorted(fields.items())}


LOG = chain(BODIES)
for fields in LOG:
    raw = encode(fields)
    add("entry", "valid", f"event {fields[6]}", entry=raw.hex(), hash=entry_hash(raw).hex(), fields=show(fields))
large = {**LOG[2], 3: 2**64 - 1, 5: 2**64 - 1, 10: 2**64 - 1, 7: "o" * 128, 22: "d" * 400}
add("entry", "valid", "the largest numbers and longest texts", entry=encode(large).hex(),
    hash=entry_hash(encode(large)).hex(), fields=show(large))

base = encode(LOG[1])


def bad(reason, raw, error=704):
    add("entry", "invalid", reason, error, entry=raw.hex())


bad("empty", b"")
bad("cut short", base[:-1])
bad("a byte behind the map", base + b"\0")
bad("version in two bytes", base.replace(b"\x01\x01\x02", b"\x01\x18\x01\x02", 1))
bad("indefinite map", b"\xbf" + base[1:] + b"\xff")
bad("length of the log id in two bytes", base.replace(b"\x02\x50" + LOG_ID, b"\x02\x58\x10" + LOG_ID, 1))
pairs = [head(0, k) + item(v) for k, v in sorted(LOG[1].items())]
bad("keys out of order", head(5, len(pairs)) + b"".join(pairs[:-2] + pairs[-1:] + pairs[-2:-1]))
bad("a key twice", head(5, len(pairs) + 1) + b"".join(pairs + pairs[-1:]))
bad("one pair fewer than the map says", head(5, len(pairs) + 1) + b"".join(pairs))
bad("an array", b"\x81\x01")
for missing in (1, 2, 3, 4, 5, 6):
    bad(f"key {missing} missing", encode({k: v for k, v in LOG[1].items() if k != missing}))
bad("log id of 15 bytes", encode({**LOG[1], 2: bytes(15)}))
bad("hash of 31 bytes", encode({**LOG[1], 4: bytes(31)}))
bad("Device ID of 11 bytes", encode({**LOG[2], 9: bytes(11)}))
bad("event number above 16 bits", encode({**LOG[1], 6: 65536}))
bad("error number as text", encode({**LOG[11], 11: "427"}))
bad("empty operator", encode({**LOG[1], 7: ""}))
bad("operator of 129 bytes", encode({**LOG[1], 7: "o" * 129}))
bad("operator with a line break", encode({**LOG[1], 7: "a\nb"}))
bad("operator with a space at its end", encode({**LOG[1], 7: "a "}))
bad("text that is not UTF-8", base.replace(b"desk-1", b"desk-\xff"))
bad("version 2", encode({**LOG[1], 1: 2}), 706)
bad("an event of a later version", encode({**LOG[1], 6: 9999}), 706)
bad("a key of a later version", encode({**LOG[1], 24: 0}), 706)


def log(reason, entries, checkpoints=(), error=None, key=KEY):
    add("log", "valid" if error is None else "invalid", reason, error, log_id=LOG_ID.hex(),
        entries=[e if isinstance(e, str) else encode(e).hex() for e in entries],
        checkpoints=[c.hex() for c in checkpoints], checkpoint_key=public(key).hex())


def top(count):
    return entry_hash(encode(LOG[count - 1])) if count else bytes(32)


whole = checkpoint(len(LOG), top(len(LOG)))
half = checkpoint(6, top(6))
log("whole", LOG)
log("empty", [])
log("whole, with checkpoints", LOG, [checkpoint(0, bytes(32)), half, whole])
log("behind a checkpoint entries may be missing", LOG[:8], [half])
log("tail cut off, no checkpoint: not seen", LOG[:4])
log("tail cut off", LOG[:5], [half], 705)
log("everything cut off", [], [half], 705)
log("rewritten", chain(BODIES, start=START + 1), [half], 705)
log("rewritten, no checkpoint: not seen", chain(BODIES, start=START + 1))
log("checkpoint by another key", LOG, [checkpoint(6, top(6), key=OTHER_KEY)], 705)
log("checkpoint with a high s", LOG, [checkpoint(6, top(6), high=True)], 705)
log("checkpoint of another log", LOG, [checkpoint(6, top(6), log_id=OTHER_LOG)], 705)
log("checkpoint with another hash", LOG, [checkpoint(6, top(5))], 705)
log("log of another id", chain(BODIES, log_id=OTHER_LOG), error=704)
log("first entry missing", LOG[1:], error=704)
log("an entry missing", LOG[:3] + LOG[4:], error=704)
log("an entry twice", LOG[:4] + LOG[3:], error=704)
log("two entries swapped", LOG[:3] + [LOG[4], LOG[3]] + LOG[5:], error=704)
log("an entry changed", LOG[:3] + [{**LOG[3], 14: 2}] + LOG[4:], error=704)
log("the last entry's number changed", LOG[:-1] + [{**LOG[-1], 3: 12}], error=704)
log("first entry with a hash before it", [{**LOG[0], 4: bytes([1]) * 32}], error=704)
back = chain(BODIES[:2])
back[1] = {**back[1], 5: START - 1}
log("time gone back", back, error=704)
back = chain(BODIES[:2] + [{6: 97, 7: "admin", 22: "set right", 5: START - 90}, {6: 10, 7: "desk-1", 5: START - 80}])
log("time gone back with an Administrator's word", back)
back = chain(BODIES[:2] + [{6: 97, 7: "admin", 22: "set right", 5: START - 90}, {6: 10, 7: "desk-1", 5: START - 91}])
log("time gone back once more", back, error=704)
log("an entry of a later version", LOG[:2] + [{**LOG[2], 1: 2}], error=706)

text = json.dumps({
    "schema": "schema/audit.schema.json",
    "description": "Audit entries, logs and checkpoints of docs/protocol/audit.md. Byte strings are "
                   "lower-case hex. 'expected' is the outcome, 'reason' why, 'error' the number of the row.",
    "cases": cases,
}, indent=1, ensure_ascii=False)
OUT.write_text(text + "\n")
