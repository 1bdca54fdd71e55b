#!/usr/bin/env python3
"""Makes tests/vectors/issuers.json and its schema from docs/protocol/issuers.md, without any code of fido-unlock.

Needs: pip install cryptography==48.0.0. Run from the repository's root:
python3 tests/tools/make_issuers_vectors.py. Each run gives the same bytes.
"""
import base64
import hashlib
import json
import os
import pathlib

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

VECTORS = pathlib.Path(os.environ.get("FIDO_UNLOCK_VECTORS_OUT") or pathlib.Path(__file__).resolve().parent.parent / "vectors")
FORM, LATER, UNTRUSTED = 711, 706, 717
MADE_AT = 1_790_000_000
cases = []


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


# Notes: docs/protocol/audit.md, "Checkpoint"

def signing_key(name, seed):
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


def note(text, *signatures):
    return f"{text}\n{''.join(signatures)}"


ORIGIN = "fido-unlock/" + bytes(range(16)).hex()
DESK, OTHER = signing_key(ORIGIN, bytes([7]) * 32), signing_key(ORIGIN, bytes([8]) * 32)
RESTORED = signing_key("fido-unlock/" + bytes(range(16, 32)).hex(), bytes([7]) * 32)
WITNESS = signing_key("witness.example", bytes([9]) * 32)


# Lists

def q(scalar):
    point = ec.derive_private_key(scalar, ec.SECP256R1()).public_key()
    return point.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)


def fingerprint(key):
    return sha256(key)[:16].hex()


ISSUERS = [(0, 1, q(1), "present"), (1, 2, q(2), "present"), (1, 2, q(3), "retired"), (1, 2, q(4), "retired"), (15, 1, q(5), "present")]


def list_text(issuers=ISSUERS, title="fido-unlock issuers 1", origin=ORIGIN, at=str(MADE_AT)):
    keys = "".join(f"{slot} {suite} {key.hex()} {state}\n" for slot, suite, key, state in issuers)
    return f"{title}\n{origin}\n{at}\n{keys}"


def add(kind, reason, expected, text, keys=(DESK,), **rest):
    cases.append({"kind": kind, "id": len(cases) + 1, "reason": reason, "expected": expected, "keys": list(map(key_line, keys)),
                  "note": text, **rest})


def good(reason, text, issuers=ISSUERS, keys=(DESK,), origin=ORIGIN, at=MADE_AT):
    add("list", reason, "valid", text, keys, origin=origin, made_at=at, issuers=[
        {"slot": slot, "suite": suite, "public_key": key.hex(), "fingerprint": fingerprint(key), "retired": state == "retired"}
        for slot, suite, key, state in issuers])


def bad(reason, text, error, keys=(DESK,)):
    add("list", reason, "invalid", text, keys, error=error)


def signed(text, key=DESK):
    return note(text, signature(key, text))


TEXT = list_text()
good("five keys", signed(TEXT))
good("one key", signed(list_text(ISSUERS[:1])), ISSUERS[:1])
good("a retired key alone", signed(list_text(ISSUERS[2:3])), ISSUERS[2:3])
good("the largest time", signed(list_text(at=str(2**64 - 1))), at=2**64 - 1)
good("the time 0", signed(list_text(at="0")), at=0)
good("a witness has signed too", note(TEXT, signature(DESK, TEXT), signature(WITNESS, TEXT)))
good("another key of the same name has signed too", note(TEXT, signature(OTHER, TEXT), signature(DESK, TEXT)))
good("one of two keys that are trusted has signed", signed(TEXT), keys=(OTHER, DESK))
restored = list_text(origin=RESTORED[0])
good("after a restore, under the new name", signed(restored, RESTORED), keys=(DESK, RESTORED), origin=RESTORED[0])

# M-issuers-1
bad("no key is trusted", signed(TEXT), UNTRUSTED, keys=())
bad("signed by another key of the same name", signed(TEXT, OTHER), UNTRUSTED)
bad("signed by a witness alone", signed(TEXT, WITNESS), UNTRUSTED)
bad("after a restore, for a reader without the new line", signed(restored, RESTORED), UNTRUSTED)
bad("a state that was changed", signed(TEXT).replace("retired", "present", 1), UNTRUSTED)
bad("a line that was taken out", signed(TEXT).replace(TEXT.splitlines(True)[-1], ""), UNTRUSTED)
bad("a wrong signature", note(TEXT, signature(DESK, TEXT, bytes(64))), UNTRUSTED)
bad("a wrong signature beside a good one", note(TEXT, signature(DESK, TEXT), signature(DESK, TEXT, bytes(64))), UNTRUSTED)
bad("a wrong signature of one trusted key beside a good one of another",
    note(TEXT, signature(DESK, TEXT), signature(OTHER, TEXT, bytes(64))), UNTRUSTED, keys=(DESK, OTHER))
bad("a signature that is too short", note(TEXT, signature(DESK, TEXT, bytes(63))), UNTRUSTED)
bad("no signature", TEXT, FORM)
bad("an empty line and no signature", TEXT + "\n", FORM)
bad("empty", "", FORM)

# M-issuers-2
lines = TEXT.splitlines(True)
for reason, text, error in [
    ("a later version", list_text(title="fido-unlock issuers 2"), LATER),
    ("a later version of another form", "fido-unlock issuers 12\nanything\n", LATER),
    ("a version that is no number", list_text(title="fido-unlock issuers x"), FORM),
    ("version 01", list_text(title="fido-unlock issuers 01"), FORM),
    ("another title", list_text(title="issuers 1"), FORM),
    ("a licence's title", list_text(title="fido-unlock licence"), FORM),
    ("a checkpoint", f"{ORIGIN}\n1\n{b64(bytes(32))}\n", FORM),
    ("an origin with a space", list_text(origin="a b"), FORM),
    ("an origin with a plus sign", list_text(origin="a+b"), FORM),
    ("no origin", list_text(origin=""), FORM),
    ("a time with a leading zero", list_text(at="01790000000"), FORM),
    ("a time with a sign", list_text(at="+1790000000"), FORM),
    ("a time that is none", list_text(at="now"), FORM),
    ("a time of 65 bits", list_text(at=str(2**64)), FORM),
    ("no key", list_text([]), FORM),
    ("no time", "".join(lines[:2]), FORM),
    ("an empty line in the end", TEXT + "\n", FORM),
    ("an empty line between keys", "".join([*lines[:4], "\n", *lines[4:]]), FORM),
    ("a line more", TEXT + "more\n", FORM),
    ("slot 16", list_text([(16, 1, q(1), "present")]), FORM),
    ("slot 256", list_text([(256, 1, q(1), "present")]), FORM),
    ("slot 00", list_text([("00", 1, q(1), "present")]), FORM),
    ("a slot with a sign", list_text([("+1", 1, q(1), "present")]), FORM),
    ("suite 0", list_text([(1, 0, q(1), "present")]), FORM),
    ("suite 3", list_text([(1, 3, q(1), "present")]), FORM),
    ("suite 4", list_text([(1, 4, q(1), "present")]), FORM),
    ("suite 01", list_text([(1, "01", q(1), "present")]), FORM),
    ("Q with upper-case digits", list_text(ISSUERS[:1]).replace(q(1).hex(), q(1).hex().upper()), FORM),
    ("Q with a digit less", list_text(ISSUERS[:1]).replace(q(1).hex(), q(1).hex()[:-1]), FORM),
    ("Q with two digits more", list_text(ISSUERS[:1]).replace(q(1).hex(), q(1).hex() + "00"), FORM),
    ("Q with a sign for a digit", list_text(ISSUERS[:1]).replace(q(1).hex(), "+2" + q(1).hex()[2:]), FORM),
    ("Q that is not compressed", list_text([(1, 1, b"\4" + q(1)[1:], "present")]), FORM),
    ("Q in the compact form", list_text([(1, 1, b"\5" + q(1)[1:], "present")]), FORM),
    ("Q that is not on the curve", list_text([(1, 1, b"\2" + bytes(31) + b"\1", "present")]), FORM),
    ("another state", list_text([(1, 1, q(1), "gone")]), FORM),
    ("a state in upper case", list_text([(1, 1, q(1), "Present")]), FORM),
    ("no state", TEXT.replace(" retired", ""), FORM),
    ("something behind the state", TEXT.replace(" retired", " retired x"), FORM),
    ("a space behind the state", TEXT.replace(" retired", " retired "), FORM),
    ("two spaces", TEXT.replace("\n1 2", "\n1  2"), FORM),
    ("a slot before a lower one", list_text([ISSUERS[1], ISSUERS[0]]), FORM),
    ("a retired key before the present one", list_text([ISSUERS[2], ISSUERS[1]]), FORM),
    ("two present keys in a slot", list_text([ISSUERS[1], (1, 2, q(3), "present")]), FORM),
    ("a key twice in a slot", list_text([ISSUERS[1], (1, 2, q(2), "retired")]), FORM),
    ("a key in two slots", list_text([(1, 2, q(2), "present"), (2, 2, q(2), "present")]), FORM),
]:
    bad(reason, signed(text), error)
bad("a carriage return", signed(TEXT.replace("\n", "\r\n")), FORM)
bad("no end", signed(TEXT)[:-1], FORM)
bad("a hyphen for the dash", signed(TEXT).replace("\u2014", "-"), FORM)


# M-issuers-3
def slots(reason, device, foreign):
    add("slots", reason, "valid", signed(TEXT), foreign=foreign, slots=[
        {"slot": slot, "suite": suite, "fingerprint": fingerprint(key) if key else None} for slot, suite, key in device])


slots("no slot", [], [])
slots("the present key", [(1, 2, q(2))], [])
slots("a retired key", [(1, 2, q(3))], [])
slots("another key", [(1, 2, q(6))], [1])
slots("the desk's key in a slot of another number", [(4, 2, q(2))], [])
slots("an admin key, which cannot be told", [(2, 3, None)], [])
slots("each of several", [(0, 1, q(1)), (1, 2, q(7)), (2, 3, None), (3, 1, q(8)), (15, 1, q(5))], [1, 3])
slots("another key in the slot of the recovery key", [(0, 1, q(9)), (1, 2, q(4))], [0])

# The schema

HEX16, HEX33 = ({"type": "string", "pattern": f"^[0-9a-f]{{{digits}}}$"} for digits in (32, 66))
SLOT, TEXTS = {"type": "integer", "minimum": 0, "maximum": 15}, {"type": "array", "items": {"type": "string"}}
BASE = {"id": {"type": "integer", "minimum": 1}, "reason": {"type": "string", "minLength": 1}, "keys": TEXTS, "note": {"type": "string"}}


def whole(properties):
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": sorted(properties)}


ISSUER = whole({"slot": SLOT, "suite": {"enum": [1, 2]}, "public_key": HEX33, "fingerprint": HEX16, "retired": {"type": "boolean"}})
SEEN = whole({"slot": SLOT, "suite": {"enum": [1, 2, 3]}, "fingerprint": {"oneOf": [HEX16, {"type": "null"}]}})
KINDS = [
    {"kind": {"const": "list"}, "expected": {"const": "valid"}, "origin": {"type": "string"}, "made_at": {"type": "integer", "minimum": 0},
     "issuers": {"type": "array", "minItems": 1, "items": ISSUER}},
    {"kind": {"const": "list"}, "expected": {"const": "invalid"}, "error": {"enum": [LATER, FORM, UNTRUSTED]}},
    {"kind": {"const": "slots"}, "expected": {"const": "valid"}, "slots": {"type": "array", "items": SEEN},
     "foreign": {"type": "array", "items": SLOT}},
]
schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Vectors of the list of issuers",
    **whole({
        "schema": {"const": "schema/issuers.schema.json"},
        "description": {"type": "string"},
        "cases": {"type": "array", "minItems": 1, "items": {"oneOf": [whole(BASE | kind) for kind in KINDS]}},
    }),
}
document = {
    "schema": "schema/issuers.schema.json",
    "description": "Lists of docs/protocol/issuers.md, read by those who trust 'keys'; 'error' is the number of the row. "
                   "In a case of the kind 'slots', 'foreign' are the slots of a device that are foreign by the list.",
    "cases": cases,
}
(VECTORS / "schema" / "issuers.schema.json").write_text(json.dumps(schema, indent=1) + "\n")
(VECTORS / "issuers.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
