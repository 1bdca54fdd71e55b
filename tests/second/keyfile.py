"""A desk's key file: docs/protocol/suites.md, "Key files", but for age. `keyfile.py NAME [PASSPHRASE]` prints suite,
slot, and the admin key or Q compressed of the key itself, in hex."""

import json
import pathlib
import sys

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key

import suites

LARGEST = 16384
HEX_DIGITS = set(b"0123456789abcdefABCDEF")


class Refused(Exception):
    pass


def require(condition, why):
    if not condition:
        raise Refused(why)


def read(path, passphrase=None):
    """Description and key; Refused, or cryptography's ValueError and TypeError."""
    description = json.loads(pathlib.Path(str(path) + ".json").read_text())
    require(description["version"] == 1, "version")
    require(description["suite"] in (1, 2, 3) and 0 <= description["slot"] <= 15, "description")
    key = read_key(pathlib.Path(path).read_bytes(), passphrase)
    require(isinstance(key, bytes) == (description["suite"] == 3), "the form is another suite's")
    public = None if isinstance(key, bytes) else suites.compressed(key).hex()
    require(description["public"] == public, "another key")
    return description, key


def read_key(data, passphrase):
    """An admin key, or q."""
    require(len(data) <= LARGEST, "too large")
    text = data.strip()
    require(not text.startswith((b"age-encryption.org/", b"-----BEGIN AGE")), "age is not implemented here")
    if text and set(text) <= HEX_DIGITS:
        require(len(text) in (32, 48, 64), "length of an admin key")
        return bytes.fromhex(text.decode())
    if data.startswith(b"-----"):
        require(data.startswith((b"-----BEGIN PRIVATE KEY-----", b"-----BEGIN ENCRYPTED PRIVATE KEY-----")), "label")
        key = load_pem_private_key(data, passphrase)
    else:
        key = load_der_private_key(data, passphrase)
    require(isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1), "no P-256 key")
    return key


if __name__ == "__main__":
    words = [word.encode() for word in sys.argv[2:]]
    found, secret = read(sys.argv[1], *words)
    shown = secret if isinstance(secret, bytes) else suites.compressed(secret)
    print(found["suite"], found["slot"], shown.hex())
