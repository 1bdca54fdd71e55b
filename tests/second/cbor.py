"""CTAP2 canonical CBOR (CTAP 2.1, section 8) with unsigned and negative integers, byte and text strings, arrays,
maps, booleans and null."""


class Malformed(Exception):
    """Not CBOR, or CBOR of a form that is refused."""


class BoolKey(int):
    """A boolean as a key, which Python would take for 0 or 1."""

    def __eq__(self, other):
        return isinstance(other, BoolKey) and int(self) == int(other)

    __hash__ = object.__hash__


def head(major, n):
    for info, length in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if n < 24:
            return bytes([major << 5 | n])
        if n < 1 << 8 * length:
            return bytes([major << 5 | info]) + n.to_bytes(length, "big")
    raise Malformed("too large")


def encode(item):
    if isinstance(item, (bool, BoolKey)):
        return b"\xf5" if item else b"\xf4"
    if item is None:
        return b"\xf6"
    if isinstance(item, int):
        return head(0, item) if item >= 0 else head(1, -1 - item)
    if isinstance(item, bytes):
        return head(2, len(item)) + item
    if isinstance(item, str):
        return head(3, len(item.encode())) + item.encode()
    if isinstance(item, list):
        return head(4, len(item)) + b"".join(map(encode, item))
    pairs = sorted((encode(k), encode(v)) for k, v in item.items())
    return head(5, len(pairs)) + b"".join(k + v for k, v in sorted(pairs, key=lambda p: (p[0][0] >> 5, len(p[0]), p[0])))


def decode(data, canonical=True, levels=4):
    """One item, whole. Canonical or not, no key is there twice and nothing stands behind the item."""
    item, rest = read(data, 5 - levels)
    if rest:
        raise Malformed("bytes after the end")
    if canonical and encode(item) != data:
        raise Malformed("not canonical")
    return item


def take(data, n):
    if len(data) < n:
        raise Malformed("cut short")
    return data[:n], data[n:]


def read(data, level):
    first, data = take(data, 1)
    major, info = first[0] >> 5, first[0] & 31
    if major == 7 and info in (20, 21, 22):
        return {20: False, 21: True, 22: None}[info], data
    if major > 5 or info > 27:
        raise Malformed("a tag, a float, or an indefinite length")
    n = info
    if info > 23:
        n, data = take(data, 1 << info - 24)
        n = int.from_bytes(n, "big")
    if major < 2:
        return (-1 - n if major else n), data
    if major < 4:
        item, data = take(data, n)
        try:
            return (item if major == 2 else item.decode()), data
        except UnicodeDecodeError:
            raise Malformed("not UTF-8") from None
    if level > 4:
        raise Malformed("nested too deep")
    if major == 4:
        items = []
        for _ in range(n):
            item, data = read(data, level + 1)
            items.append(item)
        return items, data
    pairs = {}
    for _ in range(n):
        key, data = read(data, level + 1)
        key = BoolKey(key) if isinstance(key, bool) else key
        if isinstance(key, (list, dict)) or key in list(pairs):
            raise Malformed("a key that is twice there, or no key")
        pairs[key], data = read(data, level + 1)
    return pairs, data
