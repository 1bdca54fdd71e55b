"""The second implementation against every file of tests/vectors: `vectors.py FOLDER`; prints the numbers of cases."""

import argparse
import json
import pathlib
import sys

import cbor
import codes
import desklog
import deskrows
import issuers as issuer_list
import merkle
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


FIELDS = {1: "version", 2: "log_id", 3: "sequence", 4: "step", 5: "at", 6: "event", 7: "operator", 8: "user",
          9: "device", 10: "request", 11: "error", 12: "challenge", 13: "code_sha256", 14: "method", 15: "vouched",
          16: "evidence", 17: "issuer", 18: "suite", 19: "slot", 20: "counter", 21: "second_operator",
          22: "text", 23: "alarm", 24: "count", 25: "rotation"}


def desk_log_entry(case):
    data = bytes.fromhex(case["entry"])
    entry = desklog.read_entry(data)
    return {"leaf": merkle.leaf(data).hex(), "fields": {FIELDS[key]: value.hex() if isinstance(value, bytes) else value
                                                       for key, value in entry.items()}}


def desk_log_log(case):
    entries = desklog.read_entries(map(bytes.fromhex, case["entries"]))
    desklog.require(desklog.is_log(entries, bytes.fromhex(case["log_id"])), desklog.BROKEN, "another log")
    return {}


def counted_peaks(size):
    peaks = merkle.Peaks()
    for n in range(size):
        peaks.append(merkle.leaf(n.to_bytes(8, "big")))
    return peaks


def desk_log_root(case):
    peaks = counted_peaks(case["size"])
    assert merkle.read_range(peaks.range()).root() == peaks.root()
    return {"root": peaks.root().hex(), "range": peaks.range().hex()}


def desk_log_inclusion(case):
    merkle.require(merkle.verify_inclusion(
        case["size"], bytes.fromhex(case["root"]), case["index"], merkle.leaf(bytes.fromhex(case["entry"])),
        list(map(bytes.fromhex, case["proof"]))), "wrong")
    return {}


def desk_log_consistency(case):
    merkle.require(merkle.verify_consistency(
        case["old"], bytes.fromhex(case["old_root"]), case["new"], bytes.fromhex(case["new_root"]),
        list(map(bytes.fromhex, case["proof"]))), "wrong")
    return {}


def desk_log_tiles(case):
    made = {}
    for level, index, width, data in merkle.tiles(merkle.leaf(n.to_bytes(8, "big")) for n in range(case["size"])):
        path = merkle.tile_place(index, width)
        made[level, index, width] = {"level": level, "index": index, "width": width, "path": f"tile/{level}/{path}",
                                     "sha256": merkle.sha256(data).hex()}
        if level == 0:
            made[level, index, width]["entries_path"] = f"tile/entries/{path}"
    return {"count": len(made), "tiles": [made[one["level"], one["index"], one["width"]] for one in case["tiles"]]}


def desk_log_tile_path(case):
    path = merkle.tile_place(case["index"], 256)
    return {"path": f"tile/0/{path}", "entries_path": f"tile/entries/{path}"}


def desk_log_bundle(case):
    return {"entries": [entry.hex() for entry in merkle.unbundle(bytes.fromhex(case["bundle"]))]}


def desk_log_checkpoint(case):
    origin, size, root = merkle.read_checkpoint(case["note"], merkle.Key(case["key"]))
    return {"origin": desklog.origin_of(desklog.log_id_of(origin)), "size": size, "root": root.hex()}


def desk_log_key(case):
    merkle.Key(case["key"])
    return {}


def desk_log_proof_file(case):
    merkle.verify_proof(case["file"], bytes.fromhex(case["entry"]), case["origin"], merkle.Key(case["key"]))
    return {}


def desk_log_text(case):
    salt = bytes.fromhex(case["salt"])
    assert desklog.read_text_line(case["line"]) == (case["index"], salt, case["text"])
    return {"hash": desklog.text_hash(salt, case["text"]).hex(), "line": desklog.text_line(case["index"], salt, case["text"])}


def desk_log_text_line(case):
    desklog.read_text_line(case["line"])
    return {}


def desk_log_map(case):
    rows, roots = {}, []
    for step in case["steps"]:
        key = step["table"], bytes.fromhex(step["key"])
        if step["row"] is None:
            rows.pop(key, None)
        else:
            rows[key] = bytes.fromhex(step["row"])
        roots.append({**step, "root": deskrows.map_root(rows).hex()})
    return {"empty_root": deskrows.map_root({}).hex(), "steps": roots}


def desk_log_row(case):
    row = bytes.fromhex(case["row"])
    deskrows.read_row(case["table"], row)
    return {"hash": deskrows.row_hash(row).hex()}


def desk_log_head(case):
    head, tree = deskrows.read_head(bytes.fromhex(case["head"]), bytes.fromhex(case["seal_key"]))
    return {"fields": {"log_id": head[1].hex(), "size": tree.size, "root": tree.root().hex(), "map_root": head[3].hex(),
                       "at": head[4], "era": head[5][0], "since": head[5][1], "restores": head[5][2], "ended_by": head[5][3]}}


def desk_log_approval(case):
    row = deskrows.read_row("requests", bytes.fromhex(case["row"]))
    shown = deskrows.shown(row, deskrows.read_row("users", bytes.fromhex(case["user"])), 0, {0: 0, 1: 0})
    basis = deskrows.basis(bytes.fromhex(case["log_id"]), bytes.fromhex(case["request"]), row[7], shown)
    return {"shown": cbor.encode(shown).hex(), "basis": basis.hex()}


def desk_log_session(case):
    return {"key": deskrows.session_key(bytes.fromhex(case["log_id"]), bytes.fromhex(case["secret"])).hex()}


def desk_log_licence(case):
    values = deskrows.read_licence(case["file"], merkle.Key(case["key"]))
    return dict(zip(("holder", "devices", "valid_until", "contact"), values))


def desk_log_request(case):
    number = deskrows.read_request(case["line"])
    return {"bytes": number.hex(), "written": deskrows.request_line(number)}


ERRORS = {"CodeLength": 201, "CodeCharacter": 202, "CodeCheck": 203, "CodeKind": 204}


def desk_log(case):
    try:
        got = {"expected": "valid", **globals()[f"desk_log_{case['kind']}"](case)}
    except (desklog.Fault, deskrows.Fault) as fault:
        got = {"expected": "invalid", "error": fault.error}
    except codes.Refused as refused:
        got = {"expected": "invalid", "error": ERRORS[refused.error]}
    except merkle.Malformed:
        got = {"expected": "invalid"}
    want = {name: case.get(name) for name in got}
    if case["kind"] == "text_line":
        got.pop("error"), want.pop("error")
    return got, want


def issuers(case):
    try:
        origin, made_at, keys = issuer_list.read(case["note"], case["keys"])
    except issuer_list.Refused as refused:
        return {"expected": "invalid", "error": refused.error}, {name: case.get(name) for name in ("expected", "error")}
    got = {"expected": "valid", "origin": origin, "made_at": made_at, "issuers": [
        {"slot": slot, "suite": suite, "public_key": key.hex(), "fingerprint": issuer_list.fingerprint(key).hex(), "retired": retired}
        for slot, suite, key, retired in keys]}
    if case["kind"] == "slots":
        seen = [(slot["slot"], slot["fingerprint"] and bytes.fromhex(slot["fingerprint"])) for slot in case["slots"]]
        got = {"expected": "valid", "foreign": issuer_list.foreign(keys, seen)}
    return got, {name: case.get(name) for name in got}


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
