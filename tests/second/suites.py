"""Challenge and response of suites 1 to 3, and rotation proofs: docs/protocol/suites.md and nothing else."""

import hashlib
import hmac

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CURVE = ec.SECP256R1()
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
P = 2**256 - 2**224 + 2**192 + 2**96 - 1
CLOSED, CLOSED_WIRE = bytes(33), bytes(64)
RESPONSE_LENGTH = {1: 64, 2: 13, 3: 16}
CHALLENGE_LENGTH = {1: 18, 2: 18, 3: 16}


def private_key(scalar):
    """A key of 32 bytes; ValueError for 0, n and above."""
    if len(scalar) != 32:
        raise ValueError("a scalar has 32 bytes")
    return ec.derive_private_key(int.from_bytes(scalar, "big"), CURVE)


def public_key(compressed):
    """The point; ValueError for any other form and off the curve."""
    if len(compressed) != 33 or compressed[0] not in (2, 3):
        raise ValueError("not compressed")
    return ec.EllipticCurvePublicKey.from_encoded_point(CURVE, compressed)


def from_wire(data):
    """The point of x and y; ValueError for another length, a coordinate that is no field element, and off the curve."""
    if len(data) != 64:
        raise ValueError("x and y have 64 bytes")
    x, y = int.from_bytes(data[:32], "big"), int.from_bytes(data[32:], "big")
    if x >= P or y >= P:
        raise ValueError("not below p")
    return ec.EllipticCurvePublicNumbers(x, y, CURVE).public_key()


def public_of(key):
    return key if isinstance(key, ec.EllipticCurvePublicKey) else key.public_key()


def wire(key):
    return public_of(key).public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)[1:]


def compressed(key):
    return public_of(key).public_bytes(Encoding.X962, PublicFormat.CompressedPoint)


def sha256(data):
    return hashlib.sha256(data).digest()


# The challenge

def challenge(suite, nonce, slot, counter):
    """Of a slot, from the device's 16 bytes."""
    if suite == 3:
        return nonce[:15] + bytes([nonce[15] & 0xF0 | slot])
    fields = 1 << 136 | suite << 132 | slot << 128 | int.from_bytes(nonce[:14], "big") << 16 | counter & 0xFFFF
    return (fields << 4).to_bytes(18, "big")


def head(data):
    """The 14 bytes of the nonce that stand in each slot's challenge."""
    if len(data) == 16:
        return data[:14]
    return ((int.from_bytes(data, "big") >> 20) % (1 << 112)).to_bytes(14, "big")


def made_from(nonce, data):
    """Whether these bytes are a challenge of this nonce, of whatever slot and counter."""
    if len(data) == 16:
        return data == challenge(3, nonce, data[15] & 15, 0)
    return len(data) == 18 and data[17] & 15 == 0 and data[0] in (0x11, 0x12) and head(data) == nonce[:14]


# The messages

def message(purpose, device_id, issuer, challenge, device_key=None):
    """M. `purpose` is "authorise" or "probe"; keys are compressed; `device_key`, E, is there in suite 2 alone."""
    suite = challenge[0] & 15
    if len(challenge) != 18 or suite not in (1, 2) or (suite == 2) != (device_key is not None):
        raise ValueError("no such message")
    return f"fido-unlock/1 {purpose}".encode() + bytes([0, suite, len(device_id)]) + device_id + sha256(issuer) \
        + (sha256(device_key) if device_key else bytes(32)) + challenge


def rotation_message(suite, device_id, slot, authorising_slot, old, new, number):
    """R. `number` is the slot's rotation number + 1."""
    return b"fido-unlock/1 rotate\0" + bytes([suite, len(device_id)]) + device_id + bytes([slot, authorising_slot]) \
        + sha256(old) + new + number.to_bytes(4, "big")


# Suite 1

def sign(key, text):
    r, s = decode_dss_signature(key.sign(text, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)))
    return r.to_bytes(32, "big") + min(s, N - s).to_bytes(32, "big")


def verify_signature(public, text, signature):
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if len(signature) != 64 or not 0 < r < N or not 0 < s <= (N - 1) // 2:
        return False
    try:
        public.verify(encode_dss_signature(r, s), text, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


# Suite 2

def shared_x(private, public):
    return private.exchange(ec.ECDH(), public)


def mac(z, text):
    return hmac.digest(z, text, "sha256")


def first_100_bits(whole):
    return whole[:12] + bytes([whole[12] & 0xF0])


# Suite 3

def aes_ecb(admin_key, challenge):
    if len(challenge) != 16:
        raise ValueError("one block")
    work = Cipher(algorithms.AES(admin_key), modes.ECB()).encryptor()
    return work.update(challenge) + work.finalize()


ROUND = [bytes.fromhex(key) for key in (
    "404142434445464748494A4B4C4D4E4F", "000102030405060708090A0B0C0D0E0F", "0102030405060708090A0B0C0D0E0F10",
    b"GEMXPRESSOSAMPLE".hex(), "00112233445566778899AABBCCDDEEFF", "FFEEDDCCBBAA99887766554433221100",
    "0123456789ABCDEFFEDCBA9876543210", "2B7E151628AED2A6ABF7158809CF4F3C")]
FIPS_197_A = [bytes.fromhex(key) for key in (
    "2B7E151628AED2A6ABF7158809CF4F3C", "8E73B0F7DA0E6452C810F32B809079E562F8EAD2522C6B7B",
    "603DEB1015CA71BE2B73AEF0857D77811F352C073B6108D72D9810A30914DFF4")]


def known_default(key):
    steps = {(b - a) % 256 for a, b in zip(key, key[1:])}
    return any(key == key[:n] * (len(key) // n) for n in (1, 2, 4, 8)) or len(steps) == 1 or key in FIPS_197_A \
        or any(key == (one * 2)[:len(key)] for one in ROUND)


# What the desk and the device do

def respond(suite, key, challenge, device_id=None, device_key=None, purpose="authorise"):
    """The desk's answer. `key` is q, or the admin key; `device_key` is E from the registry, suite 2 alone."""
    if suite == 3:
        return aes_ecb(key, challenge)
    if challenge[0] & 15 != suite:
        raise ValueError("the challenge is of another suite")
    text = message(purpose, device_id, compressed(key), challenge, device_key)
    if suite == 1:
        return sign(key, text)
    return first_100_bits(mac(shared_x(key, public_key(device_key)), text))


def verify(suite, key, challenge, response, device_id=None, device_private=None, purpose="authorise"):
    """What the device does. `key` is Q compressed, or the admin key; `device_private` is e."""
    if suite == 3:
        return hmac.compare_digest(aes_ecb(key, challenge), response)
    device_key = compressed(device_private) if suite == 2 else None
    text = message(purpose, device_id, key, challenge, device_key)
    if suite == 1:
        return verify_signature(public_key(key), text, response)
    return hmac.compare_digest(first_100_bits(mac(shared_x(device_private, public_key(key)), text)), response)


def prove(suite, key, text, device_key=None):
    """One proof over R, of the suite of the key `key`."""
    return sign(key, text) if suite == 1 else mac(shared_x(key, public_key(device_key)), text)


def verify_proof(suite, key, text, proof, device_private):
    """`key` is compressed."""
    if suite == 1:
        return verify_signature(public_key(key), text, proof)
    return hmac.compare_digest(mac(shared_x(device_private, public_key(key)), text), proof)
