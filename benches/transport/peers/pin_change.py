"""python-fido2 as a peer: getInfo and changePIN on a card, each timed here.

pin_change.py PIN OTHER_PIN. For each line "getInfo COUNT" or "changePIN COUNT" it opens the card,
prints "ready", waits for a line, does it COUNT times, prints the nanoseconds in one line, closes the
card and prints "closed".
"""

import sys
import time

from fido2.ctap2 import Ctap2
from fido2.ctap2.pin import ClientPin
from fido2.pcsc import CtapPcscDevice


def turn(task, count, pins):
    [device] = CtapPcscDevice.list_devices()
    ctap = Ctap2(device)
    client_pin = ClientPin(ctap)
    operations = {
        "getInfo": lambda run: ctap.get_info(),
        "changePIN": lambda run: client_pin.change_pin(pins[run % 2], pins[(run + 1) % 2]),
    }
    operation = operations[task]
    print("ready", flush=True)
    sys.stdin.readline()
    times = []
    for run in range(count):
        begin = time.perf_counter_ns()
        operation(run)
        times.append(time.perf_counter_ns() - begin)
    print(*times, flush=True)
    device.close()
    print("closed", flush=True)


def main(*pins):
    for line in iter(sys.stdin.readline, ""):
        task, count = line.split()
        turn(task, int(count), pins)


if __name__ == "__main__":
    main(*sys.argv[1:])
