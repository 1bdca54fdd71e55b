"""PIN/UV auth protocols one and two (CTAP 2.1, 6.5.6 and 6.5.7)."""

import hashlib
import hmac
import os

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def new_key():
    return ec.generate_private_key(ec.SECP256R1())


def cose(public):
    numbers = public.public_numbers()
    return {1: 2, 3: -25, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}


def is_cose(key):
    """Whether it is a COSE_Key as above; further members are ignored."""
    x, y = key.get(-2), key.get(-3)
    return [key.get(label) for label in (1, 3, -1)] == [2, -25, 1] and isinstance(x, bytes) and isinstance(y, bytes) \
        and len(x) == len(y) == 32


def from_cose(key):
    """ValueError where it is no COSE_Key as above, or off the curve."""
    if not is_cose(key):
        raise ValueError("no such COSE_Key")
    x, y = key[-2], key[-3]
    return ec.EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"),
                                         ec.SECP256R1()).public_key()


def aes(key, iv):
    return Cipher(algorithms.AES(key), modes.CBC(iv))


class One:
    number, iv_length, param_length = 1, 0, 16

    @staticmethod
    def kdf(z):
        return hashlib.sha256(z).digest()

    @staticmethod
    def keys(secret):
        return secret, secret

    @classmethod
    def shared_secret(cls, private, public):
        return cls.kdf(private.exchange(ec.ECDH(), public))

    @classmethod
    def encrypt(cls, secret, plain, iv=None):
        iv = os.urandom(cls.iv_length) if iv is None else iv
        work = aes(cls.keys(secret)[1], iv or bytes(16)).encryptor()
        return iv + work.update(plain) + work.finalize()

    @classmethod
    def decrypt(cls, secret, cipher):
        """ValueError where it is not whole blocks."""
        if len(cipher) < cls.iv_length or len(cipher) % 16:
            raise ValueError("not whole blocks")
        work = aes(cls.keys(secret)[1], cipher[:cls.iv_length] or bytes(16)).decryptor()
        return work.update(cipher[cls.iv_length:]) + work.finalize()

    @classmethod
    def authenticate(cls, secret, message):
        return hmac.digest(cls.keys(secret)[0], message, "sha256")[:cls.param_length]

    @classmethod
    def verify(cls, secret, message, param):
        return hmac.compare_digest(cls.authenticate(secret, message), param)


class Two(One):
    number, iv_length, param_length = 2, 16, 32

    @staticmethod
    def kdf(z):
        return b"".join(HKDF(hashes.SHA256(), 32, bytes(32), info).derive(z)
                        for info in (b"CTAP2 HMAC key", b"CTAP2 AES key"))

    @staticmethod
    def keys(secret):
        return secret[:32], secret[32:]


PROTOCOLS = {1: One, 2: Two}


def pad(pin):
    if not 1 <= len(pin) <= 63 or 0 in pin:
        raise ValueError("1 to 63 bytes, none of them zero")
    return pin.ljust(64, b"\0")


def unpad(padded):
    """The PIN of 64 bytes; ValueError where the padding is wrong."""
    pin = padded.rstrip(b"\0")
    if len(padded) != 64 or not 1 <= len(pin) <= 63 or 0 in pin:
        raise ValueError("not padded")
    return pin


def pin_hash(pin):
    return hashlib.sha256(pin).digest()[:16]
