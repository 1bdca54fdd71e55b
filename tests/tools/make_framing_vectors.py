#!/usr/bin/env python3
"""Makes tests/vectors/{ctaphid,apdu}.json and their schemas from the text of CTAP 2.1 §11.2.4 and
ISO 7816-4 §5.1, without the library, so that code and vector cannot be wrong together."""
import os
import json
import pathlib
import struct

VECTORS = pathlib.Path(os.environ.get("FIDO_UNLOCK_VECTORS_OUT") or pathlib.Path(__file__).resolve().parent.parent / "vectors")


def pattern(length):
    return bytes(i * 7 % 251 for i in range(length))


def ctaphid_packets(channel, command, message, size):
    first = struct.pack(">IBH", channel, 0x80 | command, len(message)) + message[: size - 7]
    packets = [first.ljust(size, b"\0")]
    rest = message[size - 7:]
    sequence = 0
    while rest:
        packets.append((struct.pack(">IB", channel, sequence) + rest[: size - 5]).ljust(size, b"\0"))
        rest = rest[size - 5:]
        sequence += 1
    return packets


def ctaphid():
    cases = []
    for size, lengths in {
        64: [0, 1, 57, 58, 116, 117, 3597, 7550, 7551, 7609, 7610],
        62: [55, 56, 7351, 7352],
        512: [505, 506, 65401, 65402],
    }.items():
        for length in lengths:
            limit = size - 7 + 128 * (size - 5)
            case = {"id": len(cases) + 1, "report_size": size, "channel": "01020304", "command": 0x10,
                    "message_length": length}
            if length > limit:
                case |= {"expected": "too_large", "reason": f"more than {limit} bytes", "count": 0, "packets": {}}
            else:
                packets = ctaphid_packets(0x01020304, 0x10, pattern(length), size)
                shown = {0, 1, len(packets) - 1} & set(range(len(packets)))
                case |= {"expected": "valid", "reason": f"{len(packets)} packets", "count": len(packets),
                         "packets": {str(i): packets[i].hex() for i in sorted(shown)}}
            cases.append(case)
    return cases


def apdu_bytes(head, data, ne, extended):
    out = bytes.fromhex(head)
    if extended:
        if data:
            return out + b"\0" + struct.pack(">H", len(data)) + data + (struct.pack(">H", ne % 65536) if ne else b"")
        return out + (b"\0" + struct.pack(">H", ne % 65536) if ne else b"")
    if data:
        out += bytes([len(data)]) + data
    return out + (bytes([ne % 256]) if ne else b"")


def apdu():
    cases = []

    def add(case, expected, reason, **fields):
        cases.append({"id": len(cases) + 1, "case": case, "expected": expected, "reason": reason} | fields)

    def valid(case, reason, head, length, ne, extended):
        data = pattern(length)
        apdu = apdu_bytes(head, data, ne, extended)
        add(case, "valid", reason, head=head, data_length=length, ne=ne, extended=extended,
            apdu_start=apdu[:16].hex(), apdu_end=apdu[-4:].hex(), apdu_length=len(apdu))

    valid("1", "no data, no Le", "80100000", 0, 0, False)
    for ne in (1, 255, 256):
        valid("2S", f"Ne = {ne}", "80110000", 0, ne, False)
    for length in (1, 254, 255):
        valid("3S", f"Nc = {length}", "90108000", length, 0, False)
        valid("4S", f"Nc = {length}, Ne = 256", "80108000", length, 256, False)
    valid("4S", "Le that looks like the next byte of the data", "80108000", 3, 3, False)
    for ne in (1, 256, 257, 65535, 65536):
        valid("2E", f"Ne = {ne}", "80110000", 0, ne, True)
    for length in (1, 255, 256, 257, 65535):
        valid("3E", f"Nc = {length}", "80108000", length, 0, True)
        valid("4E", f"Nc = {length}, Ne = 65536", "80108000", length, 65536, True)
    for apdu, reason in {
        "": "empty",
        "801000": "shorter than its head",
        "801000000501": "Lc = 5, one byte of data",
        "80100000020102ff00": "more than one byte after the data",
        "801000000000": "00 and one byte: neither short nor extended",
        "80100000000000aa": "extended Lc = 0000 with a byte after it",
        "8010000000000000": "extended Lc = 0000 with a byte after it",
        "8010000000000000ff": "extended Lc = 0000 and Le",
        "80100000000003aabb": "extended Lc = 3, two bytes of data",
        "80100000000002aabbcc": "half an extended Le",
        "80100000000002aabb010203": "more than two bytes after the data",
    }.items():
        add("none", "invalid", reason, apdu=apdu)
    return cases


def write(name, title, description, cases, properties):
    base = {"id": {"type": "integer", "minimum": 1}, "expected": {"type": "string"},
            "reason": {"type": "string", "minLength": 1}}
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "type": "object",
        "additionalProperties": False,
        "required": ["schema", "description", "cases"],
        "properties": {
            "schema": {"const": f"schema/{name}.schema.json"},
            "description": {"type": "string"},
            "cases": {"type": "array", "minItems": 1, "items": {
                "oneOf": [{"type": "object", "additionalProperties": False, "properties": base | p,
                           "required": sorted(base | p)} for p in properties]}},
        },
    }
    document = {"schema": f"schema/{name}.schema.json", "description": description, "cases": cases}
    (VECTORS / "schema" / f"{name}.schema.json").write_text(json.dumps(schema, indent=1) + "\n")
    (VECTORS / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n")


HEX = {"type": "string", "pattern": "^([0-9a-f]{2})*$"}
NUMBER = {"type": "integer", "minimum": 0}
PATTERN = "Byte i of a message or of command data is i * 7 mod 251."
write("ctaphid", "Vectors of CTAPHID packets (CTAP 2.1 §11.2.4)",
      PATTERN + " 'packets' shows the first, the second and the last of 'count' packets.", ctaphid(),
      [{"expected": {"enum": ["valid", "too_large"]}, "report_size": NUMBER, "channel": HEX, "command": NUMBER,
        "message_length": NUMBER, "count": NUMBER,
        "packets": {"type": "object", "additionalProperties": HEX}}])
write("apdu", "Vectors of command APDUs (ISO 7816-4 §5.1)",
      PATTERN + " Ne = 0 stands for no Le. 'apdu_start' and 'apdu_end' are the first 16 and last 4 bytes.", apdu(),
      [{"expected": {"const": "valid"}, "case": {"enum": ["1", "2S", "3S", "4S", "2E", "3E", "4E"]}, "head": HEX,
        "data_length": NUMBER, "ne": NUMBER, "extended": {"type": "boolean"}, "apdu_start": HEX, "apdu_end": HEX,
        "apdu_length": NUMBER},
       {"expected": {"const": "invalid"}, "case": {"const": "none"}, "apdu": HEX}])
