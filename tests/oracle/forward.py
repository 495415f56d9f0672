# SPDX-License-Identifier: Apache-2.0
"""Step 4 of docs/packet-path.md: the bytes that a backend is sent, or the exit if it cannot be."""
import struct

import exits

L2, IPIP = "l2", "ipip"


def ipv4_checksum(header):
    """RFC 1071 over a header of whole words."""
    total = sum(struct.unpack(f">{len(header) // 2}H", header))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def outer_header(source, destination, inner_is_ipv4, traffic_class, inner_bytes, hash_value):
    protocol = 4 if inner_is_ipv4 else 41
    if len(destination) == 4:
        header = struct.pack(">BBHHHBBH4s4s", 0x45, traffic_class, 20 + inner_bytes, 0, 0x4000, 64, protocol, 0,
                             source, destination)
        return header[:10] + ipv4_checksum(header).to_bytes(2, "big") + header[12:]
    first = 6 << 28 | traffic_class << 20 | hash_value & 0xFFFFF
    return struct.pack(">IHBB16s16s", first, inner_bytes, protocol, 64, source, destination)


def forward(frame, packet, hash_value, backend):
    """(exit, frame as it leaves or None) for a packet that was given `backend` (configuration.Backend)."""
    if not backend.resolved:
        return exits.DROP_UNRESOLVED, None
    link = backend.next_hop_mac + backend.source_mac
    if backend.forward == L2:
        if packet.ip_bytes > backend.mtu_bytes:
            return exits.DROP_TOO_BIG, None
        return exits.SENT, link + frame[12:]
    outer_is_ipv4 = len(backend.address) == 4
    if (20 if outer_is_ipv4 else 40) + packet.ip_bytes > backend.mtu_bytes:
        return exits.DROP_TOO_BIG, None
    header = outer_header(backend.outer_source, backend.address, len(packet.source) == 4, packet.traffic_class,
                          packet.ip_bytes, hash_value)
    ether_type = b"\x08\x00" if outer_is_ipv4 else b"\x86\xdd"
    return exits.SENT, link + ether_type + header + frame[14 : 14 + packet.ip_bytes]
