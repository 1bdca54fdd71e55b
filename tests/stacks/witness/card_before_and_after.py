"""before_and_after.py (tests/witness) over PC/SC, as python-fido2 finds the card itself.

Usage: card_before_and_after.py before|after CONTROL PROTOCOL NOTES OLD_PIN NEW_PIN, where CONTROL is
fido-unlock-virtual's control socket.
"""

import socket
import sys
import time

import before_and_after
from ctap_pipe import RP, Rig
from fido2.ctap import CtapDevice
from fido2.ctap2 import Ctap2
from fido2.ctap2.pin import ClientPin
from fido2.pcsc import CtapPcscDevice
from fido2.server import Fido2Server

PATIENCE = 20


def eventually(what, find):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = find()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"not in time: {what}")


class Card(CtapDevice):
    """The card in whatever reader it is; it can be taken out and put back in."""

    def __init__(self, control):
        self._control = control
        self._find()

    @property
    def capabilities(self):
        return self._card.capabilities

    def call(self, cmd, data=b"", event=None, on_keepalive=None):
        return self._card.call(cmd, data, event, on_keepalive)

    def close(self):
        self._card.close()

    def power_cycle(self):
        self.close()
        self._tell("remove")
        eventually("no card", lambda: not list(CtapPcscDevice.list_devices()))
        self._tell("insert")
        self._find()

    @classmethod
    def list_devices(cls):
        return iter(())

    def _find(self):
        [self._card] = eventually("a card", lambda: list(CtapPcscDevice.list_devices()))

    def _tell(self, line):
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(self._control)
            control.sendall(line.encode() + b"\n")
            assert control.recv(64).startswith(b"ok"), line


class CardRig(Rig):
    def __init__(self, control, protocol):
        self.protocol = next(p for p in ClientPin.PROTOCOLS if p.VERSION == protocol)
        self.device = Card(control)
        self.ctap = Ctap2(self.device)
        self.pin = ClientPin(self.ctap, self.protocol())
        self.server = Fido2Server(RP, attestation="direct")


def main(step, control, protocol, *rest):
    rig = CardRig(control, int(protocol))
    print("found", rig.device._card, rig.ctap.info.versions, rig.ctap.info.options)
    {"before": before_and_after.before, "after": before_and_after.after}[step](rig, *rest)
    rig.device.close()
    print(step)


if __name__ == "__main__":
    main(*sys.argv[1:])
