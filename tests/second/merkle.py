"""The tree of a desk's log, its tiles, checkpoints and proofs: docs/protocol/audit.md, "Tree" to "Proof file"."""

import base64
import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

import codes

LARGEST = 1 << 48


class Malformed(Exception):
    """A note, checkpoint, key or proof that is none, or does not hold."""


def require(condition, why):
    if not condition:
        raise Malformed(why)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def leaf(entry):
    return sha256(b"\0", entry)


def node(left, right):
    return sha256(b"\1", left, right)


class Peaks:
    """The roots of the full subtrees, largest first, of a log that grows."""

    def __init__(self):
        self.size, self.peaks = 0, []

    def append(self, one):
        at = self.size
        while at & 1:
            one = node(self.peaks.pop(), one)
            at >>= 1
        self.peaks.append(one)
        self.size += 1

    def root(self):
        if not self.peaks:
            return sha256()
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node(peak, root)
        return root

    def range(self):
        return self.size.to_bytes(8, "big") + b"".join(self.peaks)


def read_range(data):
    """A range's tree; None where the bytes are none."""
    out = Peaks()
    out.size = int.from_bytes(data[:8], "big")
    out.peaks = [data[at:at + 32] for at in range(8, len(data), 32)]
    whole = len(data) >= 8 and all(len(peak) == 32 for peak in out.peaks)
    return out if whole and out.size <= LARGEST and len(out.peaks) == out.size.bit_count() else None


def verify_inclusion(size, root, index, one, proof):
    """RFC 9162, section 2.1.3.2."""
    if index >= size or size > LARGEST:
        return False
    fn, sn, r = index, size - 1, one
    for p in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = node(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node(r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root


def verify_consistency(old, old_root, new, new_root, proof):
    """RFC 9162, section 2.1.4.2."""
    if not 0 < old <= new or new > LARGEST:
        return False
    if old == new:
        return not proof and old_root == new_root
    if old & old - 1 == 0:
        proof = [old_root, *proof]
    if not proof:
        return False
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = proof[0]
    for c in proof[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node(c, fr), node(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == old_root and sr == new_root


def place(index):
    groups = [f"{index % 1000:03}"]
    while index := index // 1000:
        groups.append(f"x{index % 1000:03}")
    return "/".join(reversed(groups))


def tile_place(index, width):
    return place(index) + ("" if width == 256 else f".p/{width}")


def tiles(leaves):
    """Level, index, width and bytes of each tile of a log."""
    level, hashes = 0, list(leaves)
    while hashes:
        above = []
        for index, at in enumerate(range(0, len(hashes), 256)):
            tile = hashes[at:at + 256]
            yield level, index, len(tile), b"".join(tile)
            if len(tile) == 256:
                while len(tile) > 1:
                    tile = [node(*tile[k:k + 2]) for k in range(0, len(tile), 2)]
                above += tile
        level, hashes = level + 1, above


def unbundle(data):
    out = []
    while data:
        length = int.from_bytes(data[:2], "big")
        require(len(data) >= 2 + length, "the bundle is cut short")
        out.append(data[2:2 + length])
        data = data[2 + length:]
    return out


# Notes

def unbase64(text):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Malformed("no base64") from None
    require(base64.b64encode(data).decode() == text, "another form of base64")
    return data


def number(text):
    require(text.isascii() and text.isdigit() and str(int(text)) == text, "no number")
    return int(text)


def check_name(name):
    spaces = any(c in codes.WHITE_SPACE or c < " " or "\x7f" <= c <= "\x9f" or c == "+" for c in name)
    require(1 <= len(name.encode()) <= 255 and not spaces, "no name of a key")
    return name


class Key:
    """A public key, from its line."""

    def __init__(self, line):
        parts = line.split("+", 2)
        require(len(parts) == 3, "no key")
        self.name, data = check_name(parts[0]), unbase64(parts[2])
        require(len(data) == 33 and data[0] == 1, "no Ed25519 key")
        self.id = sha256(self.name.encode(), b"\n\1", data[1:])[:4]
        require(parts[1] == self.id.hex(), "another key's id")
        try:
            self.public = Ed25519PublicKey.from_public_bytes(data[1:])
        except ValueError:
            raise Malformed("no Ed25519 key") from None
        self.data = data

    def under(self, name):
        """The same key under another name."""
        id = sha256(check_name(name).encode(), b"\n\1", self.data[1:])[:4]
        return Key(f"{name}+{id.hex()}+{base64.b64encode(self.data).decode()}")


def read_note(note):
    """Text, and signatures as pairs of a name and bytes."""
    at = note.rfind("\n\n")
    require(at >= 0 and note.endswith("\n") and len(note.encode()) <= 1 << 20, "no note")
    text, lines = note[:at + 1], note[at + 2:-1].split("\n")
    require(len(lines) <= 100 and not any(c < " " and c != "\n" for c in note), "no note")
    signatures = []
    for line in lines:
        parts = line.split(" ")
        require(len(parts) == 3 and parts[0] == "\u2014", "no signature")
        data = unbase64(parts[2])
        require(len(data) > 4, "no signature")
        signatures.append((check_name(parts[1]), data))
    return text, signatures


class Untrusted(Malformed):
    """A note that no trusted key has signed, or one that names a trusted key in vain."""


def open_note(note, *keys):
    """The text of a note that one of `keys` has signed, and none of them is named in it in vain."""
    text, signatures = read_note(note)
    signed = False
    for name, data in signatures:
        for key in keys:
            if (name, data[:4]) == (key.name, key.id):
                try:
                    key.public.verify(data[4:], text.encode())
                except InvalidSignature:
                    raise Untrusted("a wrong signature") from None
                signed = True
    if not signed:
        raise Untrusted("not signed by this key")
    return text


def read_checkpoint(note, key):
    """Origin, size and root."""
    text = open_note(note, key)
    require(text.endswith("\n"), "no checkpoint")
    lines = text[:-1].split("\n")
    require(len(lines) >= 3 and all(lines), "no checkpoint")
    size, root = number(lines[1]), unbase64(lines[2])
    require(size <= LARGEST and len(root) == 32, "no checkpoint")
    return check_name(lines[0]), size, root


def read_proof(text):
    """Index, hashes and signed checkpoint of a proof file."""
    first, checkpoint = text.split("\n\n", 1) if "\n\n" in text else (text, "")
    lines = first.split("\n")
    require(lines.pop(0) == "c2sp.org/tlog-proof@v1", "no proof")
    if lines and lines[0].startswith("extra "):
        unbase64(lines.pop(0)[len("extra "):])
    require(lines and lines[0].startswith("index "), "no index")
    index = number(lines.pop(0)[len("index "):])
    hashes = list(map(unbase64, lines))
    require(all(len(one) == 32 for one in hashes), "no hash")
    return index, hashes, checkpoint


def verify_proof(text, entry, origin, key):
    index, hashes, checkpoint = read_proof(text)
    name, size, root = read_checkpoint(checkpoint, key)
    require(name == origin, "another log")
    require(verify_inclusion(size, root, index, leaf(entry), hashes), "the proof does not hold")
    return index, size
