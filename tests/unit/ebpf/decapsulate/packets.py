# SPDX-License-Identifier: Apache-2.0
"""Encapsulated packets, and ones that are wrong, made by Scapy."""

from scapy.layers.inet import GRE, IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Raw

GUE_PORT, GRE_KEY = 6080, 0xCAFE0001
ETHER = Ether(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
BALANCER = {4: "10.0.0.1", 6: "fd00::1"}
STRANGER = {4: "10.0.1.1", 6: "fd00:1::1"}
PAYLOAD = Raw(bytes(range(200)))


def inner(version, ecn=0, layer=None):
    layer = layer or TCP(sport=4321, dport=80, seq=7, flags="PA") / PAYLOAD
    if version == 4:
        return IP(src="198.51.100.2", dst="192.0.2.10", tos=0xB8 | ecn, ttl=57, id=99) / layer
    return IPv6(src="2001:db8:c::2", dst="2001:db8::10", tc=0xB8 | ecn, fl=0x12345, hlim=57) / layer


def outer(version, protocol, ecn=0, source=None, **fields):
    if version == 4:
        return IP(src=source or BALANCER[4], dst="10.0.0.11", proto=protocol, tos=ecn, flags="DF", id=0, **fields)
    return IPv6(src=source or BALANCER[6], dst="fd00::11", nh=protocol, tc=ecn, **fields)


def number_of(version):
    return 4 if version == 4 else 41


def ipip(outer_version, packet, **fields):
    return ETHER / outer(outer_version, number_of(packet.version), **fields) / Raw(bytes(packet))


def udp(outer_version, payload, port=GUE_PORT, **fields):
    return ETHER / outer(outer_version, 17, **fields) / UDP(sport=51000, dport=port) / Raw(payload)


def gue0(packet, control=0, words=0, flags=0, protocol=None):
    first = control << 5 | words
    return bytes([first, protocol or number_of(packet.version)]) + flags.to_bytes(2, "big") + bytes(packet)


def gre(outer_version, packet, **fields):
    header = GRE(proto=0x0800 if packet.version == 4 else 0x86DD, **fields)
    return ETHER / outer(outer_version, 47) / header / Raw(bytes(packet))


def broken(frame, offset, value):
    """The frame with one byte changed."""
    raw = bytearray(bytes(frame))
    raw[offset] = value
    return bytes(raw)


def with_total_length(frame, length):
    """An outer IPv4 header of another total length, its checksum right."""
    packet = Ether(bytes(frame))
    packet[IP].len = length
    del packet[IP].chksum
    return bytes(packet)
