# SPDX-License-Identifier: Apache-2.0
"""Section 7 of docs/packet-path.md: the flow that an ICMP error is about, from the packet that it quotes."""
import parse

ERRORS = {4: frozenset((3, 11, 12)), 16: frozenset((1, 2, 3, 4))}  # types, by the bytes of an address
ECHO_REQUEST = {4: 8, 16: 128}


class Flow:
    """Addresses, ports and protocol as a packet of the flow would have them on its way to the service."""

    __slots__ = ("source", "destination", "source_port", "destination_port", "protocol")

    message = parse.Parsed.message


def kind(frame, packet):
    """Type and code of an ICMP message that has its 8 bytes, else None."""
    if packet.end - packet.l4_at < 8:
        return None
    return frame[packet.l4_at], frame[packet.l4_at + 1]


def is_echo_request(frame, packet):
    return kind(frame, packet) == (ECHO_REQUEST[len(packet.source)], 0)


def is_error(frame, packet):
    what = kind(frame, packet)
    return what is not None and what[0] in ERRORS[len(packet.source)]


def flow_of_error(frame, packet):
    """The flow that the ICMP message `packet` is about, or None."""
    if not is_error(frame, packet):
        return None
    quoted = frame[packet.l4_at + 8 : packet.end]
    inner = quoted_ipv4(quoted) if packet.is_ipv4 else quoted_ipv6(quoted)
    if inner is None or inner.protocol not in (parse.TCP, parse.UDP) or len(quoted) - inner.l4_at < 4:
        return None
    if inner.source != packet.destination:
        return None
    flow = Flow()
    flow.source, flow.destination, flow.protocol = inner.destination, inner.source, inner.protocol
    flow.destination_port, flow.source_port = parse.PORTS.unpack_from(quoted, inner.l4_at)
    return flow


def quoted_ipv4(quoted):
    if len(quoted) < 20 or quoted[0] >> 4 != 4:
        return None
    header_bytes = (quoted[0] & 15) * 4
    if header_bytes < 20 or header_bytes > len(quoted) or (quoted[6] & 0x1F) << 8 | quoted[7]:
        return None
    inner = parse.Parsed(quoted[12:16], quoted[16:20], 0, len(quoted), quoted[1])
    inner.protocol, inner.l4_at = quoted[9], header_bytes
    return inner


def quoted_ipv6(quoted):
    if len(quoted) < 40 or quoted[0] >> 4 != 6:
        return None
    inner = parse.Parsed(quoted[8:24], quoted[24:40], 0, len(quoted), 0)
    inner.protocol, inner.l4_at = quoted[6], 40
    if parse.walk(inner, quoted, len(quoted)) or inner.fragment == parse.LATER:
        return None
    return inner
