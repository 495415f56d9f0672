# SPDX-License-Identifier: Apache-2.0
"""Step 1 of docs/packet-path.md: from the bytes of a frame to what the later steps need, or to an exit.

parse() returns either the name of an exit (a str) or a Parsed: a TCP or UDP packet, a fragment or an ICMP message. What
becomes of the latter two depends on the services.
"""
import struct

import exits

TCP, UDP = 6, 17
ICMP_OF = {4: 1, 16: 58}  # by the bytes of an address
FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10
EXTENSION_HEADERS = frozenset((0, 43, 60, 44))  # hop-by-hop, routing, destination options, fragment
FRAGMENT_HEADER = 44
EXTENSION_HEADERS_MAX = 8
WHOLE, FIRST, LATER = "whole", "first", "later"
PORTS = struct.Struct(">HH")


class Parsed:
    __slots__ = ("source", "destination", "source_port", "destination_port", "protocol", "flags", "opens", "ip_at",
                 "ip_bytes", "l4_at", "traffic_class", "fragment", "identification", "tag", "may_not_fragment",
                 "has_extras")

    def __init__(self, source, destination, ip_at, ip_bytes, traffic_class):
        self.source, self.destination = source, destination
        self.ip_at, self.ip_bytes, self.traffic_class = ip_at, ip_bytes, traffic_class
        self.l4_at = 0
        self.fragment, self.identification = WHOLE, None
        self.source_port = self.destination_port = self.protocol = self.flags = 0
        self.opens = False
        self.tag = None  # priority, drop bit and VLAN of a tagged frame
        self.may_not_fragment = False  # DF, and always in IPv6
        self.has_extras = False  # IPv4 options or IPv6 extension headers

    @property
    def is_ipv4(self):
        return len(self.source) == 4

    @property
    def end(self):
        """Behind the last byte of the IP packet; whatever follows is padding."""
        return self.ip_at + self.ip_bytes

    @property
    def is_icmp(self):
        return self.protocol == ICMP_OF[len(self.source)]

    def message(self):
        """What is hashed (siphash.flow_message), without the detour."""
        family = 4 if len(self.source) == 4 else 6
        return b"%b%b%b%b%b" % (
            self.source,
            self.destination,
            self.source_port.to_bytes(2, "big"),
            self.destination_port.to_bytes(2, "big"),
            bytes((self.protocol, family)),
        )


def parse(frame):
    if len(frame) < 14:
        return exits.DROP_FRAME_TRUNCATED
    ether_type, ip_at, tag = frame[12:14], 14, None
    if ether_type == b"\x81\x00":
        if len(frame) < 18:
            return exits.DROP_FRAME_TRUNCATED
        ether_type, ip_at, tag = frame[16:18], 18, frame[14] << 8 | frame[15]
    if ether_type == b"\x08\x00":
        packet = parse_ipv4(frame, ip_at)
    elif ether_type == b"\x86\xdd":
        packet = parse_ipv6(frame, ip_at)
    else:
        return exits.KERNEL_NOT_IP
    if tag is not None and not isinstance(packet, str):
        packet.tag = tag
    return packet


def parse_ipv4(frame, at):
    available = len(frame) - at
    if available < 20:
        return exits.DROP_FRAME_TRUNCATED
    header_bytes = (frame[at] & 15) * 4
    total_bytes = frame[at + 2] << 8 | frame[at + 3]
    if frame[at] >> 4 != 4 or header_bytes < 20 or total_bytes < header_bytes:
        return exits.DROP_IP_HEADER_INVALID
    if available < total_bytes:
        return exits.DROP_FRAME_TRUNCATED
    # Ones' complement: the words add up to all ones exactly if the header, as one number, is a multiple of 2^16 - 1.
    if int.from_bytes(frame[at : at + header_bytes], "big") % 65535:
        return exits.DROP_IP_CHECKSUM
    packet = Parsed(frame[at + 12 : at + 16], frame[at + 16 : at + 20], at, total_bytes, frame[at + 1])
    packet.may_not_fragment = bool(frame[at + 6] & 0x40)
    packet.has_extras = header_bytes > 20
    packet.protocol, packet.l4_at = frame[at + 9], at + header_bytes
    offset = (frame[at + 6] & 0x1F) << 8 | frame[at + 7]
    if offset or frame[at + 6] & 0x20:
        packet.fragment = LATER if offset else FIRST
        packet.identification = frame[at + 4 : at + 6]
    return parse_payload(packet, frame)


def parse_ipv6(frame, at):
    available = len(frame) - at
    if available < 40:
        return exits.DROP_FRAME_TRUNCATED
    if frame[at] >> 4 != 6:
        return exits.DROP_IP_HEADER_INVALID
    ip_bytes = 40 + (frame[at + 4] << 8 | frame[at + 5])
    if available < ip_bytes:
        return exits.DROP_FRAME_TRUNCATED
    if ip_bytes > 65535:
        return exits.DROP_IP_HEADER_INVALID
    packet = Parsed(frame[at + 8 : at + 24], frame[at + 24 : at + 40], at, ip_bytes,
                    (frame[at] & 15) << 4 | frame[at + 1] >> 4)
    packet.may_not_fragment = True
    packet.protocol, packet.l4_at = frame[at + 6], at + 40
    if packet.protocol in EXTENSION_HEADERS:
        packet.has_extras = True
        refusal = walk(packet, frame, at + ip_bytes)
        if refusal:
            return refusal
    return parse_payload(packet, frame)


def walk(packet, frame, end):
    """Walks IPv6 extension headers from packet.l4_at, where packet.protocol says what stands; None, or an exit. Leaves
    there what comes behind the last; behind the fragment header of a later fragment nothing is walked."""
    walked = 0
    while packet.protocol in EXTENSION_HEADERS:
        at = packet.l4_at
        if walked == EXTENSION_HEADERS_MAX:
            return exits.DROP_EXTENSION_HEADERS
        if end - at < 8:
            return exits.DROP_IP_HEADER_INVALID
        header_bytes = 8
        if packet.protocol == FRAGMENT_HEADER:
            field = frame[at + 2] << 8 | frame[at + 3]
            if field & 0xFFF9:
                if packet.fragment != WHOLE:
                    return exits.DROP_IP_HEADER_INVALID
                packet.fragment = LATER if field & 0xFFF8 else FIRST
                packet.identification = frame[at + 4 : at + 8]
        else:
            header_bytes = (frame[at + 1] + 1) * 8
            if end - at < header_bytes:
                return exits.DROP_IP_HEADER_INVALID
        packet.protocol = frame[at]
        packet.l4_at = at + header_bytes
        walked += 1
        if packet.fragment == LATER:
            return None
    return None


def parse_payload(packet, frame):
    protocol = packet.protocol
    if packet.fragment == LATER:
        follows = protocol in (TCP, UDP) or (not packet.is_ipv4 and protocol in EXTENSION_HEADERS)
        return packet if follows else exits.KERNEL_OTHER_PROTOCOL
    if protocol not in (TCP, UDP):
        return packet if packet.is_icmp and packet.fragment == WHOLE else exits.KERNEL_OTHER_PROTOCOL
    at = packet.l4_at
    payload_bytes = packet.ip_at + packet.ip_bytes - at
    if protocol == TCP:
        if payload_bytes < 20:
            return exits.DROP_L4_INVALID
        header_bytes = (frame[at + 12] >> 4) * 4
        if header_bytes < 20 or header_bytes > payload_bytes:
            return exits.DROP_L4_INVALID
        packet.flags = frame[at + 13]
        packet.opens = packet.flags & (SYN | ACK) == SYN
    else:
        if payload_bytes < 8:
            return exits.DROP_L4_INVALID
        udp_bytes = frame[at + 4] << 8 | frame[at + 5]
        if udp_bytes < 8 or (udp_bytes > payload_bytes and packet.fragment == WHOLE):
            return exits.DROP_L4_INVALID
        packet.opens = True
    packet.source_port, packet.destination_port = PORTS.unpack_from(frame, at)
    return packet
