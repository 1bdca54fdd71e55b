"""The second host and desk against a device on a pipe: `meet_device.py COMMAND…`; prints one line for each round."""

import itertools
import os
import sys

import cbor
import codes
import host
import pinuv
import suites

OLD, NEW = "oldpin42", "newpin43"
FIDO, VENDOR = False, True


def refused(status, work, *arguments, **named):
    try:
        answer = work(*arguments, **named)
    except host.Refused as error:
        assert error.status == status, f"{error} instead of 0x{status:02X}"
    else:
        raise AssertionError(f"{answer} instead of 0x{status:02X}")


def stopped(reason, work, *arguments):
    try:
        answer = work(*arguments)
    except host.Stopped as error:
        assert str(error) == reason, f"{error} instead of {reason}"
    else:
        raise AssertionError(f"{answer} instead of {reason}")


def issuer_key(suite):
    return os.urandom(32) if suite == 3 else pinuv.new_key()


def for_slot(suite, key):
    return suite, key if suite == 3 else suites.wire(key)


class Desk:
    """An issuer's keys for one device."""

    def __init__(self, keys, device_id, device_key):
        self.keys, self.device_id, self.device_key = keys, device_id, device_key

    def answer(self, text, suite, slot, purpose="authorise"):
        """Response Code for the Device Challenge that was read out."""
        challenge = codes.read_challenge(text, suite)
        assert suite == 3 or (challenge[0] & 15, challenge[1] >> 4) == (suite, slot)
        key = self.keys[slot][1]
        e = self.device_key if suite == 2 else None
        return codes.write_response(suite, suites.respond(suite, key, challenge, self.device_id, e, purpose))

    def proof(self, slot, text):
        suite, key = self.keys[slot]
        return suites.prove(suite, key, text, self.device_key)


def read_out(session):
    return session.challenge.hex().upper() if session.suite == 3 else codes.line(codes.CHALLENGE, session.challenge)


def respond(desk, session):
    return codes.read_response(desk.answer(read_out(session), session.suite, session.slot), session.suite)


def unlock_round(command, suite, protocol, interface):
    device = host.Pipe([*command, "--protocols", str(protocol)], interface)
    key = issuer_key(suite)
    refused(0xF9, host.get_challenge, device, 1, protocol)
    device_id, device_key = host.enroll(device, protocol, {1: for_slot(suite, key)})
    desk = Desk({1: (suite, key)}, device_id, device_key)
    refused(0x30, host.enroll, device, protocol, {1: for_slot(suite, key)})
    host.set_pin(device, protocol, OLD)
    stopped("device not locked", host.Session, device)
    refused(0x30, host.get_challenge, device, 1, protocol)
    host.block(device, protocol)

    session = host.Session(device)
    assert (session.slot, session.suite, session.device_id) == (1, suite, device_id)
    assert (session.answer.get(3), session.answer.get(4)) == ((3, 1) if suite == 3 else (None, None))
    fingerprint = None if suite == 3 else suites.sha256(suites.compressed(key))[:16]
    assert session.info[14][0].get(3) == fingerprint
    assert codes.read_device_id(codes.line(codes.DEVICE_ID, session.device_id)) == device_id
    response = respond(desk, session)
    refused(0x02, host.get_challenge, device, 2, protocol)
    refused(0x02, host.get_challenge, device, 1, 3 - protocol)

    # What refuses the PIN, or the message, leaves the code good.
    stopped("the PIN does not fit the rules", session.unlock, response, "short")
    for padded in (pinuv.pad(b"123"), bytes(64), b"pin\0more".ljust(64, b"\0"), b"x" * 64, pinuv.pad(b"\xff\xfe1234")):
        refused(0x37, session.send, response, padded)
    refused(0x02, session.send, response, pinuv.pad(b"oldpin42")[:48])
    refused(0x03, session.send, response + b"\0", pinuv.pad(NEW.encode()))
    messages(session, response, protocol)

    # Wrong codes.
    refused(0xF8, session.unlock, bytes([response[0] ^ 1]) + response[1:], NEW)
    if suite == 2:
        refused(0xF8, session.unlock, response[:-1] + bytes([response[-1] | 1]), NEW)
    other = issuer_key(suite)
    refused(0xF8, session.unlock, suites.respond(suite, other, session.challenge, device_id,
                                                 device_key if suite == 2 else None), NEW)
    device.power_cycle()

    # A renewed challenge makes the old code void, a power cycle does not.
    old = host.Session(device)
    assert old.challenge == session.challenge
    assert session.resolve() is False
    session.renew()
    assert session.challenge != old.challenge and device.touches
    stopped("the challenge was renewed", old.unlock, response, NEW)
    stopped("the challenge was renewed", old.resolve)
    refused(0xF8, session.unlock, response, NEW)
    device.power_cycle()
    session.unlock(respond(desk, session), NEW)
    stopped("the challenge was used", session.unlock, response, NEW)
    assert session.resolve() is True
    assert [host.get_info(device, one.challenge)[19] for one in (old, session)] == [False, True]
    stopped("the challenge was used" if interface == FIDO else "it is not known", old.resolve)
    info = host.get_info(device)
    assert 19 not in info, info
    assert (info[3], info[12], info[4], info[9]) == (8, 1, False, False), info
    assert (15 in info) == (interface == FIDO), info
    refused(0x31, host.get_token, device, protocol, OLD, 0x20)
    host.get_token(device, protocol, NEW, 0x20)

    # The next time, with the counter in the challenge; and five wrong codes.
    host.block(device, protocol)
    session = host.Session(device)
    assert suite == 3 or int.from_bytes(session.challenge, "big") >> 4 & 0xFFFF == 1
    response = respond(desk, session)
    for _ in range(5):
        assert host.get_info(device)[16] is False
        refused(0xF8, session.unlock, bytes(len(response)), NEW)
    assert host.get_info(device)[16] is True
    refused(0x34, session.unlock, response, NEW)
    device.power_cycle()
    session.unlock(response, OLD)
    host.get_token(device, protocol, OLD, 0x20)
    device.close()
    print("unlock", suite, protocol, "vendor" if interface else "fido")


def messages(session, response, protocol):
    """Messages that a host never sends."""
    device = session.device

    def unlock(**changes):
        """A good unlock but for the changes; None leaves a field out."""
        agreed = host.Agreed(protocol, host.get_challenge(device, session.slot, protocol)[5])
        request = {1: 3, 3: protocol, 5: session.challenge, 6: response, 7: agreed.key,
                   8: agreed.encrypt(pinuv.pad(NEW.encode()))}
        for key, value in changes.items():
            request[int(key[1:])] = value
        sealed = request[8] if isinstance(request[8], bytes) else b""
        text = b"fido-unlock/1 unlock\0" + session.challenge + bytes([len(response)]) + response + sealed
        request.setdefault(4, agreed.authenticate(text))
        return {key: value for key, value in request.items() if value is not None}

    for key in (3, 4, 5, 6, 7, 8):
        refused(0x14, device.message, 0x55, unlock(**{f"_{key}": None}))
        refused(0x11, device.message, 0x55, unlock(**{f"_{key}": "text"}))
    good = unlock()[4]
    refused(0x33, device.message, 0x55, unlock(_4=bytes(len(good))))
    refused(0x33, device.message, 0x55, unlock(_4=good[:8]))
    refused(0x02, device.message, 0x55, unlock(_3=3 - protocol))
    off = unlock()[7] | {-3: bytes(32)}
    refused(0x02, device.message, 0x55, unlock(_7=off))
    for length in (0, 16, 48, 63, 71, 96):
        refused(0x02, device.message, 0x55, unlock(_8=bytes(length)))
    refused(0xFA, device.message, 0x55, unlock(_5=bytes(len(session.challenge))))
    refused(0x14, device.message, 0x55, {2: 1})
    refused(0x11, device.message, 0x55, {1: "text"})
    refused(0x3E, device.message, 0x55, {1: 8})
    refused(0x02, device.message, 0x55, {1: 2, 2: 16, 3: protocol})
    refused(0x11, device.message, 0x55, [1])
    if device.vendor:
        for number in (4, 5, 6, 7):
            refused(0x3E, device.message, 0x55, {1: number})
        refused(0x01, device.message, 0x06, {1: protocol, 2: 1}, vendor=True)
    request = cbor.encode({1: 1})
    for body in (b"\xa1\x01\x18\x01", b"\xa2\x01\x01\x01\x01", request + b"\0", b"\xbf\x01\x01\xff", b"\xa1\x01", b"",
                 b"\xa2\x02\x01\x01\x01", b"\xa2\x01\x01\x18\x63\x81\x81\x81\x81\x00", b"\xa2\x01\x01\x18\x63\xf9\x00\x00"):
        answer = device.exchange(int(device.vendor), b"\x55" + body)
        assert answer == b"\x12", (body.hex(), answer.hex())
    assert host.get_info(device)[1] == device.message(0x55, {1: 1, 99: [{}], 2: "not used"})[1]


def enrolment_round(command, protocol):
    """With a token, options and three suites; probe and rotation."""
    device = host.Pipe([*command, "--protocols", str(protocol)])
    host.set_pin(device, protocol, OLD)
    keys = {0: (1, issuer_key(1)), 1: (2, issuer_key(2)), 2: (3, issuer_key(3)), 15: (1, issuer_key(1))}
    slots = {number: for_slot(*row) for number, row in keys.items()}
    refused(0x36, host.enroll, device, protocol, slots)
    refused(0x33, host.enroll, device, protocol, slots, token=bytes(32))

    def enroll(slots, **named):
        return host.enroll(device, protocol, slots, host.get_token(device, protocol, OLD, 0x20), **named)

    refused(0x02, enroll, {})
    refused(0x02, enroll, {16: slots[0]})
    refused(0x02, enroll, {1: (4, slots[0][1])})
    q = slots[0][1]
    for key in (q[:63] + bytes([q[63] ^ 1]), b"\xff" * 32 + q[32:], q[:63], suites.compressed(keys[0][1]), bytes(64)):
        refused(0x02, enroll, {1: (1, key)})
    info = host.get_info(device)
    assert 2 <= info[18] <= 12, info
    refused(0x02, enroll, {number: (1, suites.wire(issuer_key(1))) for number in range(info[18] + 1)})
    refused(0x02, enroll, {1: slots[0], 2: slots[0]})
    refused(0x02, enroll, {1: (3, bytes(range(16)))})
    refused(0x02, enroll, {1: (3, bytes(20))})
    refused(0x33, host.enroll, device, protocol, slots, host.get_token(device, protocol, OLD, 0x04))
    desk = Desk(keys, *enroll(slots, options={1: True}))
    info = host.get_info(device)
    assert [row[1] for row in info[14]] == [0, 1, 2, 15] and info[13] and info[15] == desk.device_id, info
    refused(0x01, device.message, 0x55, {1: 1}, vendor=True)

    # Probe, whatever the PIN's state.
    for number in (0, 1):
        challenge = host.probe(device, number)[1]
        text = codes.line(codes.CHALLENGE, challenge)
        suite = keys[number][0]
        code = codes.read_response(desk.answer(text, suite, number, "probe"), suite)
        host.probe(device, number, code)
        refused(0xFA, host.probe, device, number, code)
        challenge = host.probe(device, number)[1]
        code = codes.read_response(desk.answer(codes.line(codes.CHALLENGE, challenge), suite, number), suite)
        refused(0xF8, host.probe, device, number, code)
    refused(0x02, host.probe, device, 3)
    refused(0x02, host.probe, device, 2)

    # Rotation: slot 1 by itself, then by slot 0; slot 15 is closed by slot 0.
    for by, number in ((1, 1), (0, 2)):
        suite, new = keys[1][0], issuer_key(keys[1][0])
        text = suites.rotation_message(suite, desk.device_id, 1, by, suites.compressed(keys[1][1]),
                                       suites.compressed(new), number)
        proofs = desk.proof(by, text), suites.prove(suite, new, text, desk.device_key)
        refused(0xF8, host.rotate, device, 1, by, suites.wire(new), proofs[1], proofs[0])
        refused(0x02, host.rotate, device, 1, 15, suites.wire(new), *proofs)
        refused(0x02, host.rotate, device, 2, by, suites.wire(new), *proofs)
        host.rotate(device, 1, by, suites.wire(new), *proofs)
        keys[1] = suite, new
        row = host.get_info(device)[14][1]
        assert row == {1: 1, 2: 2, 3: suites.sha256(suites.compressed(new))[:16], 4: number}, row
    refused(0x02, host.rotate, device, 1, 0, suites.wire(keys[1][1]), *proofs)
    off = suites.wire(issuer_key(2))
    refused(0x02, host.rotate, device, 1, 0, off[:63] + bytes([off[63] ^ 1]), *proofs)
    text = suites.rotation_message(1, desk.device_id, 15, 0, suites.compressed(keys[15][1]), suites.CLOSED, 1)
    host.rotate(device, 15, 0, suites.CLOSED_WIRE, desk.proof(0, text))
    assert [row[1] for row in host.get_info(device)[14]] == [0, 1, 2]

    host.block(device, protocol)
    assert host.Session(device).slot == 1

    # Every slot unlocks, from the one nonce.
    for number in (0, 1, 2):
        host.block(device, protocol)
        session = host.Session(device, number)
        session.unlock(respond(desk, session), NEW)
    refused(0x02, host.get_challenge, device, 15, protocol)
    host.block(device, protocol)
    touches = device.touches
    first, second, third = (host.Session(device, number) for number in (0, 1, 2))
    for session in (first, second, third):
        assert host.get_challenge(device, session.slot, protocol)[1] == session.challenge
    slots_named = [one.challenge[15] & 15 if one.suite == 3 else one.challenge[1] >> 4 for one in (first, second, third)]
    assert slots_named == [0, 1, 2], slots_named
    assert suites.head(first.challenge) == suites.head(second.challenge) == suites.head(third.challenge)
    refused(0xFA, first.send_as, second.challenge[:-1], respond(desk, first), NEW)
    assert device.touches == touches
    second.unlock(respond(desk, second), NEW)
    assert first.resolve() is True and third.resolve() is True
    device.close()
    print("enrolment", protocol)


def main():
    command = sys.argv[1:]
    for suite, protocol, interface in itertools.product((1, 2, 3), (1, 2), (FIDO, VENDOR)):
        unlock_round(command, suite, protocol, interface)
    for protocol in (1, 2):
        enrolment_round(command, protocol)


if __name__ == "__main__":
    main()
