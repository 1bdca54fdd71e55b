"""A pytest plugin that runs python-fido2's own tests/device over PC/SC, against fido-unlock-virtual.

The suite asks a person to take the card off the reader, to put it back and to touch it. Here its words go to the
control socket in CARD_CONTROL, and the card touches itself. What it prints for the person is not printed.
"""

import os
import socket


def tell(line):
    with socket.socket(socket.AF_UNIX) as control:
        control.connect(os.environ["CARD_CONTROL"])
        control.sendall(line.encode() + b"\n")
        assert control.recv(64).startswith(b"ok"), line


def pytest_collection_finish(session):
    from tests.device import Printer

    Printer.print = lambda self, *messages: None
    Printer.touch = lambda self: None
    Printer.remove = lambda self, nfc=False: tell("remove")
    Printer.insert = lambda self, nfc=False: tell("insert")
