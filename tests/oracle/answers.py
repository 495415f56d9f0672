# SPDX-License-Identifier: Apache-2.0
"""Section 6 of docs/packet-path.md: the frames that a balancer itself answers with, and how many of them."""
import struct

import exits
import icmp
import parse
from buckets import Bucket
from checksum import checksum, pseudo_header, updated

QUOTED_BYTES = {4: 548, 16: 1232}  # by the bytes of an address
ECHO, TOO_BIG, REJECT = "echo", "too_big", "reject"
UNREACHABLE = {4: (3, 3), 16: (1, 4)}  # of a port
FRAGMENTATION_NEEDED = {4: (3, 4), 16: (2, 0)}


class Answers:
    """The rates of one worker and what was spent of them."""

    def __init__(self, rates, echo_to_kernel):
        self.rates, self.echo_to_kernel = rates, echo_to_kernel
        self.buckets = {kind: Bucket() for kind in rates}

    def take(self, kind, now):
        return self.buckets[kind].take(self.rates[kind], self.rates[kind], now)

    def echo(self, frame, packet, now):
        """(exit, frame or None) for an echo request to an address of a service; None: not ours to answer."""
        if self.echo_to_kernel or packet.has_extras or not icmp.is_echo_request(frame, packet):
            return None
        if not may_be_answered(frame, packet):
            return None
        if not self.take(ECHO, now):
            return exits.DROP_ECHO_LIMITED, None
        return exits.ANSWERED_ECHO, echo_reply(frame, packet)

    def too_big(self, frame, packet, mtu, now):
        """`mtu`: of the largest IP packet that would have fitted."""
        if packet.fragment == parse.LATER or not packet.may_not_fragment or not may_be_answered(frame, packet):
            return exits.DROP_TOO_BIG, None
        if not self.take(TOO_BIG, now):
            return exits.DROP_TOO_BIG, None
        what = FRAGMENTATION_NEEDED[len(packet.source)]
        return exits.ANSWERED_TOO_BIG, icmp_error(frame, packet, *what, mtu)

    def reject(self, frame, packet, now):
        if packet.fragment != parse.WHOLE or packet.flags & parse.RST or not may_be_answered(frame, packet):
            return exits.DROP_NO_BACKEND, None
        if not self.take(REJECT, now):
            return exits.DROP_REJECT_LIMITED, None
        if packet.protocol == parse.TCP:
            return exits.ANSWERED_REJECT, reset(frame, packet)
        return exits.ANSWERED_REJECT, icmp_error(frame, packet, *UNREACHABLE[len(packet.source)], 0)


def may_be_answered(frame, packet):
    if frame[0] & 1 or frame[6] & 1:
        return False
    source = packet.source
    if packet.is_ipv4:
        return source[0] not in (0, 127) and source[0] < 224
    return source != bytes(16) and source != bytes(15) + b"\x01" and source[0] != 0xFF


def link_back(frame, packet):
    """Everything up to the IP header, the addresses swapped."""
    return frame[6:12] + frame[0:6] + frame[12 : packet.ip_at]


def echo_reply(frame, packet):
    data = frame[packet.ip_at :]
    if packet.is_ipv4:
        swapped = data[:8] + b"\x40" + data[9:12] + data[16:20] + data[12:16] + data[20:]
        header_checksum = updated(int.from_bytes(data[10:12], "big"), data[8:10], swapped[8:10])
        data = swapped[:10] + header_checksum.to_bytes(2, "big") + swapped[12:]
    else:
        data = data[:7] + b"\x40" + data[24:40] + data[8:24] + data[40:]
    at = packet.l4_at - packet.ip_at
    new_type = bytes((0 if packet.is_ipv4 else 129, 0))
    value = updated(int.from_bytes(data[at + 2 : at + 4], "big"), data[at : at + 2], new_type)
    return link_back(frame, packet) + data[:at] + new_type + value.to_bytes(2, "big") + data[at + 4 :]


def ip_header_back(packet, protocol, payload_bytes):
    source, destination = packet.destination, packet.source
    if not packet.is_ipv4:
        return struct.pack(">IHBB", 6 << 28, payload_bytes, protocol, 64) + source + destination
    header = struct.pack(">BBHHHBBH", 0x45, 0, 20 + payload_bytes, 0, 0x4000, 64, protocol, 0) + source + destination
    return header[:10] + checksum(header).to_bytes(2, "big") + header[12:]


def icmp_error(frame, packet, kind, code, value):
    """`value` is the last 32 bits of its 8 bytes of header."""
    quoted = frame[packet.ip_at : packet.end][: QUOTED_BYTES[len(packet.source)]]
    protocol = parse.ICMP_OF[len(packet.source)]
    message = struct.pack(">BBHI", kind, code, 0, value) + quoted
    covered = message
    if not packet.is_ipv4:
        covered = pseudo_header(packet.destination, packet.source, protocol, len(message)) + message
    message = message[:2] + checksum(covered).to_bytes(2, "big") + message[4:]
    return link_back(frame, packet) + ip_header_back(packet, protocol, len(message)) + message


def reset(frame, packet):
    """RFC 9293, 3.10.7.1."""
    at = packet.l4_at
    sequence, acknowledgement = struct.unpack_from(">II", frame, at + 4)
    if packet.flags & parse.ACK:
        numbers, flags = (acknowledgement, 0), parse.RST
    else:
        payload_bytes = packet.end - at - (frame[at + 12] >> 4) * 4
        controls = bool(packet.flags & parse.SYN) + bool(packet.flags & parse.FIN)
        numbers, flags = (0, (sequence + payload_bytes + controls) % 2**32), parse.RST | parse.ACK
    segment = struct.pack(">HHIIBBHHH", packet.destination_port, packet.source_port, *numbers, 0x50, flags, 0, 0, 0)
    value = checksum(pseudo_header(packet.destination, packet.source, parse.TCP, len(segment)) + segment)
    segment = segment[:16] + value.to_bytes(2, "big") + segment[18:]
    return link_back(frame, packet) + ip_header_back(packet, parse.TCP, len(segment)) + segment
