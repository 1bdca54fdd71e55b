"""The host's side: docs/protocol.md and nothing else."""

import subprocess
import unicodedata

import cbor
import pinuv
import suites


class Refused(Exception):
    """The device answered with this status."""

    def __init__(self, status):
        super().__init__(f"0x{status:02X}")
        self.status = status


class Stopped(Exception):
    """The host goes no further, and nothing was sent; the reason in a few words."""


class Pipe:
    """A device behind a program's standard input and output (adapters/mock/examples/ctap_pipe.rs)."""

    def __init__(self, command, vendor=False):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.vendor, self.touches = vendor, 0

    def exchange(self, kind, message):
        self.process.stdin.write((1 + len(message)).to_bytes(2, "big") + bytes([kind]) + message)
        self.process.stdin.flush()
        while True:
            length = int.from_bytes(self.process.stdout.read(2), "big")
            frame = self.process.stdout.read(length)
            if frame[0] == 0:
                return frame[1:]
            self.touches += 1

    def message(self, command, request, vendor=None):
        vendor = self.vendor if vendor is None else vendor
        answer = self.exchange(int(vendor), bytes([command]) + cbor.encode(request))
        if answer[0]:
            raise Refused(answer[0])
        return cbor.decode(answer[1:], canonical=False) if answer[1:] else {}

    def power_cycle(self):
        self.exchange(2, b"")

    def close(self):
        self.process.stdin.close()
        if self.process.wait(10):
            raise RuntimeError("the device's program failed")


class Agreed:
    """A shared secret with the device's key agreement key."""

    def __init__(self, protocol, device_key):
        self.way = pinuv.PROTOCOLS[protocol]
        own = pinuv.new_key()
        self.key = pinuv.cose(own.public_key())
        self.secret = self.way.shared_secret(own, pinuv.from_cose(device_key))

    def encrypt(self, plain):
        return self.way.encrypt(self.secret, plain)

    def authenticate(self, text):
        return self.way.authenticate(self.secret, text)


def get_info(device, challenge=None):
    info = device.message(0x55, {1: 1} if challenge is None else {1: 1, 5: challenge})
    if info[1] != 1:
        raise Stopped("another version")
    return info


def get_challenge(device, slot, protocol, renew=False):
    return device.message(0x55, {1: 2, 2: slot, 3: protocol} | ({9: True} if renew else {}))


def get_key_agreement(device, protocol):
    return device.message(0x55, {1: 7, 3: protocol}, vendor=False)[5]


def pin_bytes(info, pin):
    """The stricter of the host's own rules (6 to 63 ASCII letters and digits) and the device's."""
    if not (pin.isascii() and pin.isalnum()) or not max(6, info[7]) <= len(pin) <= min(63, info[8]):
        raise Stopped("the PIN does not fit the rules")
    return unicodedata.normalize("NFC", pin).encode()


class Session:
    """From the blocked device to the new PIN."""

    def __init__(self, device, slot=None):
        self.device = device
        info = get_info(device)
        if not (info[2] and info[3] == 0):
            raise Stopped("device not locked")
        if not info[13]:
            raise Stopped("never enrolled")
        known = {row[1]: row[2] for row in info[14] if row[2] in (1, 2, 3)}
        if not known or slot not in (None, *known):
            raise Stopped("no such slot")
        self.slot = min(known, key=lambda number: (number == 0, number)) if slot is None else slot
        self.suite = known[self.slot]
        self.protocol = next(number for number in info[6] if number in pinuv.PROTOCOLS)
        self.info, self.counter = info, info[12]
        self.take(get_challenge(device, self.slot, self.protocol))
        self.device_id = self.answer[2]

    def take(self, answer):
        self.answer, self.challenge = answer, answer[1]

    def renew(self):
        self.take(get_challenge(self.device, self.slot, self.protocol, renew=True))

    def unlock(self, response, pin):
        """Steps 3 to 5; the device's status as Refused."""
        pin = pin_bytes(self.info, pin)
        self.send(response, pinuv.pad(pin))

    def send_as(self, challenge, response, pin):
        """Another challenge than the session's, with everything else right for it."""
        agreed = Agreed(self.protocol, get_challenge(self.device, self.slot, self.protocol)[5])
        new_pin_enc = agreed.encrypt(pinuv.pad(pin.encode()))
        text = b"fido-unlock/1 unlock\0" + challenge + bytes([len(response)]) + response + new_pin_enc
        self.device.message(0x55, {1: 3, 3: self.protocol, 4: agreed.authenticate(text), 5: challenge,
                                   6: response, 7: agreed.key, 8: new_pin_enc})

    def send(self, response, padded):
        try:
            answer = get_challenge(self.device, self.slot, self.protocol)
        except Refused as refused:
            info = self.info_of_this()
            if refused.status != 0x30:
                raise
            raise Stopped("the challenge was used" if self.was_used(info) else "device not locked") from None
        if answer[2] != self.device_id:
            raise Stopped("another device")
        if answer[1] != self.challenge:
            raise Stopped(self.why_void(self.info_of_this()))
        agreed = Agreed(self.protocol, answer[5])
        new_pin_enc = agreed.encrypt(padded)
        text = b"fido-unlock/1 unlock\0" + self.challenge + bytes([len(response)]) + response + new_pin_enc
        try:
            self.device.message(0x55, {1: 3, 3: self.protocol, 4: agreed.authenticate(text), 5: self.challenge,
                                       6: response, 7: agreed.key, 8: new_pin_enc})
        except Refused as refused:
            if refused.status != 0x30 or not self.resolve():
                raise

    def info_of_this(self):
        info = get_info(self.device, self.challenge)
        if info.get(15, self.device_id) != self.device_id:
            raise Stopped("another device")
        return info

    def was_used(self, info):
        return info[19] or info.get(15) == self.device_id and info[12] != self.counter

    def why_void(self, info):
        return "the challenge was used" if self.was_used(info) else "the challenge was renewed"

    def resolve(self):
        """Step 6: whether the unlock whose answer was lost was done."""
        info = self.info_of_this()
        if not (info[2] and info[3] == 0):
            if info[19]:
                return True
            if info.get(15) == self.device_id:
                raise Stopped("the challenge was used" if info[12] != self.counter else "device not locked")
            raise Stopped("it is not known")
        if self.was_used(info):
            raise Stopped("the challenge was used")
        answer = get_challenge(self.device, self.slot, self.protocol)
        if answer[2] != self.device_id:
            raise Stopped("another device")
        if answer[1] != self.challenge:
            raise Stopped(self.why_void(info))
        return False


def enroll(device, protocol, slots, token=None, options=None):
    """`slots`: {slot: (suite, x and y of Q, or admin key)}. Gives Device ID and E compressed."""
    request = {1: 5, 10: []}
    if token or any(suite == 3 for suite, _ in slots.values()):
        request[3] = protocol
    if any(suite == 3 for suite, _ in slots.values()):
        agreed = Agreed(protocol, get_key_agreement(device, protocol))
        request[7] = agreed.key
    for number, (suite, key) in slots.items():
        if suite == 3:
            key = agreed.encrypt((bytes([len(key)]) + key).ljust(48, b"\0"))
        request[10].append({1: number, 2: suite, 3: key})
    if options:
        request[11] = options
    if token:
        text = b"\xff" * 32 + b"fido-unlock/1 enroll\0" + cbor.encode(request)
        request[4] = pinuv.PROTOCOLS[protocol].authenticate(token, text)
    answer = device.message(0x55, request, vendor=False)
    return answer[1], suites.compressed(suites.from_wire(answer[2]))


def probe(device, slot, response=None):
    return device.message(0x55, {1: 4, 2: slot} | ({} if response is None else {6: response}), vendor=False)


def rotate(device, slot, by, new, proof, new_proof=None):
    request = {1: 6, 2: slot, 12: new, 13: by, 14: proof}
    device.message(0x55, request if new_proof is None else request | {15: new_proof}, vendor=False)


# CTAP 2.1, 6.5

def client_pin(device, protocol, number, **fields):
    request = {1: protocol, 2: number} | {int(key[1:]): value for key, value in fields.items()}
    return device.message(0x06, request, vendor=False)


def set_pin(device, protocol, pin):
    agreed = Agreed(protocol, client_pin(device, protocol, 2)[1])
    new_pin_enc = agreed.encrypt(pinuv.pad(pin.encode()))
    client_pin(device, protocol, 3, _3=agreed.key, _4=agreed.authenticate(new_pin_enc), _5=new_pin_enc)


def get_token(device, protocol, pin, permissions):
    """pinUvAuthToken with these permissions; Refused where the PIN is wrong."""
    agreed = Agreed(protocol, client_pin(device, protocol, 2)[1])
    answer = client_pin(device, protocol, 9, _3=agreed.key, _6=agreed.encrypt(pinuv.pin_hash(pin.encode())),
                        _9=permissions)
    return agreed.way.decrypt(agreed.secret, answer[2])


def block(device, protocol):
    while True:
        try:
            get_token(device, protocol, "wrong-pin", 0x20)
        except Refused as refused:
            if refused.status == 0x32:
                return
            if refused.status == 0x34:
                device.power_cycle()
