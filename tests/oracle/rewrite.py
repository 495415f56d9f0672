# SPDX-License-Identifier: Apache-2.0
"""Step 4 of docs/packet-path.md where the packet itself changes: l3dsr, and the MSS of SYNs that go into tunnels.

Both take the bytes from the IP header on. Checksums are updated, never computed, so a wrong one stays as wrong."""
import parse
from checksum import updated

ICMPV6 = 58
CHECKSUM_AT = {parse.TCP: 16, parse.UDP: 6, ICMPV6: 2}
END_OF_OPTIONS, NO_OPERATION, MSS = 0, 1, 2


def with_checksum(data, at, old, new):
    value = updated(int.from_bytes(data[at : at + 2], "big"), old, new)
    return data[:at] + value.to_bytes(2, "big") + data[at + 2 :]


def to_backend(data, packet, address, dscp):
    """l3dsr: another destination and DSCP."""
    old = packet.destination
    if packet.is_ipv4:
        tos = dscp << 2 | data[1] & 3
        changed = data[:1] + bytes((tos,)) + data[2:16] + address + data[20:]
        data = with_checksum(changed, 10, data[:2] + old, changed[:2] + address)
    else:
        first = int.from_bytes(data[:4], "big") & ~(0x3F << 22) | dscp << 22
        data = first.to_bytes(4, "big") + data[4:24] + address + data[40:]
    return data if packet.fragment == parse.LATER else transport_updated(data, packet, old, address)


def transport_updated(data, packet, old, new):
    if packet.protocol not in CHECKSUM_AT or (packet.is_ipv4 and packet.protocol == ICMPV6):
        return data
    at = packet.l4_at - packet.ip_at + CHECKSUM_AT[packet.protocol]
    is_udp = packet.protocol == parse.UDP
    if is_udp and data[at : at + 2] == b"\0\0":
        return data
    data = with_checksum(data, at, old, new)
    if is_udp and data[at : at + 2] == b"\0\0":
        data = data[:at] + b"\xff\xff" + data[at + 2 :]
    return data


def clamp_mss(data, packet, room):
    """`room` is the largest IP packet that fits the tunnel."""
    if packet.protocol != parse.TCP or packet.fragment != parse.WHOLE or not packet.flags & parse.SYN:
        return data
    tcp_at = packet.l4_at - packet.ip_at
    at = mss_at(data, tcp_at + 20, tcp_at + (data[tcp_at + 12] >> 4) * 4)
    limit = room - (20 if packet.is_ipv4 else 40) - 20
    if at is None or int.from_bytes(data[at : at + 2], "big") <= limit:
        return data
    changed = data[:at] + limit.to_bytes(2, "big") + data[at + 2 :]
    # At an odd place of the TCP segment the two bytes belong to two words.
    odd = (at - tcp_at) % 2
    begin, end = at - odd, at + 2 + odd
    return with_checksum(changed, tcp_at + 16, data[begin:end], changed[begin:end])


def mss_at(data, at, end):
    """Where the value of the MSS option stands, or None."""
    while at < end:
        kind = data[at]
        if kind == END_OF_OPTIONS:
            return None
        if kind == NO_OPERATION:
            at += 1
            continue
        if at + 1 >= end:
            return None
        length = data[at + 1]
        if length < 2 or at + length > end:
            return None
        if kind == MSS and length == 4:
            return at + 2
        at += length
    return None
