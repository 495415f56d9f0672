# SPDX-License-Identifier: Apache-2.0
"""Step 1 of docs/packet-path.md: from the bytes of a frame to what the later steps need, or to an exit.

parse() returns either the name of an exit (a str) or a Parsed. A fragment is a Parsed with `fragment` set: which exit
it takes depends on the services.
"""
import exits

TCP, UDP = 6, 17
FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10
EXTENSION_HEADERS = frozenset((0, 43, 60, 44))  # hop-by-hop, routing, destination options, fragment
EXTENSION_HEADERS_MAX = 8


class Parsed:
    __slots__ = ("source", "destination", "source_port", "destination_port", "protocol", "flags", "opens", "ip_bytes",
                 "traffic_class", "fragment")

    def __init__(self, source, destination, ip_bytes, traffic_class):
        self.source, self.destination = source, destination
        self.ip_bytes, self.traffic_class = ip_bytes, traffic_class
        self.fragment = False
        self.source_port = self.destination_port = self.protocol = self.flags = 0
        self.opens = False

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
    ether_type = frame[12:14]
    if ether_type == b"\x08\x00":
        return parse_ipv4(frame)
    if ether_type == b"\x86\xdd":
        return parse_ipv6(frame)
    return exits.KERNEL_NOT_IP


def parse_ipv4(frame):
    available = len(frame) - 14
    if available < 20:
        return exits.DROP_FRAME_TRUNCATED
    header_bytes = (frame[14] & 15) * 4
    total_bytes = frame[16] << 8 | frame[17]
    if frame[14] >> 4 != 4 or header_bytes < 20 or total_bytes < header_bytes:
        return exits.DROP_IP_HEADER_INVALID
    if available < total_bytes:
        return exits.DROP_FRAME_TRUNCATED
    # Ones' complement: the words add up to all ones exactly if the header, as one number, is a multiple of 2^16 - 1.
    if int.from_bytes(frame[14 : 14 + header_bytes], "big") % 65535:
        return exits.DROP_IP_CHECKSUM
    packet = Parsed(frame[26:30], frame[30:34], total_bytes, frame[15])
    if (frame[20] & 0x3F) or frame[21]:  # more fragments, or an offset; the flags "reserved" and "do not" aside
        packet.fragment = True
        return packet
    return parse_transport(packet, frame[23], frame, 14 + header_bytes, 14 + total_bytes)


def parse_ipv6(frame):
    available = len(frame) - 14
    if available < 40:
        return exits.DROP_FRAME_TRUNCATED
    if frame[14] >> 4 != 6:
        return exits.DROP_IP_HEADER_INVALID
    ip_bytes = 40 + (frame[18] << 8 | frame[19])
    if available < ip_bytes:
        return exits.DROP_FRAME_TRUNCATED
    if ip_bytes > 65535:
        return exits.DROP_IP_HEADER_INVALID
    packet = Parsed(frame[22:38], frame[38:54], ip_bytes, (frame[14] & 15) << 4 | frame[15] >> 4)
    end = 14 + ip_bytes
    at = 54
    next_header = frame[20]
    walked = 0
    while next_header in EXTENSION_HEADERS:
        if walked == EXTENSION_HEADERS_MAX:
            return exits.DROP_EXTENSION_HEADERS
        if end - at < 8:
            return exits.DROP_IP_HEADER_INVALID
        if next_header == 44:
            if (frame[at + 2] << 8 | frame[at + 3]) & 0xFFF9:  # 13 bits of offset, 2 reserved, more fragments
                packet.fragment = True
                return packet
            header_bytes = 8
        else:
            header_bytes = (frame[at + 1] + 1) * 8
            if end - at < header_bytes:
                return exits.DROP_IP_HEADER_INVALID
        next_header = frame[at]
        at += header_bytes
        walked += 1
    return parse_transport(packet, next_header, frame, at, end)


def parse_transport(packet, protocol, frame, at, end):
    packet.protocol = protocol
    payload_bytes = end - at
    if protocol == TCP:
        if payload_bytes < 20:
            return exits.DROP_L4_INVALID
        header_bytes = (frame[at + 12] >> 4) * 4
        if header_bytes < 20 or header_bytes > payload_bytes:
            return exits.DROP_L4_INVALID
        packet.flags = frame[at + 13]
        packet.opens = packet.flags & (SYN | ACK) == SYN
    elif protocol == UDP:
        if payload_bytes < 8:
            return exits.DROP_L4_INVALID
        udp_bytes = frame[at + 4] << 8 | frame[at + 5]
        if udp_bytes < 8 or udp_bytes > payload_bytes:
            return exits.DROP_L4_INVALID
        packet.opens = True
    else:
        return exits.KERNEL_OTHER_PROTOCOL
    packet.source_port = frame[at] << 8 | frame[at + 1]
    packet.destination_port = frame[at + 2] << 8 | frame[at + 3]
    return packet
