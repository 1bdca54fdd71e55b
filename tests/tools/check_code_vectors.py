"""A second opinion on vectors/code_line.json, written from docs/protocol/codes.md alone.

python3 tests/tools/check_code_vectors.py tests/vectors/code_line.json
"""
import itertools
import json
import sys

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# name: (c, bits, data characters)
KINDS = {"DeviceId": (1, 80, 16), "DeviceChallenge": (2, 140, 28), "ResponseLine": (3, 100, 20)}
KINDS |= {f"ResponseLong{n}": (3 + n, 128, 26) for n in range(1, 5)}
# What is skipped, as the text has it.
SKIPPED = """0000-0023 0025-002A 002C-002F 003A-003B 003F-0040 005B-005D 005F 007B 007D 007F-00A1 00A7 00AB 00AD
    00B6-00B7 00BB 00BF 034F 0387 058A 05BE 061C 115F-1160 1400 1680 17B4-17B5 1806 180B-180F 2000-206F 207B 208B 2212
    2219 22C5 2800 2E00-2E2E 2E30-2E7F 3000-3003 3008-3011 3014-301F 3030 30A0 30FB 3164 FE00-FE6F FEFF FF5F-FF65 FFA0
    FFF0-FFFB 10101 10D6E 10EAD E0000-E0FFF""".split()
SKIPPED = [[int(end, 16) for end in (r.split("-") * 2)[:2]] for r in SKIPPED]

# The field by logarithms, alpha = 2, x^5 = x^2 + 1.
EXP = [1]
for _ in range(30):
    a = EXP[-1] << 1
    EXP.append(a ^ 0b100101 if a & 32 else a)
LOG = {value: exponent for exponent, value in enumerate(EXP)}


def mul(a, b):
    return EXP[(LOG[a] + LOG[b]) % 31] if a and b else 0


def column(i):
    return [mul(EXP[i % 31], p) for p in (1, i, mul(i, i), mul(mul(i, i), i))]


def syndrome(values):
    total = [0, 0, 0, 0]
    for i, v in enumerate(values):
        total = [t ^ mul(v, x) for t, x in zip(total, column(i))]
    return total


# Every syndrome of one wrong character, by brute force; two are found by meeting in the middle.
ONE = {tuple(mul(e, x) for x in column(i)): (i, e) for i in range(32) for e in range(1, 32)}


class Refused(Exception):
    def __init__(self, error, **more):
        super().__init__(error)
        self.outcome = {"error": error, **more}


def read(text):
    """Lines of values; the first character that is in no code is refused."""
    lines = []
    for part in "".join("\n" if c in "\r\v\f\x85\u2028\u2029" else c for c in text).split("\n"):
        line = []
        for c in part:
            if "\uff01" <= c <= "\uff5e":
                c = chr(ord(c) - 0xFEE0)
            if any(first <= ord(c) <= last for first, last in SKIPPED):
                continue
            upper = {"I": "1", "L": "1", "O": "0"}.get(c.upper(), c.upper())
            if len(upper) != 1 or not c.isascii() or upper not in ALPHABET:
                at = {"line": len(lines) + 1, "position": len(line) + 1}
                raise Refused("CodeCharacter", at=at, position=sum(map(len, lines)) + len(line) + 1)
            line.append(ALPHABET.index(upper))
        if line:
            lines.append(line)
    return lines


def show(values):
    text = "".join(ALPHABET[v] for v in values)
    return "-".join(text[k : k + 4] for k in range(0, len(text), 4))


def identify(values):
    if len(values) == 120:
        values = values[:30]
    for name, (c, _, data) in KINDS.items():
        if len(values) == data + 4 and syndrome(values) == [0, 0, 0, c]:
            return name
    return None


def unpack(name, values):
    _, bits, data = KINDS[name]
    string = "".join(f"{v:05b}" for v in values[:data])
    if "1" in string[bits:]:
        raise Refused("CodePadding")
    string = string[:bits] + "0" * (-bits % 8)
    return bytes(int(string[k : k + 8], 2) for k in range(0, len(string), 8))


def judge_bytes(name, raw):
    if name == "DeviceChallenge":
        if raw[0] >> 4 != 1:
            raise Refused("CodeVersion")
        if raw[0] & 15 not in (1, 2):
            raise Refused("CodeSuite")
    return raw


def good(name, values):
    try:
        judge_bytes(name, unpack(name, values))
        return True
    except Refused:
        return False


def decode(name, values):
    c, _, data = KINDS[name]
    found = identify(values)
    if len(values) != data + 4:
        if found:
            raise Refused("CodeKind", expected_kind=name, found_kind=found)
        raise Refused("CodeLength", expected=data + 4, got=len(values))
    if found == name:
        return judge_bytes(name, unpack(name, values))
    if found:
        raise Refused("CodeOrder", expected_line=int(name[-1]), found_line=int(found[-1]))
    s = syndrome(values)
    s[3] ^= c
    errors = [ONE[tuple(s)]] if tuple(s) in ONE else []
    if not errors:
        for other, (i, e) in ONE.items():
            rest = tuple(a ^ b for a, b in zip(s, other))
            if rest in ONE and ONE[rest][0] > i:
                errors = [(i, e), ONE[rest]]
    fixed = list(values)
    if any(i >= len(values) for i, _ in errors):
        errors = []
    for i, e in errors:
        fixed[i] ^= e
    if not errors or not good(name, fixed):
        raise Refused("CodeCheck", groups=[])
    groups = list(dict.fromkeys(i // 4 + 1 for i, _ in errors))
    places = [i for i, _ in errors]
    swap = len(places) == 2 and places[1] == places[0] + 1 and [values[i] for i in places] == [fixed[i] for i in places[::-1]]
    more = {"correction": show(fixed)} if len(places) == 1 or swap else {}
    raise Refused("CodeCheck", groups=groups, **more)


def parse_hex(name, text):
    values = list(itertools.chain(*read(text)))
    stray = [k for k, v in enumerate(values) if v > 15]
    if len(values) == 32 and not stray:
        return bytes(a << 4 | b for a, b in zip(values[::2], values[1::2]))
    found = identify(values)
    if found and found.startswith("Response") != name.startswith("Response") or found == "DeviceId":
        raise Refused("CodeKind", expected_kind=name, found_kind=found)
    if stray:
        raise Refused("CodeCharacter", position=stray[0] + 1)
    raise Refused("CodeLength", expected=32, got=len(values))


def parse_four(text):
    lines = read(text)
    if len(lines) != 4:
        values = list(itertools.chain(*lines))
        if len(values) != 120:
            found = identify(values)
            if found and not found.startswith("ResponseLong"):
                raise Refused("CodeKind", expected_kind="ResponseLong1", found_kind=found)
            raise Refused("CodeLength", expected=120, got=len(values))
        lines = [values[k : k + 30] for k in range(0, 120, 30)]
    out = b""
    for number, values in enumerate(lines, 1):
        try:
            out += decode(f"ResponseLong{number}", values)
        except Refused as refused:
            if refused.outcome["error"] != "CodeOrder":
                refused.outcome["line"] = number
            raise
    return out


def parse(case):
    field, suite, text = case["field"], case.get("suite"), case["text"]
    if suite == 3:
        return parse_hex("DeviceChallenge" if field == "challenge" else "ResponseLine", text)
    if (field, suite) == ("response", 1):
        return parse_four(text)
    name = {"device_id": "DeviceId", "challenge": "DeviceChallenge", "response": "ResponseLine"}[field]
    return decode(name, list(itertools.chain(*read(text))))


def main():
    wrong = 0
    cases = json.load(open(sys.argv[1], encoding="utf-8"))["cases"]
    for case in cases:
        try:
            outcome = {"bytes": parse(case).hex()}
        except Refused as refused:
            outcome = refused.outcome
            at = outcome.pop("at", None)
            if at and (case["field"], case["suite"] if "suite" in case else 0) == ("response", 1):
                outcome |= at
        wanted = case["outcome"]
        if wanted.get("error") == "CodeCheck" and "groups" not in wanted:
            outcome = {key: value for key, value in outcome.items() if key in wanted}
        if outcome != wanted:
            wrong += 1
            print(case["id"], case["text"], "wanted", wanted, "but got", outcome)
    print(f"{len(cases)} cases, {wrong} disagree")
    return 1 if wrong or not cases else 0


sys.exit(main())
