"""Hostile messages to two devices on pipes: `same_answers.py DEVICE -- DEVICE`, each a command. What they answer
must be the same: the status, and the keys of the map. Prints the number of messages."""

import os
import sys

import cbor
import host
import pinuv
import suites

PIN, PROTOCOL = "oldpin42", 2
STATES = ("fresh", "enrolled", "with a PIN", "blocked", "pending", "five wrong")
KEYS = [pinuv.new_key(), pinuv.new_key(), os.urandom(32)]
Q = suites.wire(pinuv.new_key())
OFF_CURVE = Q[:63] + bytes([Q[63] ^ 1])
ABOVE_P = b"\xff" * 32 + Q[32:]
OTHERS = (None, -1, "x", b"", [], {}, True, 0, 3, 16, 2 ** 40)


def device_in(state, command):
    device = host.Pipe([*command, "--protocols", str(PROTOCOL)])
    steps = STATES.index(state)
    if steps >= 1:
        host.enroll(device, PROTOCOL, {0: (1, suites.wire(KEYS[0])), 1: (2, suites.wire(KEYS[1])),
                                       2: (3, KEYS[2])})
    if steps >= 2:
        host.set_pin(device, PROTOCOL, PIN)
    if steps >= 3:
        host.block(device, PROTOCOL)
        device.power_cycle()
    if steps >= 4:
        host.get_challenge(device, 1, PROTOCOL)
    for _ in range(5 if steps >= 5 else 0):
        try:
            host.Session(device, 1).unlock(bytes(13), PIN)
        except host.Refused:
            pass
    return device


def varied(request, *changes):
    """The request; without each of its fields; with other values in each; with one more field; with changes."""
    yield request
    for key in request.keys() - {1}:
        yield {k: v for k, v in request.items() if k != key}
        yield from (request | {key: other} for other in OTHERS)
    yield request | {99: 1}
    yield from (request | change for change in changes)


def raw_messages():
    """CBOR that no host sends, as a field 99 of getInfo, as its key, and as the whole."""
    for item in ("f6", "f7", "e0", "f8ff", "f90000", "c001", "ff", "61ff", "9fff", "1801", "9bffffffffffffffff",
                 "5bffffffffffffffff", "3bffffffffffffffff", "818181818100", "8181818100", "81818100", "81818180",
                 "a101a101a10101", "a101a10101"):
        yield bytes.fromhex("a201011863" + item)
    for key in ("20", "6161", "4100", "f5", "f6", "80", "a0", "190100", "00"):
        yield bytes.fromhex("a20101" + key + "01")
    for whole in ("", "a0", "01", "80", "a1", "a101", "a10101", "a1010100", "a201010101", "a202010101", "bf0101ff",
                  "a10118ff", "a301012001190100" + "01", "a3010119010001" + "2001", "a10120", "a10100", "a10107", "a10108", "a101f6"):
        yield bytes.fromhex(whole)


def requests():
    platform = pinuv.cose(pinuv.new_key().public_key())
    yield from varied({1: 2, 2: 1, 3: 2, 9: False}, {2: 2}, {2: 5}, {3: 1}, {2: 5, 3: 1})
    yield from varied({1: 3, 3: 2, 4: bytes(32), 5: bytes(18), 6: bytes(13), 7: platform, 8: bytes(80)},
                      *({5: bytes(n)} for n in (0, 16, 17, 19)))
    yield from varied({1: 1, 5: bytes(18)}, *({5: bytes(n)} for n in (16, 17, 64)))
    yield from varied({1: 7, 3: 2}, {3: 1}, {3: 3})
    yield from varied({1: 4, 2: 1}, {2: 2}, {2: 5})
    yield from varied({1: 4, 2: 1, 6: bytes(13)}, {2: 2}, {6: bytes(12)}, {6: bytes(64)})
    yield from varied({1: 6, 2: 1, 12: Q, 13: 1, 14: bytes(32), 15: bytes(32)}, {12: OFF_CURVE}, {12: ABOVE_P}, {12: bytes(33)},
                      {12: bytes(63)}, {12: bytes(65)}, {12: b"\2" + Q[:32]}, {2: 2, 13: 2}, {13: 5}, {2: 5, 13: 5}, {13: 0}, {14: bytes(64)}, {14: bytes(33)},
                      {12: suites.wire(KEYS[1])}, {12: suites.wire(KEYS[0])}, {12: suites.CLOSED_WIRE},
                      {12: suites.CLOSED_WIRE, 15: b""})
    yield {1: 6, 2: 1, 12: suites.CLOSED_WIRE, 13: 1, 14: bytes(32)}
    # No slots, or a key twice, so that enrolment itself is always refused.
    row, admin = {1: 1, 2: 1, 3: Q}, {1: 2, 2: 3, 3: bytes(64)}
    yield from varied({1: 5, 3: 2, 4: bytes(32), 7: platform, 10: [row, row], 11: {1: True}})
    yield from varied({1: 5, 10: []}, {11: {}}, {11: {3: True}}, {11: {1: False}}, {11: {1: 1}}, {11: {1: True}},
                      {10: [1]}, {10: [row] * 13}, {10: [row, row | {1: 2}]}, {10: [row, row | {1: 2, 2: 2}]})
    for one in varied(row, {3: OFF_CURVE}, {3: ABOVE_P}, {3: suites.CLOSED_WIRE}, {3: b"\x04" + Q}):
        yield {1: 5, 10: [one, row]}
    for key in ({}, {3: 2}, {7: platform}, {3: 2, 7: {}}, {3: 1, 7: platform}, {3: 2, 7: platform},
                {3: 2, 7: platform | {-3: bytes(32)}}):
        yield from ({1: 5, 10: [admin | {3: bytes(n)}]} | key for n in (48, 63, 64))


def messages():
    yield b"\x56"
    for body in (*raw_messages(), *map(cbor.encode, requests())):
        yield b"\x55" + body


def outline(answer):
    return answer[0], sorted(cbor.decode(answer[1:])) if answer[1:] else None


def main():
    at = sys.argv.index("--")
    commands = sys.argv[1:at], sys.argv[at + 1:]
    sent = list(messages())
    count = 0
    for state in STATES:
        devices = [device_in(state, command) for command in commands]
        for vendor in (0, 1):
            for message in sent:
                answers = [outline(device.exchange(vendor, message)) for device in devices]
                if answers[0] != answers[1]:
                    sys.exit(f"{state}, {'vendor' if vendor else 'fido'}, {message.hex()}: {answers}")
                count += 1
        for device in devices:
            device.close()
    print(count)


if __name__ == "__main__":
    main()
