# SPDX-License-Identifier: Apache-2.0
"""Step 4 of docs/packet-path.md: the bytes that a backend is sent, or the exit if it cannot be. The modes that change
the packet itself are in rewrite.py."""
import struct

import exits
import rewrite
from checksum import checksum
from prefixes import filled

L2, IPIP, GUE, GRE, L3DSR = "l2", "ipip", "gue", "gre", "l3dsr"
MODES = (L2, IPIP, GUE, GRE, L3DSR)
UDP, GRE_PROTOCOL = 17, 47
ETHER_TYPES = {4: b"\x08\x00", 16: b"\x86\xdd"}  # by the bytes of an address


def inner_protocol(packet):
    return 4 if packet.is_ipv4 else 41


def shim(packet, hash_value, backend):
    """(protocol behind the outer IP header, what stands between that and the inner packet)."""
    if backend.forward == IPIP:
        return inner_protocol(packet), b""
    if backend.forward == GRE:
        key = b"" if backend.gre_key is None else backend.gre_key.to_bytes(4, "big")
        return GRE_PROTOCOL, (b"\x20\x00" if key else b"\0\0") + ETHER_TYPES[len(packet.source)] + key
    header = b"" if backend.gue_variant else bytes((0, inner_protocol(packet), 0, 0))
    source_port, length = 0xC000 | hash_value & 0x3FFF, 8 + len(header) + packet.ip_bytes
    return UDP, struct.pack(">HHHH", source_port, backend.gue_port, length, 0) + header


def overhead(packet, backend):
    if backend.forward in (L2, L3DSR):
        return 0
    return (20 if len(backend.address) == 4 else 40) + len(shim(packet, 0, backend)[1])


def outer_source(backend, hash_value):
    if len(backend.address) == 4:
        return filled(backend.outer_source, backend.outer_source_bits, hash_value >> 32)
    return filled(backend.outer_source, backend.outer_source_bits, hash_value)


def outer_header(backend, protocol, traffic_class, payload_bytes, hash_value):
    source = outer_source(backend, hash_value)
    if len(backend.address) == 4:
        header = struct.pack(">BBHHHBBH4s4s", 0x45, traffic_class, 20 + payload_bytes, 0, 0x4000, 64, protocol, 0,
                             source, backend.address)
        return header[:10] + checksum(header).to_bytes(2, "big") + header[12:]
    first = 6 << 28 | traffic_class << 20 | hash_value & 0xFFFFF
    return struct.pack(">IHBB16s16s", first, payload_bytes, protocol, 64, source, backend.address)


def link_header(packet, backend):
    """The new Ethernet header, its EtherType left out."""
    addresses = backend.next_hop_mac + backend.source_mac
    if backend.vlan is None:
        return addresses
    priority = 0 if packet.tag is None else packet.tag & 0xF000
    return addresses + b"\x81\x00" + (priority | backend.vlan).to_bytes(2, "big")


def forward(frame, packet, hash_value, backend, dscp=None):
    """(exit, frame as it leaves or None) for a packet that was given `backend` (configuration.Backend). `dscp` is what
    l3dsr backends know the service by."""
    if not backend.resolved:
        return exits.DROP_UNRESOLVED, None
    if backend.forward == L3DSR and len(backend.address) != len(packet.source):
        return exits.DROP_UNRESOLVED, None
    room = backend.mtu_bytes - overhead(packet, backend)
    if packet.ip_bytes > room:
        return exits.DROP_TOO_BIG, None
    link = link_header(packet, backend)
    if backend.forward in (L2, L3DSR):
        rest = frame[packet.ip_at :]
        if backend.forward == L3DSR:
            rest = rewrite.to_backend(rest, packet, backend.address, dscp)
        return exits.SENT, link + ETHER_TYPES[len(packet.source)] + rest
    inner = frame[packet.ip_at : packet.end]
    if backend.clamps_mss:
        inner = rewrite.clamp_mss(inner, packet, room)
    protocol, between = shim(packet, hash_value, backend)
    header = outer_header(backend, protocol, packet.traffic_class, len(between) + len(inner), hash_value)
    return exits.SENT, link + ETHER_TYPES[len(backend.address)] + header + between + inner
