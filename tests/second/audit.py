"""The help desk's audit log and its checkpoints: docs/protocol/audit-1.md and nothing else.

`audit.py LOG [CHECKPOINT KEY]` verifies a log file, and a checkpoint of 128 bytes by its key's compressed point in hex.
"""

import hashlib
import json
import pathlib
import sys
import unicodedata

import cbor
import codes
import suites

CORRUPT, BROKEN, CHECKPOINT, LATER = 703, 704, 705, 706
EVENTS = {
    1: "LogCreated", 2: "LogRecovered", 10: "SignedIn", 11: "Searched", 20: "RequestOpened", 21: "CallerVerified",
    22: "Approved", 23: "ChallengeAccepted", 24: "ReasonChanged", 30: "Authorised", 31: "CodeMade", 32: "CodeSent",
    40: "Done", 41: "Abandoned", 42: "NoticeFailed", 50: "Refused", 60: "AlarmRaised", 61: "AlarmAcknowledged",
    70: "UserChanged", 71: "ChannelChanged", 72: "ChannelRemoved", 80: "DeviceRegistered", 81: "DeviceRotated",
    82: "DeviceRetired", 83: "PinBlocked", 90: "ServiceSwitched", 91: "CheckpointMade", 92: "IssuerKeyMade", 93: "IssuerKeysBackedUp",
    94: "IssuerKeysRestored", 95: "OperatorChanged", 96: "DownloadFetched", 97: "ClockAccepted",
}
CLOCK_ACCEPTED = 97
# Bits of a number, or the lengths that are taken; text by its limits.
NUMBERS = {1: 64, 3: 64, 5: 64, 6: 16, 10: 64, 11: 16, 14: 8, 15: 8, 18: 8, 19: 8, 20: 16, 23: 64}
BYTES = {2: {16}, 4: {32}, 9: {10}, 12: {16, 18}, 13: {32}, 16: {32}, 17: {32}}
VIEW = {"operator": 7, "second_operator": 21, "user": 8, "device_id": 9, "request": 10, "error": 11, "challenge": 12,
        "code_sha256": 13, "method": 14, "vouched": 15, "evidence": 16, "issuer": 17, "suite": 18, "slot": 19,
        "counter": 20, "detail": 22, "alarm": 23}
TEXTS = {7: (1, 128), 8: (1, 128), 21: (1, 128), 22: (0, 400)}


class Fault(Exception):
    def __init__(self, error, why):
        super().__init__(error, why)
        self.error = error


def require(condition, error, why):
    if not condition:
        raise Fault(error, why)


def is_number(value):
    return type(value) is int and value >= 0


def read_entry(data):
    """The entry's map."""
    version = None
    if data[:2] > b"\xa0" and data[1:2] == b"\x01":
        try:
            version, _ = cbor.read(data[2:], 1)
        except cbor.Malformed:
            pass
    require(not is_number(version) or version == 1, LATER, "version")
    try:
        entry = cbor.decode(data)
    except cbor.Malformed as malformed:
        raise Fault(BROKEN, str(malformed)) from None
    require(isinstance(entry, dict) and all(map(is_number, entry)), BROKEN, "no map of numbers")
    for key, value in entry.items():
        require(key in NUMBERS or key in BYTES or key in TEXTS, LATER, f"key {key}")
        if key in NUMBERS:
            require(is_number(value) and value < 1 << NUMBERS[key], BROKEN, f"key {key}")
        elif key in BYTES:
            require(isinstance(value, bytes) and len(value) in BYTES[key], BROKEN, f"key {key}")
        else:
            low, high = TEXTS[key]
            require(isinstance(value, str) and low <= len(value.encode()) <= high, BROKEN, f"key {key}")
            require(key == 22 or is_name(value), BROKEN, f"key {key}")
    require(all(key in entry for key in range(1, 7)), BROKEN, "a field is missing")
    require(entry[6] in EVENTS, LATER, "event")
    return entry


def is_name(text):
    return not any(unicodedata.category(c) == "Cc" for c in text) and text[0] not in codes.WHITE_SPACE \
        and text[-1] not in codes.WHITE_SPACE


def entry_hash(data):
    return hashlib.sha256(b"fido-unlock/1 audit\0" + data).digest()


def checkpoint_message(log_id, count, head, at):
    return b"fido-unlock/1 checkpoint\0" + log_id + count.to_bytes(8, "big") + head + at.to_bytes(8, "big")


def verify(log_id, entries, checkpoints=(), key=None):
    """Fault where the log, or a checkpoint under the compressed public `key`, is not good. Gives the entries' maps."""
    heads = {}
    for signed in checkpoints:
        require(len(signed) == 128, CHECKPOINT, "length")
        text = b"fido-unlock/1 checkpoint\0" + signed[:64]
        require(suites.verify_signature(suites.public_key(key), text, signed[64:]), CHECKPOINT, "signature")
        require(signed[:16] == log_id, CHECKPOINT, "log id")
        heads.setdefault(int.from_bytes(signed[16:24], "big"), []).append(signed[24:56])
    head, before, out, hashes = bytes(32), 0, [], [bytes(32)]
    for number, data in enumerate(entries):
        entry = read_entry(data)
        require(entry[2] == log_id and entry[3] == number and entry[4] == head, BROKEN, f"entry {number}: chain")
        require(entry[5] >= before or entry[6] == CLOCK_ACCEPTED, BROKEN, f"entry {number}: time")
        head, before = entry_hash(data), entry[5]
        hashes.append(head)
        out.append(entry)
    for count, wanted in heads.items():
        require(count < len(hashes), CHECKPOINT, "the log is shorter")
        require(all(one == hashes[count] for one in wanted), CHECKPOINT, "another log")
    return out


def view(entry):
    """What a person reads of it."""
    out = {"sequence": entry[3], "at": entry[5], "event": EVENTS[entry[6]]}
    for name, key in VIEW.items():
        if key in entry:
            value = entry[key]
            out[name] = codes.line(codes.DEVICE_ID, value) if key == 9 else \
                value.hex() if isinstance(value, bytes) else value
    return out


def line(data):
    """The entry's line in a file, without its end."""
    row = {"entry": data.hex(), "view": view(read_entry(data))}
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode()


def read_file(path):
    """Log id and entries of a log file."""
    first, *rest = pathlib.Path(path).read_bytes().split(b"\n")[:-1]
    try:
        header = json.loads(first)
        log_id = bytes.fromhex(header["log_id"])
        require(header["format"] == "fido-unlock audit log", CORRUPT, "no audit log")
        require(type(header["version"]) in (int, float), CORRUPT, "no version")
        require(header["version"] == 1, LATER, "version of the file")
        written = {"format": header["format"], "version": 1, "log_id": log_id.hex()}
        require(json.dumps(written, separators=(",", ":")).encode() == first, CORRUPT, "another form")
    except (ValueError, KeyError, TypeError) as error:
        raise Fault(CORRUPT, f"the first line: {error}") from None
    entries = []
    for stored in rest:
        try:
            entries.append(bytes.fromhex(json.loads(stored)["entry"]))
        except (ValueError, KeyError, TypeError) as error:
            raise Fault(BROKEN, f"a line: {error}") from None
        require(line(entries[-1]) == stored, BROKEN, "the view says something else")
    return log_id, entries


def main():
    log, *checkpoint = sys.argv[1:]
    signed = [pathlib.Path(checkpoint[0]).read_bytes()] if checkpoint else []
    try:
        entries = verify(*read_file(log), signed, bytes.fromhex(checkpoint[1]) if checkpoint else None)
    except Fault as fault:
        sys.exit(str(fault))
    print(len(entries))


if __name__ == "__main__":
    main()
