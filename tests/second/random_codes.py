"""Random texts as people mistype and paste codes, each with this reader's verdict: `random_codes.py SEED COUNT`
prints them as the cases of tests/vectors/code_line.json."""

import json
import random
import sys

import codes

STRANGE = "UuOoIiLl.,_–\u00a0\u200b\u2028\u0085\t\r\v\u001f\u2212Ü!ſ\u212aα\uff11\u0660\U0001d7ce\ufeff\u180e" \
    "$+*@\u200e\u202e\u2066\uff21\uff55\uff0e\uff0b\u3002\u3000\u3164\U000e0041\U000e1000\u00a1\u00a2\ufffd\x00\x7f"


FIELDS = {"id": [("device_id", None)], "challenge": [("challenge", 1), ("challenge", 2)], "short": [("response", 2)],
          "long": [("response", 1)], "padded": [("response", 1)], "hex": [("challenge", 3), ("response", 3)]}


def good_code(rng, kind=None):
    """A code as it is written, mostly of a version and suite that are known, sometimes with left-over bits."""
    kind = kind or rng.choice(list(FIELDS))
    if kind == "id":
        return codes.line(codes.DEVICE_ID, rng.randbytes(10))
    if kind == "challenge":
        first = rng.choice([0x11, 0x12, 0x12, 0x12, rng.randrange(256)])
        return codes.line(codes.CHALLENGE, bytes([first]) + rng.randbytes(17))
    if kind == "short":
        return codes.line(codes.RESPONSE, rng.randbytes(13))
    if kind == "hex":
        return rng.randbytes(16).hex().upper()
    lines = []
    for one in codes.LONG:
        data = [rng.randrange(32) for _ in range(one.data)]
        if kind == "long" or rng.random() < 0.6:
            data[-1] &= 0b11100
        lines.append(codes.written(data + codes.check(data, one)))
    return "\n".join(lines)


def mistyped(rng, text):
    change = rng.choice(["replace", "replace", "swap", "swap far", "drop", "insert", "strange", "lines", "join", "case",
                         "cut", "double", "hyphens", "hex digit"])
    at = rng.randrange(max(len(text), 1))
    if change in ("replace", "hex digit"):
        alphabet = codes.ALPHABET if change == "replace" else "0123456789abcdef"
        return text[:at] + rng.choice(alphabet) + text[at + 1:]
    if change == "swap" and at + 1 < len(text):
        return text[:at] + text[at + 1] + text[at] + text[at + 2:]
    if change == "swap far":
        other = rng.randrange(max(len(text), 1))
        letters = list(text)
        if letters:
            letters[at], letters[other] = letters[other], letters[at]
        return "".join(letters)
    if change == "drop":
        return text[:at] + text[at + 1:]
    if change == "insert":
        return text[:at] + rng.choice(codes.ALPHABET) + text[at:]
    if change == "strange":
        return text[:at] + rng.choice(STRANGE) + text[at + rng.randrange(2):]
    if change == "lines":
        lines = text.split("\n")
        rng.shuffle(lines)
        return rng.choice(["\n", "\r\n", "\n\n", "\u2028", "\v"]).join(lines[:rng.choice([9, 9, 9, 3, 1])])
    if change == "join":
        return text.replace("\n", rng.choice([" ", "", "-"]))
    if change == "case":
        return text.lower()
    if change == "cut":
        return text[:at] if rng.random() < 0.5 else text[at:]
    if change == "double":
        return text + rng.choice(["", "\n", " "]) + good_code(rng)
    return text.replace("-", rng.choice(["", " ", "\u2011"]))


def main():
    seed, count = map(int, sys.argv[1:])
    rng = random.Random(seed)
    cases = []
    for number in range(1, count + 1):
        kind = rng.choice(list(FIELDS))
        text = good_code(rng, kind)
        for _ in range(rng.choice([0, 1, 1, 1, 2, 2, 3, 4])):
            text = mistyped(rng, text)
        # Mostly its own field.
        field, suite = rng.choice(FIELDS[kind if rng.random() < 0.8 else rng.choice(list(FIELDS))])
        case = {"id": number, "field": field, "text": text, "reason": ""} | ({"suite": suite} if suite else {})
        case["outcome"] = verdict(case)
        cases.append(case)
    json.dump({"cases": cases}, sys.stdout)


def verdict(case):
    read = {"device_id": codes.read_device_id, "challenge": codes.read_challenge, "response": codes.read_response}
    arguments = [case["suite"]] if "suite" in case else []
    try:
        return {"bytes": read[case["field"]](case["text"], *arguments).hex()}
    except codes.Refused as refused:
        return {"error": refused.error, **refused.detail}


if __name__ == "__main__":
    main()
