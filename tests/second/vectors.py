"""The second implementation against every file of tests/vectors: `vectors.py FOLDER`; prints the numbers of cases."""

import argparse
import json
import pathlib
import sys

import audit as audit_log
import pinuv
import random_codes
import suites
import transports


def code_line(case):
    want, got = case["outcome"], random_codes.verdict(case)
    if got.get("error") == "CodeCheck" and "groups" not in want:
        got.pop("groups"), got.pop("correction", None)
    return got, want


def hexes(case):
    """The case with its byte strings read."""
    names = {"id", "slot", "authorising_slot", "authorising_suite", "rotation", "protocol", "kind", "expected", "counter",
             "reason", "purpose"}
    return {name: value if name in names or value is None else bytes.fromhex(value) for name, value in case.items()}


def accepts(read, *arguments):
    """"valid" where nothing is refused."""
    try:
        return "invalid" if read(*arguments) is False else "valid"
    except ValueError:
        return "invalid"


def suite(number, case):
    v = argparse.Namespace(**hexes(case))
    got = {}
    if v.kind == "public_key":
        got["expected"] = accepts(suites.public_key, v.public_key)
    elif v.kind == "wire_key":
        got["expected"] = accepts(suites.from_wire, v.wire_key)
        if v.expected == "valid":
            got["public_key"] = suites.compressed(suites.from_wire(v.wire_key)).hex()
            got["wire_key"] = suites.wire(suites.public_key(v.public_key)).hex()
    elif v.kind == "challenge":
        got["challenge"] = suites.challenge(number, v.nonce, v.slot, v.counter).hex()
    elif v.kind == "secret_key":
        got["expected"] = accepts(suites.private_key, v.device_secret)
    elif v.kind == "default_key":
        got["expected"] = "default" if suites.known_default(v.admin_key) else "accepted"
    elif v.kind == "key_length":
        got["expected"] = accepts(suites.aes_ecb, v.admin_key, bytes(16))
    elif v.kind == "ecdh":
        got["z"] = suites.shared_x(suites.private_key(v.device_secret), suites.public_key(v.issuer)).hex()
    elif v.kind == "hmac":
        got["mac"] = suites.mac(v.z, v.message).hex()
        got["response"] = suites.first_100_bits(suites.mac(v.z, v.message)).hex()
    elif v.kind == "rfc6979":
        low = suites.sign(suites.private_key(v.issuer_secret), v.message)
        got["response"] = low.hex()
        got["expected"] = accepts(suites.verify_signature, suites.public_key(v.issuer), v.message, v.published)
    elif v.kind == "rotation":
        rotation(number, v, got)
    elif number == 3:
        got["expected"] = accepts(suites.verify, 3, v.admin_key, v.challenge, v.response)
        if v.expected == "valid":
            got["response"] = suites.respond(3, v.admin_key, v.challenge).hex()
    else:
        e = suites.private_key(v.device_secret) if number == 2 else None
        if e:
            got["device_key"] = suites.compressed(e).hex()
            got["z"] = suites.shared_x(e, suites.public_key(v.issuer)).hex()
        device_key = suites.compressed(e) if e else None
        got["message"] = suites.message(v.purpose, v.device_id, v.issuer, v.challenge, device_key).hex()
        got["expected"] = accepts(suites.verify, number, v.issuer, v.challenge, v.response, v.device_id, e, v.purpose)
        if hasattr(v, "issuer_secret"):
            q = suites.private_key(v.issuer_secret)
            made = suites.respond(number, q, v.challenge, v.device_id, device_key, v.purpose)
            got["response"], got["issuer"] = made.hex(), suites.compressed(q).hex()
    return got, {name: case[name] for name in got}


def rotation(number, v, got):
    e = suites.private_key(v.device_secret)
    device_key = suites.compressed(e)
    closed = v.new_issuer is None
    text = suites.rotation_message(number, v.device_id, v.slot, v.authorising_slot, v.old_issuer,
                                   suites.CLOSED if closed else v.new_issuer, v.rotation)
    authorised = suites.verify_proof(v.authorising_suite, v.authorising_issuer, text, v.authorising_proof, e)
    held = not v.new_proof if closed else suites.verify_proof(number, v.new_issuer, text, v.new_proof, e)
    got["message"] = text.hex()
    got["expected"] = "valid" if authorised and held else "invalid"
    if v.expected == "valid":
        key = suites.private_key(v.authorising_secret)
        got["authorising_proof"] = suites.prove(v.authorising_suite, key, text, device_key).hex()
        if not closed:
            got["new_proof"] = suites.prove(number, suites.private_key(v.new_secret), text, device_key).hex()


def suite1(case):
    return suite(1, case)


def suite2(case):
    return suite(2, case)


def suite3(case):
    return suite(3, case)


def pin_protocol(case):
    v = argparse.Namespace(**hexes(case))
    protocol = pinuv.PROTOCOLS.get(getattr(v, "protocol", None))
    got = {}
    if v.kind == "key_agreement":
        device, platform = suites.private_key(v.authenticator_secret), suites.private_key(v.platform_secret)
        got["authenticator_x"] = pinuv.cose(device.public_key())[-2].hex()
        got["platform_y"] = pinuv.cose(platform.public_key())[-3].hex()
        got["shared_secret"] = protocol.shared_secret(device, platform.public_key()).hex()
    elif v.kind == "encrypt":
        got["cipher"] = protocol.encrypt(v.shared_secret, v.plain, v.iv).hex()
        got["plain"] = protocol.decrypt(v.shared_secret, v.cipher).hex()
    elif v.kind == "decrypt":
        got["expected"] = accepts(protocol.decrypt, v.shared_secret, v.cipher)
    elif v.kind == "verify":
        got["expected"] = accepts(protocol.verify, v.shared_secret, v.message, v.param)
    elif v.kind == "verify_with_key":
        got["param"] = suites.mac(v.key, v.message)[:protocol.param_length].hex()
    elif v.kind == "pin":
        got["expected"] = accepts(pinuv.pad, v.pin)
        if v.expected == "valid":
            got["padded"], got["pin_hash"] = pinuv.pad(v.pin).hex(), pinuv.pin_hash(v.pin).hex()
    elif v.kind == "unpad":
        got["expected"] = accepts(pinuv.unpad, v.padded)
    elif v.kind == "point":
        got["expected"] = accepts(pinuv.from_cose, {1: 2, 3: -25, -1: 1, -2: v.x, -3: v.y})
    return got, {name: case[name] for name in got}


FIELDS = {1: "version", 2: "log_id", 3: "sequence", 4: "previous", 5: "at", 6: "event", 7: "operator", 8: "user",
          9: "device", 10: "request", 11: "error", 12: "challenge", 13: "code_sha256", 14: "method", 15: "vouched",
          16: "evidence", 17: "issuer", 18: "suite", 19: "slot", 20: "counter", 21: "second_operator",
          22: "detail", 23: "alarm"}


def audit(case):
    try:
        if case["kind"] == "log":
            audit_log.verify(bytes.fromhex(case["log_id"]), map(bytes.fromhex, case["entries"]),
                             map(bytes.fromhex, case["checkpoints"]), bytes.fromhex(case["checkpoint_key"]))
            got = {"expected": "valid"}
        else:
            data = bytes.fromhex(case["entry"])
            entry = audit_log.read_entry(data)
            got = {"expected": "valid", "hash": audit_log.entry_hash(data).hex(),
                   "fields": {FIELDS[key]: value.hex() if isinstance(value, bytes) else value
                              for key, value in entry.items()}}
    except audit_log.Fault as fault:
        got = {"expected": "invalid", "error": fault.error}
    return got, {name: case[name] for name in ("expected", "error", "hash", "fields") if name in case}


def counted(length):
    """The bytes of messages in these vectors."""
    return bytes(i * 7 % 251 for i in range(length))


def ctaphid(case):
    message, channel = counted(case["message_length"]), bytes.fromhex(case["channel"])
    try:
        made = transports.packets(channel, case["command"], message, case["report_size"])
    except ValueError:
        return {"expected": "too_large"}, {"expected": case["expected"]}
    shown = {number: made[int(number)].hex() for number in case["packets"]}
    got = {"expected": "valid", "count": len(made), "packets": shown}
    assert transports.reassemble(made) == (channel, case["command"], message)
    return got, {name: case[name] for name in got}


def apdu(case):
    if "apdu" in case:
        return {"expected": accepts(transports.read_apdu, bytes.fromhex(case["apdu"]))}, {"expected": case["expected"]}
    head, data = bytes.fromhex(case["head"]), counted(case["data_length"])
    made = transports.apdu(head, data, case["ne"], case["extended"])
    assert transports.read_apdu(made) == (head, data, case["ne"])
    got = {"apdu_start": made[:16].hex(), "apdu_end": made[-4:].hex(), "apdu_length": len(made)}
    return got, {name: case[name] for name in got}


def main():
    failed = False
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*.json")):
        cases = json.loads(path.read_text())["cases"]
        for case in cases:
            got, want = globals()[path.stem](case)
            assert got, case
            if got != want:
                failed = True
                print(f"{path.stem} {case['id']}, {case.get('reason')}: got {got}, want {want}", file=sys.stderr)
        print(path.stem, len(cases))
    sys.exit(failed)


if __name__ == "__main__":
    main()
