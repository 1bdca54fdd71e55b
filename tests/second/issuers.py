"""The list of issuers: docs/protocol/issuers.md, and its notes as in audit.md ("Checkpoint")."""

import re

import merkle
import suites

LATER, FORM, UNTRUSTED = 706, 711, 717
NUMBER = "(0|[1-9][0-9]*)"
TITLE = re.compile(f"fido-unlock issuers {NUMBER}")
LINE = re.compile("(0|[1-9]|1[0-5]) ([12]) ([0-9a-f]{66}) (present|retired)")


class Refused(Exception):
    def __init__(self, error, why):
        super().__init__(error, why)
        self.error = error


def require(condition, why, error=FORM):
    if not condition:
        raise Refused(error, why)


def read(note, key_lines):
    """Origin, time, and each key as (slot, suite, Q, whether it is retired)."""
    try:
        text = merkle.open_note(note, *map(merkle.Key, key_lines))
    except merkle.Untrusted as untrusted:
        raise Refused(UNTRUSTED, str(untrusted)) from None
    except merkle.Malformed as malformed:
        raise Refused(FORM, str(malformed)) from None
    title, *lines = text[:-1].split("\n")
    version = TITLE.fullmatch(title)
    require(version, "title")
    require(version[1] == "1", "version", LATER)
    require(len(lines) > 2, "no key")
    try:
        origin = merkle.check_name(lines[0])
    except merkle.Malformed:
        raise Refused(FORM, "origin") from None
    require(re.fullmatch(NUMBER, lines[1], re.ASCII) and int(lines[1]) < 1 << 64, "time")
    keys = []
    for line in lines[2:]:
        match = LINE.fullmatch(line)
        require(match, "a key's line")
        slot, suite, key, retired = int(match[1]), int(match[2]), bytes.fromhex(match[3]), match[4] == "retired"
        try:
            suites.public_key(key)
        except ValueError:
            raise Refused(FORM, "Q") from None
        keys.append((slot, suite, key, retired))
    order = [(slot, retired) for slot, _, _, retired in keys]
    require(order == sorted(order), "order")
    present = [slot for slot, retired in order if not retired]
    require(len(set(present)) == len(present), "two present keys in a slot")
    require(len({key for _, _, key, _ in keys}) == len(keys), "a key twice")
    return origin, int(lines[1]), keys


def fingerprint(key):
    return suites.sha256(key)[:16]


def foreign(keys, slots):
    """Which of a device's slots, each a number and a fingerprint or None, hold a key that is not in the list."""
    own = {fingerprint(key) for _, _, key, _ in keys}
    return [slot for slot, print_ in slots if print_ is not None and print_ not in own]
