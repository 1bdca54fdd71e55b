"""python-fido2's view of adapters/mock/examples/ctap_pipe.rs: a CtapDevice over two pipes."""

import struct
import subprocess

from fido2.ctap import CtapDevice, STATUS
from fido2.hid import CAPABILITY, CTAPHID


class PipeDevice(CtapDevice):
    """One key, held by the program `command`."""

    MESSAGE, VENDOR_MESSAGE, POWER_CYCLE = range(3)
    ANSWER, KEEPALIVE = range(2)

    def __init__(self, command):
        self._key = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    @property
    def capabilities(self):
        return CAPABILITY.CBOR | CAPABILITY.NMSG

    def call(self, cmd, data=b"", event=None, on_keepalive=None):
        assert cmd == CTAPHID.CBOR, cmd
        last = None
        self._send(self.MESSAGE, data)
        while True:
            kind, rest = self._receive()
            if kind == self.ANSWER:
                return rest
            if on_keepalive and rest[0] != last:
                last = rest[0]
                on_keepalive(STATUS(last))

    def power_cycle(self):
        self._send(self.POWER_CYCLE, b"")
        assert self._receive() == (self.ANSWER, b"")

    def close(self):
        self._key.stdin.close()
        assert self._key.wait(10) == 0

    @classmethod
    def list_devices(cls):
        return iter(())

    def _send(self, kind, rest):
        self._key.stdin.write(struct.pack(">HB", 1 + len(rest), kind) + rest)
        self._key.stdin.flush()

    def _receive(self):
        (length,) = struct.unpack(">H", self._read(2))
        frame = self._read(length)
        return frame[0], frame[1:]

    def _read(self, length):
        data = self._key.stdout.read(length)
        assert len(data) == length, "the key is gone"
        return data
