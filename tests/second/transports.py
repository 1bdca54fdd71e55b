"""CTAPHID packets and APDUs: docs/protocol/transports.md and ISO 7816-4, 5.1, for the encoding of an APDU."""


def largest(report_size):
    return min(report_size - 7 + 128 * (report_size - 5), 65535)


def packets(channel, command, message, report_size):
    """ValueError where the message is too large."""
    if len(message) > largest(report_size):
        raise ValueError("too large")
    first, rest = message[:report_size - 7], message[report_size - 7:]
    out = [channel + bytes([0x80 | command]) + len(message).to_bytes(2, "big") + first]
    for at in range(0, len(rest), report_size - 5):
        out.append(channel + bytes([len(out) - 1]) + rest[at:at + report_size - 5])
    return [packet.ljust(report_size, b"\0") for packet in out]


def reassemble(reports):
    """Channel, command and message; ValueError where they are not one message."""
    first, *rest = reports
    channel, command, length = first[:4], first[4], int.from_bytes(first[5:7], "big")
    if not command & 0x80 or length > largest(len(first)):
        raise ValueError("no initialization packet")
    message = first[7:]
    for number, packet in enumerate(rest):
        if packet[:4] != channel or packet[4] != number or len(message) >= length:
            raise ValueError("out of sequence")
        message += packet[5:]
    if len(message) < length:
        raise ValueError("cut short")
    return channel, command & 0x7F, message[:length]


def apdu(head, data, ne, extended):
    """`ne`: bytes that the answer may have; 0 for no Le."""
    if not extended:
        return head + (bytes([len(data)]) + data if data else b"") + (bytes([ne % 256]) if ne else b"")
    out = head + b"\0"
    if data:
        out += len(data).to_bytes(2, "big") + data
    return out + (ne % 65536).to_bytes(2, "big") if ne else out


def read_apdu(command):
    """Head, data and Ne; ValueError where it is none."""
    head, body = command[:4], command[4:]
    if len(head) < 4:
        raise ValueError("shorter than its head")
    if not body:
        return head, b"", 0
    if len(body) == 1:
        return head, b"", body[0] or 256
    if body[0]:
        width, length, data = 1, body[0], body[1:]
    elif len(body) == 3:
        return head, b"", int.from_bytes(body[1:], "big") or 65536
    else:
        width, length, data = 2, int.from_bytes(body[1:3], "big"), body[3:]
    data, le = data[:length], data[length:]
    if not length or len(data) < length or len(le) not in (0, width):
        raise ValueError("Lc does not fit")
    return head, data, (int.from_bytes(le, "big") or 1 << 8 * width) if le else 0
