"""The codes that people read aloud: docs/protocol/codes.md and nothing else."""

import re

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ALIKE = {"I": "1", "L": "1", "O": "0"}
LINE_BREAKS = "\n\r\v\f\u0085\u2028\u2029"
WHITE_SPACE = "\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007" \
    "\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
SKIPPED = [
    (0x0000, 0x0023), (0x0025, 0x002A), (0x002C, 0x002F), (0x003A, 0x003B), (0x003F, 0x0040), (0x005B, 0x005D),
    (0x005F, 0x005F), (0x007B, 0x007B), (0x007D, 0x007D), (0x007F, 0x00A1), (0x00A7, 0x00A7), (0x00AB, 0x00AB),
    (0x00AD, 0x00AD), (0x00B6, 0x00B7), (0x00BB, 0x00BB), (0x00BF, 0x00BF), (0x034F, 0x034F), (0x0387, 0x0387),
    (0x058A, 0x058A), (0x05BE, 0x05BE), (0x061C, 0x061C), (0x115F, 0x1160), (0x1400, 0x1400), (0x1680, 0x1680),
    (0x17B4, 0x17B5), (0x1806, 0x1806), (0x180B, 0x180F), (0x2000, 0x206F), (0x207B, 0x207B), (0x208B, 0x208B),
    (0x2212, 0x2212), (0x2219, 0x2219), (0x22C5, 0x22C5), (0x2800, 0x2800), (0x2E00, 0x2E2E), (0x2E30, 0x2E7F),
    (0x3000, 0x3003), (0x3008, 0x3011), (0x3014, 0x301F), (0x3030, 0x3030), (0x30A0, 0x30A0), (0x30FB, 0x30FB),
    (0x3164, 0x3164), (0xFE00, 0xFE6F), (0xFEFF, 0xFEFF), (0xFF5F, 0xFF65), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFB),
    (0x10101, 0x10101), (0x10D6E, 0x10D6E), (0x10EAD, 0x10EAD), (0xE0000, 0xE0FFF)]
SPOKEN = ("Zero One Two Three Four Five Six Seven Eight Nine Alfa Bravo Charlie Delta Echo Foxtrot Golf Hotel "
          "Juliett Kilo Mike November Papa Quebec Romeo Sierra Tango Victor Whiskey X-ray Yankee Zulu").split()


class Kind:
    def __init__(self, name, c, bits):
        self.name, self.c, self.bits = name, c, bits
        self.data = -(-bits // 5)
        self.length = self.data + 4
        self.bytes = -(-bits // 8)


DEVICE_ID = Kind("DeviceId", 1, 80)
CHALLENGE = Kind("DeviceChallenge", 2, 140)
RESPONSE = Kind("ResponseLine", 3, 100)
LONG = [Kind(f"ResponseLong{n}", 3 + n, 128) for n in range(1, 5)]
KINDS = [DEVICE_ID, CHALLENGE, RESPONSE, *LONG]


class Refused(Exception):
    """A text that is no good code: the error's name and what is told with it."""

    def __init__(self, error, **detail):
        super().__init__(error, detail)
        self.error, self.detail = error, detail


# GF(32)

POWERS = [1]
while len(POWERS) < 31:
    double = POWERS[-1] << 1
    POWERS.append(double ^ 0b100101 if double & 32 else double)
LOG = {power: k for k, power in enumerate(POWERS)}


def mul(*factors):
    product = 1
    for factor in factors:
        if not factor:
            return 0
        product = POWERS[(LOG[product] + LOG[factor]) % 31]
    return product


def div(a, b):
    return mul(a, POWERS[-LOG[b] % 31])


def column(i):
    return [mul(POWERS[i % 31], *[i] * power) for power in range(4)]


def syndrome(values):
    total = [0, 0, 0, 0]
    for i, value in enumerate(values):
        total = [t ^ mul(value, entry) for t, entry in zip(total, column(i))]
    return total


def difference(values, kind):
    s = syndrome(values)
    return [s[0], s[1], s[2], s[3] ^ kind.c]


def check(data, kind):
    t = difference(data, kind)
    d = len(data)
    out = []
    for k in range(d, d + 4):
        p, q, r = [i for i in range(d, d + 4) if i != k]
        numerator = mul(p, q, r, t[0]) ^ mul(mul(p, q) ^ mul(p, r) ^ mul(q, r), t[1]) ^ mul(p ^ q ^ r, t[2]) ^ t[3]
        out.append(div(numerator, mul(k ^ p, k ^ q, k ^ r, POWERS[k % 31])))
    return out


# Writing

def written(values):
    text = "".join(ALPHABET[value] for value in values)
    return "-".join(text[i:i + 4] for i in range(0, len(text), 4))


def line(kind, code):
    """One line of a code's bytes."""
    bits = "".join(f"{byte:08b}" for byte in code)[:kind.bits].ljust(kind.data * 5, "0")
    data = [int(bits[i:i + 5], 2) for i in range(0, len(bits), 5)]
    return written(data + check(data, kind))


def write_response(suite, response):
    if suite == 1:
        return "\n".join(line(kind, response[16 * n:16 * n + 16]) for n, kind in enumerate(LONG))
    return line(RESPONSE, response) if suite == 2 else response.hex().upper()


def spoken(text):
    return "\n".join(" ".join(", ".join(SPOKEN[ALPHABET.index(c)] for c in group) + "." for group in one.split("-"))
                     for one in text.split("\n"))


# Reading

def value(character):
    """The character's value; None where it is in no code."""
    character = narrow(character)
    upper = character.upper() if character.isascii() else character
    upper = ALIKE.get(upper, upper)
    return ALPHABET.index(upper) if upper in ALPHABET else None


def narrow(character):
    """A fullwidth form as what it stands for."""
    return chr(ord(character) - 0xFF01 + 0x21) if 0xFF01 <= ord(character) <= 0xFF5E else character


def skipped(character):
    return any(first <= ord(narrow(character)) <= last for first, last in SKIPPED)


def characters(text):
    """Those that count: line breaks lie within what is skipped."""
    return [c for c in text if not skipped(c)]


def values_of(text, **where):
    values = []
    for n, character in enumerate(characters(text), 1):
        values.append(value(character))
        if values[-1] is None:
            raise Refused("CodeCharacter", position=n, **where)
    return values


def good_kind(values):
    """The kind of which these are a good line, by length and syndrome."""
    for kind in KINDS:
        if len(values) == kind.length and not any(difference(values, kind)):
            return kind
    return None


def kind_in(values):
    found = good_kind(values)
    if found is None and len(values) == 120:
        found = good_kind(values[:30])
    return found


def as_bytes(values, kind):
    """Steps 5 and 6: the code's bytes."""
    bits = "".join(f"{v:05b}" for v in values[:kind.data])
    if "1" in bits[kind.bits:]:
        raise Refused("CodePadding")
    bits = bits[:kind.bits].ljust(kind.bytes * 8, "0")
    code = int(bits, 2).to_bytes(kind.bytes, "big")
    if kind is CHALLENGE:
        if code[0] >> 4 != 1:
            raise Refused("CodeVersion")
        if code[0] & 15 not in (1, 2):
            raise Refused("CodeSuite")
    return code


def wrong_positions(values, kind):
    """One or two positions with their right values that explain the syndrome, or nothing."""
    d = difference(values, kind)
    n = len(values)
    for i in range(n):
        e = div(d[0], POWERS[i % 31])
        if e and [mul(e, entry) for entry in column(i)] == d:
            return {i: values[i] ^ e}
    for j in range(n):
        for i in range(j):
            a = div(mul(d[0], j) ^ d[1], i ^ j)
            b = d[0] ^ a
            if a and b and mul(a, i, i) ^ mul(b, j, j) == d[2] and mul(a, i, i, i) ^ mul(b, j, j, j) == d[3]:
                return {i: values[i] ^ div(a, POWERS[i % 31]), j: values[j] ^ div(b, POWERS[j % 31])}
    return {}


def refused_check(values, kind):
    wrong = wrong_positions(values, kind)
    right = [wrong.get(i, v) for i, v in enumerate(values)]
    try:
        as_bytes(right, kind)
    except Refused:
        wrong = {}
    groups = sorted({i // 4 + 1 for i in wrong})
    places = sorted(wrong)
    swapped = len(places) == 2 and places[1] == places[0] + 1 and \
        [wrong[i] for i in places] == [values[i] for i in reversed(places)]
    if len(places) == 1 or swapped:
        return Refused("CodeCheck", groups=groups, correction=written(right))
    return Refused("CodeCheck", groups=groups)


def read_line(values, kind):
    """Steps 3 to 6 for one line."""
    if len(values) != kind.length:
        found = kind_in(values)
        if found:
            raise Refused("CodeKind", expected_kind=kind.name, found_kind=found.name)
        raise Refused("CodeLength", expected=kind.length, got=len(values))
    if kind in LONG:
        for n, other in enumerate(LONG, 1):
            if other is not kind and not any(difference(values, other)):
                raise Refused("CodeOrder", expected_line=LONG.index(kind) + 1, found_line=n)
    if any(difference(values, kind)):
        raise refused_check(values, kind)
    return as_bytes(values, kind)


def read_device_id(text):
    return read_line(values_of(text), DEVICE_ID)


def read_challenge(text, suite):
    return read_hex(text, "challenge") if suite == 3 else read_line(values_of(text), CHALLENGE)


def read_response(text, suite):
    if suite == 3:
        return read_hex(text, "response")
    return read_long(text) if suite == 1 else read_line(values_of(text), RESPONSE)


def read_long(text):
    lines = [one for one in re.split(f"[{LINE_BREAKS}]", text) if characters(one)]
    parts = [values_of(one, line=n) for n, one in enumerate(lines, 1)]
    together = sum(parts, [])
    if len(parts) != 4:
        if len(together) != 120:
            found = good_kind(together)
            if found and found not in LONG:
                raise Refused("CodeKind", expected_kind=LONG[0].name, found_kind=found.name)
            raise Refused("CodeLength", expected=120, got=len(together))
        parts = [together[i:i + 30] for i in range(0, 120, 30)]
    out = b""
    for n, (values, kind) in enumerate(zip(parts, LONG), 1):
        try:
            out += read_line(values, kind)
        except Refused as refused:
            if refused.error != "CodeOrder":
                refused.detail["line"] = n
            raise
    return out


def read_hex(text, field):
    values = values_of(text)
    if len(values) == 32 and max(values) < 16:
        return bytes.fromhex("".join(ALPHABET[v] for v in values))
    own = CHALLENGE if field == "challenge" else RESPONSE
    others = {"challenge": [DEVICE_ID, RESPONSE, *LONG], "response": [DEVICE_ID, CHALLENGE]}[field]
    found = kind_in(values)
    if found in others:
        raise Refused("CodeKind", expected_kind=own.name, found_kind=found.name)
    for n, v in enumerate(values, 1):
        if v > 15:
            raise Refused("CodeCharacter", position=n)
    raise Refused("CodeLength", expected=32, got=len(values))
