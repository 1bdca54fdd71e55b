"""The device's side of command 0x55, in memory: docs/protocol.md and nothing else.

Beside it stands just enough of authenticatorClientPIN to set a PIN and to block it. `device.py [--protocols 2,1]`
serves messages on standard input and output, framed as in adapters/mock/examples/ctap_pipe.rs.
"""

import argparse
import hmac
import os
import sys

import cbor
import pinuv
import suites

UINT, BYTES, BOOL, LIST, MAP = int, bytes, bool, list, dict
ACFG = 0x20


class Status(Exception):
    def __init__(self, number):
        super().__init__(hex(number))
        self.number = number


def require(condition, status):
    if not condition:
        raise Status(status)


def is_a(value, kind):
    return type(value) is kind and (kind is not int or value >= 0)


def field(request, key, kind, optional=False):
    if key not in request and optional:
        return None
    require(key in request, 0x14)
    require(is_a(request[key], kind), 0x11)
    return request[key]


class Slot:
    def __init__(self, suite, key):
        self.suite, self.key, self.rotation, self.closed = suite, key, 0, False


class Device:
    MIN_PIN, MAX_PIN, MAX_RETRIES, MAX_SLOTS = 4, 63, 8, 12

    def __init__(self, protocols=(2, 1), touch=lambda: None):
        """`touch` waits for the person and raises Status when none comes; None where the device cannot ask."""
        self.protocols, self.touch = protocols, touch
        self.enrolled = False
        self.device_id, self.e, self.slots = None, None, {}
        self.counter, self.nonce, self.spent = 0, None, False
        self.vendor_off = self.force_after = False
        self.pin_hash, self.pin_length, self.retries, self.force_change = None, 0, self.MAX_RETRIES, False
        self.power_cycle()

    def power_cycle(self):
        self.wrong, self.mismatches, self.probe_challenge, self.renewed = 0, 0, None, False
        # authenticatorClientPIN's keys, and the unlock's own.
        self.agreement, self.unlock_keys = self.new_keys(), self.new_keys()
        self.token, self.permissions = None, 0

    def new_keys(self):
        return {number: pinuv.new_key() for number in self.protocols}

    def blocked(self):
        return self.pin_hash is not None and self.retries == 0

    def handle(self, vendor, message):
        try:
            command, body = message[:1], message[1:]
            if command == b"\x06" and not vendor:
                answer = self.client_pin(self.request(body))
            else:
                require(command == b"\x55" and not (vendor and self.vendor_off), 0x01)
                answer = self.unlock_command(vendor, self.request(body))
            return b"\0" + (cbor.encode(answer) if answer else b"")
        except Status as status:
            return bytes([status.number])

    def request(self, body):
        try:
            request = cbor.decode(body)
        except cbor.Malformed:
            raise Status(0x12) from None
        require(isinstance(request, dict), 0x11)
        return request

    def unlock_command(self, vendor, request):
        number = field(request, 1, UINT)
        require(1 <= number <= (3 if vendor else 7), 0x3E)
        command = [self.get_info, self.get_challenge, self.unlock, self.probe, self.enroll, self.rotate,
                   self.get_key_agreement][number - 1]
        return command(vendor, request)

    # Fields that several subcommands have

    def slot_field(self, request, key=2):
        slot = field(request, key, UINT)
        require(slot <= 15, 0x02)
        return slot

    def open_slot(self, number, suites_wanted=(1, 2, 3)):
        slot = self.slots.get(number)
        require(slot and not slot.closed and slot.suite in suites_wanted, 0x02)
        return slot

    def secret_with(self, keys, protocol, platform):
        require(protocol in self.protocols, 0x02)
        try:
            public = pinuv.from_cose(platform)
        except ValueError:
            raise Status(0x02) from None
        return pinuv.PROTOCOLS[protocol].shared_secret(keys[protocol], public)

    def ask_touch(self):
        if self.touch:
            self.touch()

    # Subcommands

    def get_info(self, vendor, request):
        asked = field(request, 5, BYTES, optional=True)
        answer = {1: 1, 2: self.pin_hash is not None, 3: self.retries, 4: self.mismatches >= 3,
                  6: list(self.protocols), 7: self.MIN_PIN, 8: self.MAX_PIN, 9: self.force_change, 10: False, 11: 1024,
                  12: self.counter, 13: self.enrolled, 14: [self.slot_info(n) for n in sorted(self.slots)
                                                            if not self.slots[n].closed],
                  16: self.wrong >= 5, 17: self.touch is not None, 18: self.MAX_SLOTS}
        if asked is not None:
            answer[19] = self.spent and suites.made_from(self.nonce, asked)
        if self.enrolled and (not vendor or self.blocked()):
            answer[15] = self.device_id
        return answer

    def slot_info(self, number):
        slot = self.slots[number]
        info = {1: number, 2: slot.suite}
        if slot.suite != 3:
            info[3] = suites.sha256(slot.key)[:16]
        if slot.rotation:
            info[4] = slot.rotation
        return info

    def get_challenge(self, vendor, request):
        number, protocol = self.slot_field(request), field(request, 3, UINT)
        require(protocol in (1, 2), 0x02)
        renew = field(request, 9, BOOL, optional=True) or False
        require(self.enrolled, 0xF9)
        slot = self.open_slot(number)
        require(protocol in self.protocols, 0x02)
        require(self.blocked(), 0x30)
        require(self.counter < 0xFFFFFFFF, 0xFC)
        if not self.pending() or renew:
            if self.pending():
                require(self.touch, 0x3B)
                self.touch()
            self.new_nonce()
        answer = {1: suites.challenge(slot.suite, self.nonce, number, self.counter), 2: self.device_id,
                  5: pinuv.cose(self.unlock_keys[protocol].public_key())}
        if slot.suite == 3:
            answer |= {3: 3, 4: number}
        return answer

    def get_key_agreement(self, _, request):
        protocol = field(request, 3, UINT)
        require(protocol in self.protocols, 0x02)
        return {5: pinuv.cose(self.unlock_keys[protocol].public_key())}

    def pending(self):
        return self.nonce is not None and not self.spent

    def new_nonce(self):
        nonce = os.urandom(16)
        require(any(nonce[:14]) and (self.nonce is None or nonce[:14] != self.nonce[:14]), 0x7F)
        self.nonce, self.spent = nonce, False

    def pending_slot(self, challenge):
        """The slot whose pending challenge this is, whole; its number stands in the challenge."""
        require(self.pending() and len(challenge) in (16, 18), 0xFA)
        number = challenge[15] & 15 if len(challenge) == 16 else challenge[1] >> 4
        slot = self.slots.get(number)
        require(slot and not slot.closed, 0xFA)
        right = suites.challenge(slot.suite, self.nonce, number, self.counter)
        require(hmac.compare_digest(challenge, right), 0xFA)
        return slot

    def unlock(self, vendor, request):
        protocol, param, challenge, response, platform, new_pin_enc = (
            field(request, 3, UINT), field(request, 4, BYTES), field(request, 5, BYTES), field(request, 6, BYTES),
            field(request, 7, MAP), field(request, 8, BYTES))
        require(self.enrolled, 0xF9)
        require(self.blocked(), 0x30)
        require(self.wrong < 5, 0x34)
        slot = self.pending_slot(challenge)
        require(len(response) == suites.RESPONSE_LENGTH[slot.suite], 0x03)
        secret = self.secret_with(self.unlock_keys, protocol, platform)
        way = pinuv.PROTOCOLS[protocol]
        text = b"fido-unlock/1 unlock\0" + challenge + bytes([len(response)]) + response + new_pin_enc
        require(way.verify(secret, text, param), 0x33)
        pin = self.read_pin(way, secret, new_pin_enc)
        self.ask_touch()
        if not suites.verify(slot.suite, slot.key, challenge, response, self.device_id, self.e):
            self.wrong += 1
            self.unlock_keys[protocol] = pinuv.new_key()
            raise Status(0xF8)
        require(self.blocked(), 0x30)
        require(not (self.force_change and pinuv.pin_hash(pin) == self.pin_hash), 0x37)
        require(self.counter < 0xFFFFFFFF, 0xFC)
        self.store_pin(pin)
        self.force_change = vendor and self.force_after
        self.spent = True
        self.counter += 1
        self.wrong = self.mismatches = 0
        self.unlock_keys, self.token, self.permissions = self.new_keys(), None, 0

    def read_pin(self, way, secret, new_pin_enc):
        try:
            padded = way.decrypt(secret, new_pin_enc)
        except ValueError:
            raise Status(0x02) from None
        require(len(padded) == 64, 0x02)
        try:
            pin = pinuv.unpad(padded)
            require(len(pin.decode()) >= self.MIN_PIN and len(pin) <= self.MAX_PIN, 0x37)
        except ValueError:
            raise Status(0x37) from None
        return pin

    def store_pin(self, pin):
        self.pin_hash, self.pin_length, self.retries = pinuv.pin_hash(pin), len(pin.decode()), self.MAX_RETRIES

    def probe(self, _, request):
        number, response = self.slot_field(request), field(request, 6, BYTES, optional=True)
        require(self.enrolled, 0xF9)
        slot = self.open_slot(number, (1, 2))
        require(response is None or len(response) == suites.RESPONSE_LENGTH[slot.suite], 0x03)
        if response is None:
            self.probe_challenge = suites.challenge(slot.suite, os.urandom(16), number, self.counter)
            return {1: self.probe_challenge, 2: self.device_id}
        challenge, self.probe_challenge = self.probe_challenge, None
        require(challenge is not None and challenge[1] >> 4 == number, 0xFA)
        require(suites.verify(slot.suite, slot.key, challenge, response, self.device_id, self.e, "probe"), 0xF8)

    def enroll(self, _, request):
        slots, options = field(request, 10, LIST), field(request, 11, MAP, optional=True)
        protocol, param, platform = (field(request, key, kind, optional=True)
                                     for key, kind in ((3, UINT), (4, BYTES), (7, MAP)))
        require(set(request) <= {1, 3, 4, 7, 10, 11} and protocol in (None, 1, 2), 0x02)
        vendor_off, force_after = (field(options or {}, key, BOOL, optional=True) for key in (1, 2))
        require(options is None or options and set(options) <= {1, 2} and False not in (vendor_off, force_after), 0x02)
        require(platform is None or pinuv.is_cose(platform), 0x02)
        rows = []
        for row in slots:
            require(is_a(row, MAP), 0x11)
            rows.append((self.slot_field(row, 1), field(row, 2, UINT), field(row, 3, BYTES)))
            require(rows[-1][1] in (1, 2, 3) and set(row) == {1, 2, 3}, 0x02)
            if rows[-1][1] != 3:
                try:
                    suites.from_wire(rows[-1][2])
                except ValueError:
                    raise Status(0x02) from None
        require(not self.enrolled, 0x30)
        if param is not None:
            require(protocol, 0x14)
            text = b"\xff" * 32 + b"fido-unlock/1 enroll\0" + cbor.encode({k: v for k, v in request.items() if k != 4})
            good = self.token and self.permissions & ACFG and protocol in self.protocols \
                and pinuv.PROTOCOLS[protocol].verify(self.token, text, param)
            require(good, 0x33)
        else:
            require(self.pin_hash is None, 0x36)
        admin = any(suite == 3 for _, suite, _ in rows)
        require(not admin or protocol and platform, 0x14)
        secret = self.secret_with(self.unlock_keys, protocol, platform) if admin else None
        require(len(rows) <= self.MAX_SLOTS, 0x02)
        taken = {}
        for number, suite, key in rows:
            if suite == 3:
                key = self.admin_key(pinuv.PROTOCOLS[protocol], secret, key)
            else:
                key = suites.compressed(suites.from_wire(key))
            require(number not in taken and key not in [slot.key for slot in taken.values()], 0x02)
            taken[number] = Slot(suite, key)
        require(taken, 0x02)
        self.ask_touch()
        self.enrolled, self.device_id, self.e, self.slots = True, os.urandom(10), pinuv.new_key(), taken
        self.vendor_off, self.force_after = bool(vendor_off), bool(force_after)
        return {1: self.device_id, 2: suites.wire(self.e)}

    def admin_key(self, way, secret, block):
        try:
            plain = way.decrypt(secret, block)
        except ValueError:
            raise Status(0x02) from None
        require(len(plain) == 48 and plain[0] in (16, 24, 32), 0x02)
        key = plain[1:1 + plain[0]]
        require(not any(plain[1 + plain[0]:]) and not suites.known_default(key), 0x02)
        return key

    def rotate(self, _, request):
        number, new = self.slot_field(request), field(request, 12, BYTES)
        by, proof = self.slot_field(request, 13), field(request, 14, BYTES)
        require(len(new) == 64, 0x02)
        closing = new == suites.CLOSED_WIRE
        new_proof = field(request, 15, BYTES, optional=closing)
        require(not closing or new_proof is None, 0x02)
        if closing:
            new = suites.CLOSED
        else:
            try:
                new = suites.compressed(suites.from_wire(new))
            except ValueError:
                raise Status(0x02) from None
        require(self.enrolled, 0xF9)
        require(by in (number, 0), 0x02)
        slot, authority = self.open_slot(number, (1, 2)), self.open_slot(by, (1, 2))
        require(new not in [other.key for other in self.slots.values()], 0x02)
        require(slot.rotation < 0xFFFFFFFF, 0x02)
        require(not closing or sum(not other.closed for other in self.slots.values()) > 1, 0x02)
        text = suites.rotation_message(slot.suite, self.device_id, number, by, slot.key, new, slot.rotation + 1)
        require(suites.verify_proof(authority.suite, authority.key, text, proof, self.e), 0xF8)
        require(closing or suites.verify_proof(slot.suite, new, text, new_proof, self.e), 0xF8)
        self.ask_touch()
        slot.closed, slot.rotation = closing, slot.rotation + 1
        if not closing:
            slot.key = new
        self.nonce, self.spent = None, False

    # CTAP 2.1, 6.5: set a PIN, try it, block it

    def client_pin(self, request):
        number = field(request, 2, UINT)
        if number == 1:
            return {3: self.retries, 4: self.mismatches >= 3}
        protocol = field(request, 1, UINT)
        require(protocol in self.protocols, 0x02)
        if number == 2:
            return {1: pinuv.cose(self.agreement[protocol].public_key())}
        require(number in (3, 5, 9), 0x3E)
        secret, way = self.secret_with(self.agreement, protocol, field(request, 3, MAP)), pinuv.PROTOCOLS[protocol]
        if number == 3:
            require(self.pin_hash is None, 0x33)
            new_pin_enc = field(request, 5, BYTES)
            require(way.verify(secret, new_pin_enc, field(request, 4, BYTES)), 0x33)
            self.store_pin(self.read_pin(way, secret, new_pin_enc))
            return None
        require(self.pin_hash is not None, 0x35)
        require(self.retries, 0x32)
        require(self.mismatches < 3, 0x34)
        self.retries -= 1
        if way.decrypt(secret, field(request, 6, BYTES)) != self.pin_hash:
            self.mismatches += 1
            self.agreement, self.token = self.new_keys(), None
            raise Status(0x32 if not self.retries else 0x34 if self.mismatches == 3 else 0x31)
        self.retries, self.mismatches = self.MAX_RETRIES, 0
        require(not self.force_change, 0x37)
        self.token = os.urandom(32)
        self.permissions = field(request, 9, UINT) if number == 9 else 3
        return {2: way.encrypt(secret, self.token)}


def serve(device, source, sink):
    def send(kind, rest):
        sink.write((1 + len(rest)).to_bytes(2, "big") + bytes([kind]) + rest)
        sink.flush()

    if device.touch:
        device.touch = lambda: send(1, b"\x02")
    while head := source.read(2):
        frame = source.read(int.from_bytes(head, "big"))
        if frame[0] == 2:
            device.power_cycle()
            send(0, b"")
        else:
            send(0, device.handle(frame[0] == 1, frame[1:]))


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--protocols", default="2,1")
    numbers = [int(number) for number in options.parse_args().protocols.split(",")]
    serve(Device(numbers), sys.stdin.buffer, sys.stdout.buffer)
