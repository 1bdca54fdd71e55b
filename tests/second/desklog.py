"""A help desk's log: docs/protocol/audit.md and nothing else.

`desklog.py FOLDER KEY` verifies an exported log by the line of the key that signs its checkpoints, and with it
`--earlier FILE`: a checkpoint that was kept; `--consistency FILE PROOF`: one and the hashes that lead from it to the
folder's, in base64, one a line; `--proof FILE`: a proof file of an entry; `--store FILE`: what a desk keeps
(deskrows.py)."""

import argparse
import base64
import json
import pathlib
import sys

import cbor
import deskrows
import merkle

BROKEN, CHECKPOINT, LATER = 704, 705, 706
EVENTS = {
    1: "LogCreated", 2: "LogRestored", 3: "SetUpEnded", 10: "SignedIn", 11: "Searched", 12: "SignInsRefused",
    13: "SignedOut", 20: "RequestOpened", 21: "CallerVerified", 22: "Approved", 23: "ChallengeAccepted",
    24: "ReasonChanged", 25: "TakenOver", 26: "DeliveryChanged", 27: "ApprovalAsked", 28: "ManagerAsked",
    29: "CallerDenied", 30: "Authorised", 31: "CodeMade", 32: "CodeSent", 33: "CallerNotKnown",
    34: "CallerNumberNoted", 35: "CallerReported", 40: "Done", 41: "Abandoned", 42: "NoticeSent", 43: "NoticeFailed", 50: "Refused",
    60: "AlarmRaised", 61: "AlarmAcknowledged", 70: "UserChanged", 71: "ChannelChanged", 72: "ChannelRemoved",
    73: "UserErased", 74: "ManagerChanged", 80: "DeviceRegistered", 81: "DeviceRotated", 82: "DeviceRetired", 83: "PinBlocked",
    84: "SlotsSeen", 90: "ServiceSwitched", 91: "CheckpointMade", 92: "IssuerKeyMade", 93: "IssuerKeysBackedUp",
    94: "IssuerKeysRestored", 95: "OperatorChanged", 96: "DownloadFetched", 97: "ClockAccepted",
    98: "LicenceChanged", 99: "RulesChanged", 100: "ChangeApproved", 101: "OperatorRemoved", 102: "PasswordChanged",
    103: "LogRead", 104: "AnnouncementsRead", 110: "SignInConfirmed", 111: "PasskeyAdded", 112: "PasskeyNamed",
    113: "PasskeyRemoved", 114: "SignInCodeGiven", 115: "TokenMade", 116: "TokenRevoked",
}
LOG_RESTORED, CLOCK_ACCEPTED = 2, 97
# Bits of a number, or the lengths that are taken.
NUMBERS = {1: 8, 3: 64, 5: 64, 6: 16, 11: 16, 14: 8, 15: 8, 18: 8, 19: 8, 20: 16, 23: 64, 24: 32, 25: 32}
BYTES = {2: {16}, 4: {16}, 7: {10}, 8: {10}, 9: {10}, 10: {10}, 12: {16, 18}, 13: {32}, 16: {32}, 17: {32}, 21: {10}, 22: {32}}
# The keys of each event beyond 1 to 6: those that it may have. Refused and AlarmRaised have what was known.
WHO = {7, 8, 9, 10}
KNOWN = WHO | {12, 17, 18, 19, 20, 21, 23, 25}
KEYS = {
    1: set(), 2: {7, 22}, 3: {7}, 10: {7}, 11: {7, 8, 9, 22}, 12: {7, 11, 24}, 13: {7, 24}, 20: WHO | {22},
    21: WHO | {14, 15, 16, 21}, 22: WHO | {16, 21}, 23: WHO | {12, 18, 19, 20}, 24: WHO | {22}, 25: WHO | {21},
    26: WHO | {22}, 27: WHO, 28: WHO | {21}, 29: WHO | {16, 21}, 30: WHO | {12, *range(14, 23)}, 31: WHO | {13}, 32: WHO | {22}, 33: WHO | {16, 21}, 34: WHO | {22}, 35: WHO | {22}, 40: WHO | {20}, 41: WHO,
    42: WHO, 43: WHO | {22, 24}, 50: KNOWN | {11}, 60: KNOWN | {11, 23}, 61: {7, 9, 11, 20, 22, 23}, 70: {7, 8, 22},
    71: {7, 8, 22}, 72: {7, 8, 22}, 73: {7, 8}, 74: {7, 8, 21}, 80: {7, 8, 9, 17, 18, 19, 20}, 81: {7, 8, 9, 17, 18, 19, 25},
    82: {7, 8, 9}, 83: {7, 9}, 84: {7, 8, 9}, 90: {7, 22}, 91: {7}, 92: {7, 17, 18, 19}, 93: {7}, 94: {7},
    95: {7, 21, 22}, 96: {7, 22}, 97: {7, 22}, 98: {7, 22}, 99: {7, 22}, 100: {7, 8, 21, 22}, 101: {7, 21},
    102: {7, 21}, 103: {7}, 104: {7, 24}, 110: {7}, 111: {7}, 112: {7}, 113: {7}, 114: {7, 21, 22},
    115: {7, 22}, 116: {7},
}
# Those that it may lack: in suite 3, without a text or evidence, where nobody is known, and what is one or another.
MAY_LACK = {16, 17, 20, 21, 22}
LACKS = {11: {8, 9}, 12: {7}, 13: {24}, 50: KNOWN, 60: KNOWN - {23}, 61: {9}, 92: {18}, 95: {7}, 100: {8}, 114: {7}}


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
    require(not is_number(version) or version <= 2, LATER, "version")
    try:
        entry = cbor.decode(data)
    except cbor.Malformed as malformed:
        raise Fault(BROKEN, str(malformed)) from None
    require(isinstance(entry, dict) and all(map(is_number, entry)), BROKEN, "no map of numbers")
    for key, value in entry.items():
        require(key in NUMBERS or key in BYTES, LATER, f"key {key}")
        if key in NUMBERS:
            require(is_number(value) and value < 1 << NUMBERS[key], BROKEN, f"key {key}")
        else:
            require(isinstance(value, bytes) and len(value) in BYTES[key], BROKEN, f"key {key}")
    require(all(key in entry for key in range(1, 7)), BROKEN, "a field is missing")
    require(entry[1] == 2, BROKEN, "version")
    require(entry[6] in EVENTS, LATER, "event")
    return entry


def read_entries(entries):
    """The entries' maps, in their order."""
    out = []
    for number, data in enumerate(entries):
        entry = read_entry(data)
        require(entry[3] == number, BROKEN, f"entry {number}: place")
        if out:
            before = out[-1]
            another = entry[2] != before[2]
            require(another == (entry[6] == LOG_RESTORED), BROKEN, f"entry {number}: log id")
            require(entry[5] >= before[5] or entry[6] == CLOCK_ACCEPTED, BROKEN, f"entry {number}: time")
        out.append(entry)
    return out


def is_log(entries, log_id):
    """Whether these entries' maps are those of the log of this id."""
    return not entries or entries[-1][2] == log_id


def origin_of(log_id):
    return "fido-unlock/" + log_id.hex()


def log_id_of(origin):
    digits = origin.removeprefix("fido-unlock/")
    log_id = bytes.fromhex(digits) if len(digits) == 32 and set(digits) <= set("0123456789abcdef") else b""
    require(log_id and origin_of(log_id) == origin, CHECKPOINT, "not the log of a desk")
    return log_id


# Texts

def text_hash(salt, text):
    return merkle.sha256(b"fido-unlock/1 text\0", salt, text.encode())


def text_line(index, salt, text):
    return json.dumps({"index": index, "salt": salt.hex(), "text": text}, ensure_ascii=False, separators=(",", ":"))


def read_text_line(line):
    try:
        row = json.loads(line)
        index, salt, text = row["index"], bytes.fromhex(row["salt"]), row["text"]
        require(is_number(index) and len(salt) == 32 and isinstance(text, str), BROKEN, "no text")
        require(text_line(index, salt, text).encode() == line.encode(), BROKEN, "another form of a text")
    except (ValueError, KeyError, TypeError) as error:
        raise Fault(BROKEN, f"no text: {error}") from None
    return index, salt, text


# The folder

class Export:
    """A folder that was verified: its checkpoint, entries and texts."""

    def __init__(self, folder, key):
        self.folder, self.key = pathlib.Path(folder), key
        self.origin, self.size, self.root = self.checkpoint(self.read("checkpoint"))
        self.log_id = log_id_of(self.origin)
        self.entries, bundles = [], []
        for at in range(0, self.size, 256):
            width = min(256, self.size - at)
            bundles.append((merkle.tile_place(at // 256, width), at, width))
            try:
                entries = merkle.unbundle(self.read(f"tile/entries/{bundles[-1][0]}"))
            except merkle.Malformed as malformed:
                raise Fault(BROKEN, str(malformed)) from None
            require(len(entries) == width, BROKEN, "another number of entries")
            self.entries += entries
        self.maps = read_entries(self.entries)
        require(is_log(self.maps, self.log_id), CHECKPOINT, "another log")
        self.verify_tree()
        self.texts = {}
        for name, at, width in bundles:
            self.read_texts(name, range(at, at + width))
        self.verify_restored()

    def read(self, path):
        try:
            return (self.folder / path).read_bytes()
        except OSError:
            raise Fault(BROKEN, f"{path} is not there") from None

    def checkpoint(self, data, key=None):
        try:
            return merkle.read_checkpoint(data.decode(), key or self.key)
        except (UnicodeDecodeError, merkle.Malformed) as error:
            raise Fault(CHECKPOINT, str(error)) from None

    def verify_tree(self):
        leaves = list(map(merkle.leaf, self.entries))
        peaks, self.roots = merkle.Peaks(), []
        for one in leaves:
            self.roots.append(peaks.root())
            peaks.append(one)
        self.roots.append(peaks.root())
        require(peaks.root() == self.root, CHECKPOINT, "another root")
        for level, index, width, data in merkle.tiles(leaves):
            path = f"tile/{level}/{merkle.tile_place(index, width)}"
            require(self.read(path) == data, BROKEN, path)

    def read_texts(self, name, places):
        path = self.folder / f"texts/{name}.jsonl"
        if not path.exists():
            return
        before = -1
        lines = path.read_bytes().decode().split("\n")
        require(lines.pop() == "", BROKEN, "a line has no end")
        for line in lines:
            index, salt, text = read_text_line(line)
            require(before < index and index in places, BROKEN, "a text in another place")
            require(self.maps[index].get(22) == text_hash(salt, text), BROKEN, f"another text than entry {index} has")
            before = index
            self.texts[index] = text

    def origin_at(self, size):
        """The origin that the first entries had, as many as `size`."""
        return origin_of(self.maps[max(size, 1) - 1][2]) if self.maps else self.origin

    def verify_restored(self):
        for place, text in self.texts.items():
            if self.maps[place][6] == LOG_RESTORED and place > 0:
                root = base64.b64encode(self.roots[place]).decode()
                head = f"{self.origin_at(place)}\n{place}\n{root}\n\n"
                require(text.startswith(head), BROKEN, f"entry {place}: the head before it is another")

    def kept(self, data):
        """A checkpoint that was kept elsewhere is the beginning of this log: of one that was restored since, it is signed
        under the name that the log had."""
        try:
            key = self.key.under(data.decode().split("\n", 1)[0])
        except (UnicodeDecodeError, merkle.Malformed) as error:
            raise Fault(CHECKPOINT, str(error)) from None
        origin, size, root = self.checkpoint(data, key)
        require(size <= self.size and origin == self.origin_at(size), CHECKPOINT, "another log, or a longer one")
        require(self.roots[size] == root, CHECKPOINT, "the log was rewritten")
        return size, root

    def consistent(self, data, proof):
        """The same by a proof, without the entries."""
        origin, size, root = self.checkpoint(data)
        require(origin == self.origin, CHECKPOINT, "another log")
        good = merkle.verify_consistency(size, root, self.size, self.root, proof)
        require(good, CHECKPOINT, "the proof of consistency does not hold")

    def proved(self, text):
        try:
            index, _, _ = merkle.read_proof(text)
            require(index < self.size, CHECKPOINT, "no such entry")
            merkle.verify_proof(text, self.entries[index], self.origin, self.key)
        except merkle.Malformed as malformed:
            raise Fault(CHECKPOINT, str(malformed)) from None

    def events(self):
        """Each event has keys that the table gives it."""
        for entry in self.maps:
            event, has = entry[6], set(entry) - set(range(1, 7))
            more, less = has - KEYS[event], KEYS[event] - has - MAY_LACK - LACKS.get(event, set())
            require(not more and not less, BROKEN, f"{EVENTS[event]} has keys {more}, and lacks {less}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("key")
    parser.add_argument("--earlier", action="append", default=[])
    parser.add_argument("--consistency", action="append", nargs=2, default=[])
    parser.add_argument("--proof", action="append", default=[])
    parser.add_argument("--store")
    options = parser.parse_args()
    read = lambda path: pathlib.Path(path).read_bytes()
    try:
        export = Export(options.folder, merkle.Key(options.key))
        export.events()
        for path in options.earlier:
            export.kept(read(path))
        for path, proof in options.consistency:
            export.consistent(read(path), [merkle.unbase64(line) for line in read(proof).decode().split()])
        for path in options.proof:
            export.proved(read(path).decode())
        rows = deskrows.verify_store(json.loads(read(options.store)), export) if options.store else 0
    except (Fault, deskrows.Fault, merkle.Malformed) as fault:
        sys.exit(f"refused: {fault}")
    print(f"{export.size} entries, {len(export.texts)} texts, {rows} rows")


if __name__ == "__main__":
    main()
