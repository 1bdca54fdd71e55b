#!/usr/bin/env python3
"""Makes tests/vectors/{suite1,suite2,suite3,pin_protocol}.json without any code of fido-unlock.

Needs: pip install cryptography==48.0.0 fido2==2.2.1. Run from the repository's root:
python3 tests/tools/make_suite_vectors.py. Each run gives the same bytes. Values of RFC 6979,
RFC 4231, FIPS 197, SP 800-38A and the CAVS 14.1 ECC CDH file are written down here as published,
and the script fails if its libraries do not reproduce them.
"""
import hashlib
import hmac
import json
import os
import pathlib

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
import fido2.ctap2.pin as fido2_pin

N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
OUT = pathlib.Path(os.environ.get("FIDO_UNLOCK_VECTORS_OUT") or pathlib.Path(__file__).resolve().parent.parent / "vectors")
P256 = ec.SECP256R1()


def sha(data):
    return hashlib.sha256(data).digest()


def mac(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def scalar(name):
    return int.from_bytes(sha(b"fido-unlock vectors " + name), "big") % (N - 1) + 1


def key(value):
    return ec.derive_private_key(value, P256)


def compressed(private):
    return private.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)


def rs(r, s):
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def sign(private, message):
    """r, s by RFC 6979, s as it comes."""
    der = private.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
    return decode_dss_signature(der)


def low(r, s):
    return rs(r, min(s, N - s))


def ecdh(private, public):
    return private.exchange(ec.ECDH(), public)


def challenge(suite, slot, nonce, counter):
    bits = 1 << 4 | suite
    bits = bits << 4 | slot
    bits = bits << 112 | int.from_bytes(nonce, "big")
    bits = bits << 16 | counter & 0xFFFF
    return (bits << 4).to_bytes(18, "big")


DEVICE_ID = bytes.fromhex("00112233445566778899")
OTHER_DEVICE = bytes.fromhex("00112233445566778898")
NONCE = bytes.fromhex("0f1e2d3c4b5a69788796a5b4c3d2")
AUTHORISE = b"fido-unlock/1 authorise"
PROBE = b"fido-unlock/1 probe"


def m(suite, q, chal, e=None, label=AUTHORISE, device_id=DEVICE_ID, length=b"\x0a"):
    e_hash = bytes(32) if e is None else sha(e)
    return label + b"\0" + bytes([suite]) + length + device_id + sha(q) + e_hash + chal


def r_message(suite, slot, authorising, old_q, new_q, rotation, device_id=DEVICE_ID):
    return (b"fido-unlock/1 rotate" + b"\0" + bytes([suite]) + b"\x0a" + device_id
            + bytes([slot, authorising]) + sha(old_q) + (new_q or bytes(33)) + rotation.to_bytes(4, "big"))


def plain(value):
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return value


def write(name, description, cases):
    cases = [{"id": number + 1, **case} for number, case in enumerate(cases)]
    document = {"schema": f"schema/{name}.schema.json", "description": description, "cases": cases}
    (OUT / f"{name}.json").write_text(json.dumps(plain(document), indent=1, ensure_ascii=True) + "\n")
    print(name, len(cases))


BAD_POINTS = [
    (b"\x02" + bytes(31) + b"\x01", "x = 1 is of no point of P-256"),
    (b"\x05" + bytes.fromhex("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"), "prefix 05"),
    (b"\x02" + (2**256 - 1).to_bytes(32, "big"), "x is not below the prime"),
    (b"\x00", "the point at infinity"),
    (bytes(33), "33 zero bytes, which stand for a closed slot in R and for no key elsewhere"),
    (b"\x03" + bytes.fromhex("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2"), "one byte short"),
    (key(1).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint), "a good point, uncompressed"),
]


P = 2**256 - 2**224 + 2**192 + 2**96 - 1
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B


def add(one, two):
    """The formulas of y^2 = x^3 - 3x + b, in which b does not appear: they go on working off the curve."""
    if one is None or two is None:
        return one or two
    (x1, y1), (x2, y2) = one, two
    if x1 == x2 and (y1 + y2) % P == 0:
        return None
    slope = (3 * x1 * x1 - 3) * pow(2 * y1, -1, P) if x1 == x2 else (y2 - y1) * pow(x2 - x1, -1, P)
    x = (slope * slope - x1 - x2) % P
    return x, (slope * (x1 - x) - y1) % P


def multiply(number, point):
    out = None
    while number:
        if number & 1:
            out = add(out, point)
        point, number = add(point, point), number >> 1
    return out


def point_of_twist(order):
    """A point of this order on y^2 = x^3 - 3x - b, the quadratic twist."""
    whole = 2 * (P + 1) - N
    assert whole % order == 0
    for x in range(1, 1 << 16):
        square = (x**3 - 3 * x - B) % P
        y = pow(square, (P + 1) // 4, P)
        point = multiply(whole // order, (x, y)) if y * y % P == square else None
        if point and multiply(order, point) is None:
            return point
    raise AssertionError


def wire(point):
    return b"".join(coordinate.to_bytes(32, "big") for coordinate in point)


def wire_key_cases():
    """x and y, 64 bytes, as keys go over the wire."""
    numbers = key(1).public_key().public_numbers()
    x, y = numbers.x, numbers.y
    cases = []

    def case(data, reason, public=None):
        cases.append({"kind": "wire_key", "wire_key": data, "public_key": public,
                      "expected": "valid" if public else "invalid", "reason": reason})

    for scalar_ in (1, N - 1, 2):
        numbers_ = key(scalar_).public_key().public_numbers()
        case(wire((numbers_.x, numbers_.y)), {1: "the base point", 2: "twice the base point"}.get(scalar_, "the base point's negative"),
             compressed(key(scalar_)))
    # 0 and 1 as x: p more is below 2^256. x = 0 is of a point, with y the root of b.
    root = pow(B, (P + 1) // 4, P)
    assert root * root % P == B
    zero = ec.EllipticCurvePublicNumbers(0, root, P256).public_key()
    case(wire((0, root)), "x = 0 is of a point", zero.public_bytes(Encoding.X962, PublicFormat.CompressedPoint))
    case(wire((P, root)), "x = p, which is 0 modulo p")
    case(wire((x, y ^ 1)), "off the curve")
    case(wire((y, x)), "x and y exchanged")
    case(wire((x, 2**256 - 1)), "y is not below the prime")
    case(wire((2**256 - 1, y)), "x is not below the prime")
    case(wire((0, 0)), "64 zero bytes, which close a slot and are no key")
    case(wire((x, 0)), "order 2, on another curve of the same formulas")
    for order in (3, 5, 13, 179):
        case(wire(point_of_twist(order)), f"order {order}, on the twist")
    case(wire((x, y))[:63], "63 bytes")
    case(wire((x, y)) + b"\0", "65 bytes")
    case(b"\x04" + wire((x, y)), "uncompressed as in SEC 1, with its 04")
    case(compressed(key(1)), "compressed")
    case(b"", "empty")
    return cases


NONCE_16 = NONCE + bytes.fromhex("e1f0")


def challenge_cases(suite):
    """From the device's one nonce: what each slot's challenge is."""
    cases = []
    for nonce, slot, counter in [(NONCE_16, 0, 0), (NONCE_16, 1, 7), (NONCE_16, 15, 0x12345), (bytes(13) + b"\1\0\0", 2, 0xFFFFFFFF),
                                 (b"\xff" * 16, 9, 0xFFFF), (b"\xff" * 16, 0, 0x10000)]:
        made = challenge(suite, slot, nonce[:14], counter) if suite < 3 else nonce[:15] + bytes([nonce[15] & 0xF0 | slot])
        cases.append({"kind": "challenge", "nonce": nonce, "slot": slot, "counter": counter, "challenge": made,
                      "expected": "valid", "reason": f"slot {slot}, unlock counter {counter}"})
    return cases


def public_key_cases():
    cases = [{"kind": "public_key", "public_key": compressed(key(1)), "expected": "valid", "reason": "the base point"}]
    for point, reason in BAD_POINTS:
        cases.append({"kind": "public_key", "public_key": point, "expected": "invalid", "reason": reason})
    return cases


def suite1():
    q = scalar(b"suite 1 issuer")
    private = key(q)
    public = compressed(private)
    chal = challenge(1, 2, NONCE, 0x12345)
    good = m(1, public, chal)
    r, s = sign(private, good)
    s = min(s, N - s)
    cases = []

    def case(response, expected, reason, **more):
        base = {"kind": "response", "purpose": "authorise", "device_id": DEVICE_ID, "issuer": public,
                "challenge": chal, "message": good, "response": response, "expected": expected, "reason": reason}
        cases.append({**base, **more})

    case(rs(r, s), "valid", "as the software signer makes it", issuer_secret=q.to_bytes(32, "big"))
    probe = m(1, public, chal, label=PROBE)
    case(low(*sign(private, probe)), "valid", "a probe", purpose="probe", message=probe, issuer_secret=q.to_bytes(32, "big"))
    recovery = challenge(1, 0, NONCE, 0)
    message = m(1, public, recovery)
    case(low(*sign(private, message)), "valid", "slot 0, counter 0", challenge=recovery, message=message,
         issuer_secret=q.to_bytes(32, "big"))
    # k and r of RFC 6979 for another message: a nonce that is not RFC 6979's for this one.
    k = scalar(b"suite 1 other nonce")
    r2 = key(k).public_key().public_numbers().x % N
    s2 = pow(k, -1, N) * (int.from_bytes(sha(good), "big") + r2 * q) % N
    case(low(r2, s2), "valid", "another nonce: verification asks for none in particular")
    case(rs(r, N - s), "invalid", "high s")
    case(rs(r2, max(s2, N - s2)), "invalid", "high s with another nonce")
    case(rs(0, s), "invalid", "r = 0")
    case(rs(r, 0), "invalid", "s = 0")
    case(bytes(64), "invalid", "r = s = 0")
    case(rs(N, s), "invalid", "r = n")
    case(rs(r, N), "invalid", "s = n")
    case(rs(N + 1, 1), "invalid", "r = n + 1, s = 1")
    case(b"\xff" * 64, "invalid", "r and s above n")
    case(rs(r, s)[:63], "invalid", "one byte short")
    case(rs(r, s) + b"\0", "invalid", "one byte too long")
    case(b"", "invalid", "empty")
    case(private.sign(good, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)), "invalid", "DER")
    case(rs(s, r), "invalid", "r and s exchanged")

    def signed_over(signed, reason, **more):
        case(low(*sign(private, signed)), "invalid", reason, **more)

    signed_over(probe, "a probe's signature for an unlock")
    signed_over(good, "an unlock's signature for a probe", purpose="probe", message=probe)
    signed_over(m(1, public, chal, label=b"fido-unlock/1 rotate"), "made over another label")
    signed_over(m(1, public, chal, label=b"fido-unlock/2 authorise"), "made over another version's label")
    signed_over(m(2, public, chal), "made over suite byte 2")
    signed_over(m(1, public, chal, device_id=OTHER_DEVICE), "made for another device")
    signed_over(m(1, public, chal, length=b""), "made without the length byte")
    signed_over(m(1, public, challenge(1, 3, NONCE, 0x12345)), "made for another slot's challenge")
    signed_over(m(1, public, challenge(1, 2, NONCE, 0x12346)), "made for the next counter")
    signed_over(m(1, public, chal, e=public), "a hash where suite 1 has 32 zero bytes")
    signed_over(sha(good), "hashed twice")
    other = key(scalar(b"suite 1 other issuer"))
    case(low(*sign(other, good)), "invalid", "another issuer's signature")
    message = m(1, compressed(other), chal)
    case(low(*sign(other, message)), "invalid", "another issuer's signature over its own Q")

    # RFC 6979 A.2.5, P-256 with SHA-256, as published; "sample" has a high s.
    d = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
    published = {
        b"sample": (0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716,
                    0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8),
        b"test": (0xF1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367,
                  0x019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083),
    }
    for text, (r, s) in published.items():
        assert sign(key(d), text) == (r, s)
        is_low = s <= (N - 1) // 2
        cases.append({"kind": "rfc6979", "issuer_secret": d.to_bytes(32, "big"), "issuer": compressed(key(d)),
                      "message": text, "published": rs(r, s), "response": low(r, s),
                      "expected": "valid" if is_low else "invalid",
                      "reason": f"RFC 6979 A.2.5, message \"{text.decode()}\": the published s is {'low' if is_low else 'high'}"})
    cases += rotation_cases(1) + public_key_cases() + wire_key_cases() + challenge_cases(1)
    write("suite1", "Suite 1, P256-ECDSA. 'expected' judges 'response' (kind rfc6979: 'published').", cases)


def proof(suite, private, message, e_private):
    if suite == 1:
        return low(*sign(private, message))
    return mac(ecdh(private, e_private.public_key()), message)


def rotation_cases(suite):
    """The rotated slot is of `suite`; the authorising slot is of either."""
    e = scalar(b"device key")
    device = key(e)
    old = scalar(b"rotation old %d" % suite)
    new = scalar(b"rotation new %d" % suite)
    old_q, new_q = compressed(key(old)), compressed(key(new))
    cases = []

    def case(authorising_suite, authorising_slot, authority, message, expected, reason, new_q=new_q, old_proof=None,
             new_proof=None, rotation=5):
        cases.append({
            "kind": "rotation", "device_id": DEVICE_ID, "slot": 1, "authorising_slot": authorising_slot,
            "authorising_suite": authorising_suite, "authorising_issuer": compressed(key(authority)),
            "authorising_secret": authority.to_bytes(32, "big"),
            "old_issuer": old_q, "new_issuer": new_q, "new_secret": new.to_bytes(32, "big") if new_q else None,
            "rotation": rotation, "device_secret": e.to_bytes(32, "big"), "message": message,
            "authorising_proof": proof(authorising_suite, key(authority), message, device) if old_proof is None else old_proof,
            "new_proof": (proof(suite, key(new), message, device) if new_q else b"") if new_proof is None else new_proof,
            "expected": expected, "reason": reason})

    good = r_message(suite, 1, 1, old_q, new_q, 5)
    case(suite, 1, old, good, "valid", "the slot's own key authorises")
    for authorising_suite in (1, 2):
        recovery = scalar(b"recovery %d" % authorising_suite)
        message = r_message(suite, 1, 0, old_q, new_q, 5)
        case(authorising_suite, 0, recovery, message, "valid",
             f"the recovery key of suite {authorising_suite} authorises: each proof is of its own key's suite")
    recovery = scalar(b"recovery 1")
    case(1, 0, recovery, r_message(suite, 1, 0, old_q, None, 5), "valid", "the slot is closed: only the authorising proof",
         new_q=None)
    case(suite, 1, old, r_message(suite, 1, 1, old_q, None, 5), "valid", "the slot's own key closes it", new_q=None)
    both = [proof(suite, key(k), good, device) for k in (old, new)]
    case(suite, 1, old, good, "invalid", "the proofs exchanged", old_proof=both[1], new_proof=both[0])
    case(suite, 1, old, good, "invalid", "no proof by the new key", new_proof=b"")
    case(suite, 1, old, good, "invalid", "no proof by the old key", old_proof=b"")
    case(suite, 1, old, good, "invalid", "the old key's proof for both", new_proof=both[0])
    case(suite, 1, old, good, "invalid", "a proof one byte short", old_proof=both[0][:-1])
    for wrong, reason in [
        (r_message(suite, 1, 1, old_q, new_q, 4), "made over the present number, not the next"),
        (r_message(suite, 1, 1, old_q, new_q, 5, device_id=OTHER_DEVICE), "made for another device"),
        (r_message(3 - suite, 1, 1, old_q, new_q, 5), "made over the other suite"),
        (r_message(suite, 2, 1, old_q, new_q, 5), "made for another slot"),
        (r_message(suite, 1, 0, old_q, new_q, 5), "made for another authorising slot"),
        (r_message(suite, 1, 1, new_q, new_q, 5), "made over another old key"),
        (r_message(suite, 1, 1, old_q, old_q, 5), "made over another new key"),
    ]:
        case(suite, 1, old, good, "invalid", reason, old_proof=proof(suite, key(old), wrong, device),
             new_proof=proof(suite, key(new), wrong, device))
    if suite == 2:
        case(2, 1, old, good, "invalid", "an HMAC cut to a response's 100 bits", old_proof=cut(both[0]))
    return cases


def cut(tag):
    return tag[:12] + bytes([tag[12] & 0xF0])


def device_with_zeros(issuer, zeros):
    """The first e whose Z with the issuer begins with so many zero bytes."""
    start = scalar(b"zeros")
    for step in range(1 << 22):
        z = ecdh(issuer, key(start + step).public_key())
        if z[:zeros] == bytes(zeros):
            return start + step
    raise AssertionError


def suite2():
    q, e = scalar(b"suite 2 issuer"), scalar(b"device key")
    issuer, device = key(q), key(e)
    public, e_public = compressed(issuer), compressed(device)
    chal = challenge(2, 1, NONCE, 7)
    good = m(2, public, chal, e_public)
    z = ecdh(issuer, device.public_key())
    tag = mac(z, good)
    cases = []

    def case(response, expected, reason, **more):
        base = {"kind": "response", "purpose": "authorise", "device_id": DEVICE_ID, "issuer": public,
                "device_secret": e.to_bytes(32, "big"), "device_key": e_public, "z": z, "challenge": chal,
                "message": good, "response": response, "expected": expected, "reason": reason}
        cases.append({**base, **more})

    secret = {"issuer_secret": q.to_bytes(32, "big")}
    case(cut(tag), "valid", "as the signer makes it", **secret)
    probe = m(2, public, chal, e_public, label=PROBE)
    case(cut(mac(z, probe)), "valid", "a probe", purpose="probe", message=probe, **secret)
    for zeros in (1, 2):
        e0 = device_with_zeros(issuer, zeros)
        z0 = ecdh(issuer, key(e0).public_key())
        e0_public = compressed(key(e0))
        message = m(2, public, chal, e0_public)
        more = {"device_secret": e0.to_bytes(32, "big"), "device_key": e0_public, "z": z0, "message": message}
        case(cut(mac(z0, message)), "valid", f"Z begins with {zeros} zero byte(s), which belong to the key", **more, **secret)
        case(cut(mac(z0.lstrip(b"\0"), message)), "invalid", "Z without its leading zeros as the key", **more)
    case(tag[:12] + bytes([tag[12] & 0xF0 | 1]), "invalid", "a low bit of the last byte is set")
    case(tag[:13] if tag[12] & 15 else tag[:12] + bytes([tag[12] | 15]), "invalid", "13 whole bytes of the HMAC")
    case(cut(tag)[:12], "invalid", "96 bits")
    case(tag, "invalid", "the whole HMAC")
    case(b"", "invalid", "empty")
    case(bytes(13), "invalid", "all zero")
    case(bytes([tag[0] ^ 0x80]) + cut(tag)[1:], "invalid", "the first bit differs")
    case(cut(tag)[:12] + bytes([cut(tag)[12] ^ 0x10]), "invalid", "the hundredth bit differs")
    case(cut(mac(z, probe)), "invalid", "a probe's response for an unlock")
    case(cut(tag), "invalid", "an unlock's response for a probe", purpose="probe", message=probe)
    for wrong, reason in [
        (m(2, public, chal, e_public, label=b"fido-unlock/1 rotate"), "made over another label"),
        (m(1, public, chal, e_public), "made over suite byte 1"),
        (m(2, public, chal, e_public, device_id=OTHER_DEVICE), "made for another device"),
        (m(2, public, chal), "made with 32 zero bytes for E's hash"),
        (m(2, e_public, chal, public), "the two hashes exchanged"),
        (m(2, public, challenge(2, 1, NONCE, 8), e_public), "made for the next counter"),
        (m(2, public, chal, e_public, length=b""), "made without the length byte"),
    ]:
        case(cut(mac(z, wrong)), "invalid", reason)
    case(cut(mac(sha(z), good)), "invalid", "SHA-256(Z) as the key")
    case(cut(mac(bytes(32), good)), "invalid", "32 zero bytes as the key")
    elsewhere = key(scalar(b"another device key"))
    z1 = ecdh(issuer, elsewhere.public_key())
    message = m(2, public, chal, compressed(elsewhere))
    case(cut(mac(z1, message)), "invalid", "made for another device's E")
    other = key(scalar(b"suite 2 other issuer"))
    message = m(2, compressed(other), chal, e_public)
    case(cut(mac(ecdh(other, device.public_key()), message)), "invalid", "another issuer's response")

    # CAVS 14.1, ECC CDH primitive, P-256, COUNT = 0.
    d = 0x7D7DC5F71EB29DDAF80D6214632EEAE03D9058AF1FB6D22ED80BADB62BC1A534
    x = 0x700C48F77F56584C5CC632CA65640DB91B6BACCE3A4DF6B42CE7CC838833D287
    y = 0xDB71E509E3FD9B060DDB20BA5C51DCC5948D46FBF640DFE0441782CAB85FA4AC
    shared = bytes.fromhex("46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b")
    peer = ec.EllipticCurvePublicNumbers(x, y, P256).public_key()
    assert ecdh(key(d), peer) == shared
    cases.append({"kind": "ecdh", "device_secret": d.to_bytes(32, "big"),
                  "issuer": peer.public_bytes(Encoding.X962, PublicFormat.CompressedPoint), "z": shared,
                  "expected": "valid", "reason": "NIST CAVS 14.1, KAS ECC CDH primitive, P-256, COUNT = 0"})
    # RFC 4231: an HMAC key of fewer than 32 bytes is the same key with zero bytes behind it.
    for number, hmac_key, data, published in RFC_4231[:4]:
        assert mac(hmac_key, data).hex() == published
        cases.append({"kind": "hmac", "z": hmac_key.ljust(32, b"\0"), "message": data,
                      "mac": bytes.fromhex(published), "response": cut(bytes.fromhex(published)), "expected": "valid",
                      "reason": f"RFC 4231 test case {number}"})
    for value, reason in [(0, "0"), (N, "n"), (2**256 - 1, "above n")]:
        cases.append({"kind": "secret_key", "device_secret": value.to_bytes(32, "big"), "expected": "invalid",
                      "reason": f"the scalar is {reason}"})
    cases += rotation_cases(2) + public_key_cases() + wire_key_cases() + challenge_cases(2)
    write("suite2", "Suite 2, P256-ECDH-MAC. 'expected' judges 'response' (kind rotation: both proofs).", cases)


RFC_4231 = [
    (1, b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    (2, b"Jefe", b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
    (3, b"\xaa" * 20, b"\xdd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    (4, bytes(range(1, 26)), b"\xcd" * 50, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
    (5, b"\x0c" * 20, b"Test With Truncation", "a3b6167473100ee06e0c796c2955552b"),
    (6, b"\xaa" * 131, b"Test Using Larger Than Block-Size Key - Hash Key First",
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
    (7, b"\xaa" * 131, b"This is a test using a larger than block-size key and a larger than block-size data. "
     b"The key needs to be hashed before being used by the HMAC algorithm.",
     "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
]


def aes(admin_key, block):
    encryptor = Cipher(algorithms.AES(admin_key), modes.ECB()).encryptor()
    return encryptor.update(block) + encryptor.finalize()


def suite3():
    cases = []

    def case(admin_key, chal, response, expected, reason):
        cases.append({"kind": "response", "admin_key": admin_key, "challenge": chal, "response": response,
                      "expected": expected, "reason": reason})

    text = bytes.fromhex("00112233445566778899aabbccddeeff")
    fips = {16: "69c4e0d86a7b0430d8cdb78070b4c55a", 24: "dda97ca4864cdfe06eaf70a0ec0d7191",
            32: "8ea2b7ca516745bfeafc49904b496089"}
    for number, (length, published) in enumerate(fips.items()):
        admin_key = bytes(range(length))
        assert aes(admin_key, text).hex() == published
        case(admin_key, text, bytes.fromhex(published), "valid", f"FIPS 197 C.{number + 1}, AES-{length * 8}")
    blocks = ["6bc1bee22e409f96e93d7e117393172a", "ae2d8a571e03ac9c9eb76fac45af8e51",
              "30c81c46a35ce411e5fbc1191a0a52ef", "f69f2445df4f9b17ad2b417be66c3710"]
    sp = {
        "1": ("2b7e151628aed2a6abf7158809cf4f3c", ["3ad77bb40d7a3660a89ecaf32466ef97", "f5d3d58503b9699de785895a96fdbaaf",
                                                   "43b1cd7f598ece23881b00e3ed030688", "7b0c785e27e8ad3f8223207104725dd4"]),
        "3": ("8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
              ["bd334f1d6e45f25ff712a214571fa5cc", "974104846d0ad3ad7734ecb3ecee4eef",
               "ef7afd2270e2e60adce0ba2face6444e", "9a4b41ba738d6c72fb16691603c18e0e"]),
        "5": ("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
              ["f3eed1bdb5d2a03c064b5a7e3db181f8", "591ccb10d410ed26dc5ba74a31362870",
               "b6ed21b99ca6f4f9f153e7b1beafed1d", "23304b7a39f9f3ff067d8d8f9e24ecc7"]),
    }
    for section, (admin_key, outputs) in sp.items():
        for block, published in zip(blocks, outputs):
            admin_key_bytes, block = bytes.fromhex(admin_key), bytes.fromhex(block)
            assert aes(admin_key_bytes, block).hex() == published
            case(admin_key_bytes, block, bytes.fromhex(published), "valid", f"SP 800-38A F.1.{section}, ECB")
    for length in (16, 24, 32):
        admin_key = sha(b"fido-unlock vectors admin key %d" % length)[:length]
        chal = sha(b"fido-unlock vectors suite 3")[:16]
        good = aes(admin_key, chal)
        case(admin_key, chal, good, "valid", f"AES-{length * 8}")
        decryptor = Cipher(algorithms.AES(admin_key), modes.ECB()).decryptor()
        case(admin_key, chal, decryptor.update(chal) + decryptor.finalize(), "invalid", "decrypted, not encrypted")
        case(admin_key, chal, aes(admin_key, chal[::-1]), "invalid", "the challenge read backwards")
        case(admin_key, chal, chal, "invalid", "the challenge itself")
        case(admin_key, chal, good[:15], "invalid", "one byte short")
        case(admin_key, chal, good + good, "invalid", "two blocks")
        case(admin_key, chal, good[:15] + bytes([good[15] ^ 1]), "invalid", "the last bit differs")
        case(admin_key, chal, b"", "invalid", "empty")
        other = sha(b"fido-unlock vectors other admin key")[:length]
        case(admin_key, chal, aes(other, chal), "invalid", "another device's key")

    def judge(admin_key, default, reason):
        cases.append({"kind": "default_key", "admin_key": admin_key,
                      "expected": "default" if default else "accepted", "reason": reason})

    for length in (16, 24, 32):
        def cycle(pattern):
            return (pattern * 32)[:length]
        judge(bytes(length), True, "all zeroes")
        judge(b"\xff" * length, True, "all FF")
        judge(b"\x41" * length, True, "one byte repeated")
        judge(cycle(bytes(range(1, 9))), True, "the PIV default management key's bytes")
        judge(cycle(bytes.fromhex("0123456789abcdef")), True, "hex digits")
        judge(cycle(bytes.fromhex("1122334455667788")), True, "hex digits in pairs")
        judge(bytes(range(length)), True, "counting from 00")
        judge(bytes(range(1, length + 1)), True, "counting from 01")
        judge(bytes(range(0x40, 0x40 + length)), True, "GlobalPlatform's default, counting from 40")
        judge(bytes(range(255, 255 - length, -1)), True, "counting down from FF")
        judge(cycle(bytes(range(0x40, 0x50))), True, "GlobalPlatform's default of 16 bytes, going round")
        judge(cycle(b"GEMXPRESSOSAMPLE"), True, "a maker's sample key, going round")
        judge(cycle(text), True, "FIPS 197's plaintext, going round")
        judge(sha(b"fido-unlock vectors admin key %d" % length)[:length], False, "random")
        judge(bytes(length - 1) + b"\x01", False, "nearly all zeroes: on no list")
    for section in sp:
        judge(bytes.fromhex(sp[section][0]), True, f"SP 800-38A F.1.{section}'s key")
    for length in (0, 8, 15, 17, 31, 33, 64):
        cases.append({"kind": "key_length", "admin_key": (sha(b"a") * 3)[:length], "expected": "invalid",
                      "reason": f"no AES key has {length} bytes"})
    cases += challenge_cases(3)
    write("suite3", "Suite 3, AES-ADMIN-KEY. 'expected' judges 'response', or the admin key.", cases)


def pin_protocol():
    """By python-fido2, whose random sources are replaced by fixed bytes."""
    cases = []
    authenticator = scalar(b"authenticator key agreement")
    authenticator_key = key(authenticator).public_key().public_numbers()
    peer = {1: 2, 3: -25, -1: 1, -2: authenticator_key.x.to_bytes(32, "big"), -3: authenticator_key.y.to_bytes(32, "big")}
    platform = scalar(b"platform key agreement")

    class FixedEc:
        def __getattr__(self, name):
            return getattr(ec, name)

        def generate_private_key(self, *_):
            return key(platform)

    fido2_pin.ec = FixedEc()
    iv = bytes(range(0x10, 0x20))
    real_urandom = os.urandom
    os.urandom = lambda count: iv[:count]
    pin = "Pässwort 1".encode()
    for protocol in (fido2_pin.PinProtocolV1(), fido2_pin.PinProtocolV2()):
        version = protocol.VERSION
        cose, secret = protocol.encapsulate(peer)
        cases.append({"kind": "key_agreement", "protocol": version, "authenticator_secret": authenticator.to_bytes(32, "big"),
                      "authenticator_x": peer[-2], "authenticator_y": peer[-3],
                      "platform_secret": platform.to_bytes(32, "big"), "platform_x": cose[-2], "platform_y": cose[-3],
                      "shared_secret": secret, "expected": "valid", "reason": f"python-fido2 2.2.1, protocol {version}"})
        for name, block in [("a padded PIN", fido2_pin._pad_pin(pin.decode())), ("a PIN hash", sha(pin)[:16]), ("nothing", b"")]:
            cipher = protocol.encrypt(secret, block)
            assert protocol.decrypt(secret, cipher) == block
            cases.append({"kind": "encrypt", "protocol": version, "shared_secret": secret, "iv": iv if version == 2 else b"",
                          "plain": block, "cipher": cipher, "expected": "valid",
                          "reason": f"python-fido2 2.2.1, protocol {version}, {name}"})
        good = protocol.encrypt(secret, bytes(16))
        for cipher, reason in [(good[:-1], "not whole blocks"), (good + b"\0", "not whole blocks")] + (
                [(good[:15], "shorter than its IV")] if version == 2 else []):
            cases.append({"kind": "decrypt", "protocol": version, "shared_secret": secret, "cipher": cipher,
                          "expected": "invalid", "reason": reason})
        for wrong in (secret[:-1], secret + b"\0", b"", secret + secret, sha(b"a") if version == 2 else sha(b"a") * 2):
            cases.append({"kind": "decrypt", "protocol": version, "shared_secret": wrong, "cipher": good,
                          "expected": "invalid", "reason": f"a shared secret of {len(wrong)} bytes"})
        message = b"fido-unlock/1 unlock\0 and more"
        param = protocol.authenticate(secret, message)

        def verify(param, expected, reason):
            cases.append({"kind": "verify", "protocol": version, "shared_secret": secret, "message": message,
                          "param": param, "expected": expected, "reason": reason})

        verify(param, "valid", f"python-fido2 2.2.1, protocol {version}")
        whole = mac(secret[:32], message)
        for length in (0, 1, 8, 15, 16, 17, 31, 32):
            if length != len(param):
                verify(whole[:length], "invalid", f"{length} bytes of the right HMAC")
        verify(whole + b"\0", "invalid", "one byte too long")
        verify(param[:-1] + bytes([param[-1] ^ 1]), "invalid", "the last bit differs")
        verify(bytes(len(param)), "invalid", "all zero")
        for number, hmac_key, data, published in RFC_4231:
            tag = bytes.fromhex(published)[:16 if version == 1 else 32]
            if len(tag) == (16 if version == 1 else 32):
                assert mac(hmac_key, data)[:len(tag)] == tag
                cases.append({"kind": "verify_with_key", "protocol": version, "key": hmac_key, "message": data, "param": tag,
                              "expected": "valid", "reason": f"RFC 4231 test case {number}"})
    for text, reason in [("1234", "digits"), ("Pässwort 1", "two bytes for one character"), ("x" * 63, "the longest")]:
        cases.append({"kind": "pin", "pin": text.encode(), "padded": fido2_pin._pad_pin(text), "pin_hash": sha(text.encode())[:16],
                      "expected": "valid", "reason": reason})
    for pin, reason in [(b"x" * 64, "64 bytes"), (b"", "empty"), (b"12\x0034", "a zero byte within")]:
        cases.append({"kind": "pin", "pin": pin, "expected": "invalid", "reason": reason})
    for padded, reason in [(b"1234" + bytes(59), "63 bytes"), (b"1234" + bytes(61), "65 bytes"), (b"x" * 64, "no zero byte"),
                           (b"1234" + bytes(59) + b"1", "something after the padding"), (b"", "empty")]:
        cases.append({"kind": "unpad", "padded": padded, "expected": "invalid", "reason": reason})
    for x, y, reason in [(1, 1, "not on the curve"), (0, 0, "infinity"), (authenticator_key.x, authenticator_key.y ^ 1, "y differs"),
                         (2**256 - 1, authenticator_key.y, "x above the prime")]:
        cases.append({"kind": "point", "x": x.to_bytes(32, "big"), "y": y.to_bytes(32, "big"), "expected": "invalid", "reason": reason})
    os.urandom = real_urandom
    write("pin_protocol", "PIN/UV auth protocols one and two (CTAP 2.1, 6.5.6 and 6.5.7) and the PIN's padding.", cases)


if __name__ == "__main__":
    suite1()
    suite2()
    suite3()
    pin_protocol()
