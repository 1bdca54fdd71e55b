"""python-fido2 as a peer: getInfo and changePIN on an open card, each timed here.

pin_change.py COUNT PIN OTHER_PIN. For each of the two it prints "ready", waits for a line, does it
COUNT times, and prints the nanoseconds in one line.
"""

import sys
import time

from fido2.ctap2 import Ctap2
from fido2.ctap2.pin import ClientPin
from fido2.pcsc import CtapPcscDevice


def measure(operation, count):
    print("ready", flush=True)
    sys.stdin.readline()
    times = []
    for run in range(count):
        begin = time.perf_counter_ns()
        operation(run)
        times.append(time.perf_counter_ns() - begin)
    print(*times, flush=True)


def main(count, *pins):
    [device] = CtapPcscDevice.list_devices()
    ctap = Ctap2(device)
    client_pin = ClientPin(ctap)
    measure(lambda run: ctap.get_info(), int(count))
    measure(lambda run: client_pin.change_pin(pins[run % 2], pins[(run + 1) % 2]), int(count))
    device.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
