# SPDX-License-Identifier: Apache-2.0
"""Frames of struct and bytes, as fast as Python can make them; what traffic.py sends is built here."""
import struct

from checksum import checksum, pseudo_header

LINK = bytes.fromhex("020000000002020000000001")
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
DONT_FRAGMENT, MORE_FRAGMENTS = 0x4000, 0x2000


def ipv4_header(source, destination, protocol, payload_bytes, tos=0, options=b"", fragment=DONT_FRAGMENT, ttl=64,
                identification=7):
    header_bytes = 20 + len(options)
    header = struct.pack(">BBHHHBBH4s4s", 0x40 | header_bytes // 4, tos, header_bytes + payload_bytes, identification,
                         fragment, ttl, protocol, 0, source, destination) + options
    return b"%b%b%b" % (header[:10], (65535 - int.from_bytes(header, "big") % 65535).to_bytes(2, "big"), header[12:])


def ipv6_header(source, destination, protocol, payload_bytes, tos=0, label=0):
    first = struct.pack(">IHBB", 6 << 28 | tos << 20 | label, payload_bytes, protocol, 64)
    return b"%b%b%b" % (first, source, destination)


def ipv4(source, destination, protocol, payload, *more, **fields):
    header = ipv4_header(source, destination, protocol, len(payload), *more, **fields)
    return b"%b\x08\x00%b%b" % (LINK, header, payload)


def ipv6(source, destination, protocol, payload, *more, **fields):
    header = ipv6_header(source, destination, protocol, len(payload), *more, **fields)
    return b"%b\x86\xdd%b%b" % (LINK, header, payload)


def ip(source, destination, protocol, payload):
    make = ipv4 if len(source) == 4 else ipv6
    return make(source, destination, protocol, payload)


def icmp(source, destination, kind, code, rest):
    """`rest` is everything behind the checksum."""
    protocol = 1 if len(source) == 4 else 58
    message = bytes((kind, code, 0, 0)) + rest
    covered = message if protocol == 1 else pseudo_header(source, destination, protocol, len(message)) + message
    message = message[:2] + checksum(covered).to_bytes(2, "big") + message[4:]
    return ip(source, destination, protocol, message)


def tagged(frame, tag):
    return b"%b\x81\x00%b%b" % (frame[:12], tag.to_bytes(2, "big"), frame[12:])


def fragments(source, destination, protocol, data, cuts, identification, shift=0):
    """Frames with the parts of `data` between `cuts` (multiples of 8), each `shift` bytes further than it belongs."""
    frames, edges = [], [0, *cuts, len(data)]
    for begin, end in zip(edges, edges[1:]):
        more, offset = end != len(data), (begin + (shift if begin else 0)) // 8
        if len(source) == 4:
            field = offset | (MORE_FRAGMENTS if more else 0)
            frames.append(ipv4(source, destination, protocol, data[begin:end], fragment=field,
                               identification=identification & 0xFFFF))
        else:
            header = bytes((protocol, 0)) + struct.pack(">HI", offset << 3 | more, identification)
            frames.append(ipv6(source, destination, 44, header + data[begin:end]))
    return frames


def tcp(ports, flags, payload=b"", options=b""):
    """Its checksum is 0, hence wrong, which is nobody's affair on the way."""
    offset = (5 + len(options) // 4) << 4
    return b"%b\x00\x00\x00\x01\x00\x00\x00\x02%b%b\xff\xff\x00\x00\x00\x00%b%b" % (
        ports, bytes((offset,)), bytes((flags,)), options, payload)


def udp(ports, payload, value=0):
    return b"%b%b%b%b" % (ports, (8 + len(payload)).to_bytes(2, "big"), value.to_bytes(2, "big"), payload)
