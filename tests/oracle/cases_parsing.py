# SPDX-License-Identifier: Apache-2.0
"""Cases about single packets: what is parsed, what is refused, what is given to the kernel."""
from scapy.compat import raw
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption_NOP, IPOption_RR, IPOption_Router_Alert
from scapy.layers.inet6 import (
    IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, PadN,
)
from scapy.packet import Raw

import exits
from case_maker import VIP4, VIP6, case, link, pool, service, tcp4, tcp6, udp4, udp6


OPTIONS = [
    [IPOption_NOP()] * 4,
    [IPOption_Router_Alert()],
    [IPOption_RR(pointer=4, routers=["0.0.0.0"] * 3)],
    [IPOption_NOP()] * 40,
]


@case(
    "ipv4-options-l2",
    "Headers with options, up to the longest possible, are walked: ports and flow are those behind them.",
)
def _(c):
    c.configure(pool(), service(), service("dns", port=53, protocol="udp"))
    for client, options in enumerate(OPTIONS, 1):
        c.same(c.send(tcp4(client)), c.send(tcp4(client, options=options)))
        c.send(udp4(client, options=options))


@case("ipv4-options-ipip", "Options stay in the inner header; the outer one has none.")
def _(c):
    c.configure(pool(forward_by="ipip"), service())
    for client, options in enumerate(OPTIONS, 1):
        c.send(tcp4(client, options=options))


def routing():
    return IPv6ExtHdrRouting(type=4, segleft=0, addresses=["2001:db8:a::1"])


def options_header(kind=IPv6ExtHdrDestOpt, data_bytes=4):
    return kind(options=[PadN(optdata=bytes(data_bytes))])


def extension_case(name, what, extensions):
    @case(name, f"IPv6 with {what}: walked to the transport header; the flow is the same as without it.")
    def _(c):
        c.configure(pool(family=6), service(addresses=(VIP6,)), service("dns", (VIP6,), 53, "udp"))
        for client in range(1, 6):
            c.same(c.send(tcp6(client)), c.send(tcp6(client, flags="A", extensions=extensions())))
            c.send(udp6(client, extensions=extensions()))


def chain(length):
    """A chain of that many extension headers, of all four kinds."""
    headers = [options_header(IPv6ExtHdrHopByHop), routing(), IPv6ExtHdrFragment(id=9), options_header()]
    packet = None
    for i in range(length):
        header = headers[i].copy() if i < 4 else options_header(data_bytes=4 + 8 * (i % 3))
        packet = header if packet is None else packet / header
    return packet


extension_case("ipv6-hop-by-hop", "hop-by-hop options", lambda: options_header(IPv6ExtHdrHopByHop))
extension_case("ipv6-routing-header", "a routing header", routing)
extension_case("ipv6-destination-options", "destination options of 264 bytes",
               lambda: IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(250)), PadN(optdata=bytes(4)), PadN(optdata=b"")]))
extension_case("ipv6-atomic-fragment", "a fragment header that says it is the whole packet (RFC 6946)",
               lambda: IPv6ExtHdrFragment(id=77, offset=0, m=0))
extension_case("ipv6-chain-of-8", "a chain of eight extension headers, the longest that is walked", lambda: chain(8))


@case("ipv6-chain-of-9", "Nine extension headers are one too many, whoever the packet is for.")
def _(c):
    c.configure(pool(family=6), service(addresses=(VIP6,)))
    c.send(tcp6(1, extensions=chain(8)))
    c.send(tcp6(1, extensions=chain(9)), exits.DROP_EXTENSION_HEADERS)
    c.send(tcp6(1, extensions=chain(9), dst="2001:db8::99"), exits.DROP_EXTENSION_HEADERS)
    # Eight headers, then a ninth that is not even there: the count is looked at first.
    cut = bytearray(raw(tcp6(1, extensions=chain(9))))
    transport = len(cut) - 20
    headers = int.from_bytes(cut[18:20], "big") - 20
    cut[18:20] = (headers - 24).to_bytes(2, "big")
    c.send(bytes(cut[: transport]), exits.DROP_EXTENSION_HEADERS)


@case(
    "ipv6-extension-headers-cut",
    "An extension header that does not lie wholly inside the payload makes the packet invalid.",
)
def _(c):
    c.configure(pool(family=6), service(addresses=(VIP6,)))
    ip = {"src": "2001:db8:c::1", "dst": VIP6}
    for kind in (0, 43, 44, 60):
        for payload in (b"", bytes(7), bytes([kind, 0]) + bytes(5)):
            c.send(link(IPv6(nh=kind, **ip) / Raw(payload)), exits.DROP_IP_HEADER_INVALID)
    for kind in (0, 43, 60):  # longer than the payload, though the frame would go on
        longer = raw(link(IPv6(nh=kind, **ip) / Raw(bytes([6, 1]) + bytes(6)))) + bytes(40)
        c.send(longer, exits.DROP_IP_HEADER_INVALID)
        c.send(link(IPv6(nh=kind, **ip) / Raw(bytes([6, 255]) + bytes(60))), exits.DROP_IP_HEADER_INVALID)
    # The length field of a fragment header is reserved and means nothing.
    fragment = bytes([6, 255]) + bytes(6)
    c.send(link(IPv6(nh=44, **ip) / Raw(fragment + raw(TCP(sport=9, dport=80, flags="S")))))


@case("frame-truncated", "Frames shorter than their Ethernet or IP header, or than the length the IP header gives.")
def _(c):
    c.configure(pool(), service(), service("six", (VIP6,)))
    four, six = raw(tcp4(payload=b"0123456789")), raw(tcp6(payload=b"0123456789"))
    for length in (1, 6, 13):
        c.send(four[:length], exits.DROP_FRAME_TRUNCATED)
    for length in (14, 15, 33, 34, 53, 54, len(four) - 1):
        c.send(four[:length], exits.DROP_FRAME_TRUNCATED)
    for length in (14, 15, 53, 54, 73, 74, len(six) - 1):
        c.send(six[:length], exits.DROP_FRAME_TRUNCATED)
    c.send(four)
    c.send(six)
    # Shorter than a header, so what the few bytes say does not matter.
    c.send(four[:14] + b"\x66" * 19, exits.DROP_FRAME_TRUNCATED)
    c.send(six[:14] + b"\x44" * 39, exits.DROP_FRAME_TRUNCATED)


@case(
    "ipv4-header-invalid",
    "Impossible versions, header lengths and total lengths; looked at before length and checksum.",
)
def _(c):
    c.configure(pool(), service())
    good = bytearray(raw(tcp4()))
    for first in (0x35, 0x65, 0x05, 0xF5, 0x44, 0x40):
        bad = good.copy()
        bad[14] = first
        c.send(bytes(bad), exits.DROP_IP_HEADER_INVALID)
    for total in (0, 19):
        c.send(tcp4(len=total), exits.DROP_IP_HEADER_INVALID)
    c.send(tcp4(ihl=15, len=59), exits.DROP_IP_HEADER_INVALID)
    c.send(tcp4(ihl=15, len=60), exits.DROP_FRAME_TRUNCATED)
    c.send(bytes(good))


@case("ipv6-header-invalid", "An IPv6 EtherType in front of another version.")
def _(c):
    c.configure(pool(family=6), service(addresses=(VIP6,)))
    good = bytearray(raw(tcp6()))
    for first in (0x00, 0x45, 0x50, 0x70, 0xF0):
        bad = good.copy()
        bad[14] = first
        c.send(bytes(bad), exits.DROP_IP_HEADER_INVALID)
    c.send(bytes(good))


@case(
    "ipv4-checksum-wrong",
    "A wrong header checksum is found, in the fixed part and in options, before anything else is believed.",
)
def _(c):
    c.configure(pool(), service())
    c.send(tcp4())
    c.send(tcp4(chksum=0x1234), exits.DROP_IP_CHECKSUM)
    c.send(tcp4(chksum=0), exits.DROP_IP_CHECKSUM)
    c.send(tcp4(dst="192.0.2.99", chksum=0x1234), exits.DROP_IP_CHECKSUM)
    optioned = bytearray(raw(tcp4(options=OPTIONS[2])))
    c.send(bytes(optioned))
    optioned[14 + 20 + 5] ^= 1
    c.send(bytes(optioned), exits.DROP_IP_CHECKSUM)
    # A fragment and another protocol with a wrong checksum: still the checksum.
    c.send(link(IP(src="198.51.100.1", dst=VIP4, flags="MF", chksum=1) / Raw(bytes(32))), exits.DROP_IP_CHECKSUM)
    c.send(link(IP(src="198.51.100.1", dst=VIP4, chksum=1) / ICMP()), exits.DROP_IP_CHECKSUM)


@case("tcp-header-invalid", "TCP headers that are cut, or whose data offset is below 20 bytes or beyond the payload.")
def _(c):
    c.configure(pool(), service(), service("six", (VIP6,)))
    header = raw(TCP(sport=1024, dport=80, flags="S"))
    for ip in (IP(src="198.51.100.1", dst=VIP4, proto=6), IPv6(src="2001:db8:c::1", dst=VIP6, nh=6)):
        for length in (0, 1, 4, 13, 19):
            c.send(link(ip / Raw(header[:length])), exits.DROP_L4_INVALID)
        for words in (0, 4, 6, 15):
            c.send(link(ip / Raw(header[:12] + bytes([words << 4]) + header[13:])), exits.DROP_L4_INVALID)
        c.send(link(ip / Raw(header[:12] + bytes([15 << 4]) + header[13:] + bytes(39))), exits.DROP_L4_INVALID)
        c.send(link(ip / Raw(header[:12] + bytes([15 << 4]) + header[13:] + bytes(40))))
        c.send(link(ip / Raw(header)))
        # Padding behind the IP packet is no payload.
        c.send(raw(link(ip / Raw(header[:19]))) + bytes(20), exits.DROP_L4_INVALID)
    c.send(link(IP(src="198.51.100.1", dst="192.0.2.99", proto=6) / Raw(header[:19])), exits.DROP_L4_INVALID)


@case(
    "udp-length-wrong",
    "UDP headers that are cut, or whose length is below 8 or beyond the payload; a shorter one is fine.",
)
def _(c):
    c.configure(pool(), service(port=53, protocol="udp"), service("six", (VIP6,), 53, "udp"))
    for ip in (IP(src="198.51.100.1", dst=VIP4, proto=17), IPv6(src="2001:db8:c::1", dst=VIP6, nh=17)):
        for length in (0, 1, 7):
            c.send(link(ip / Raw(raw(UDP(sport=1, dport=53, len=8))[:length])), exits.DROP_L4_INVALID)
        for length in (0, 7, 13, 65535):
            c.send(link(ip / UDP(sport=1, dport=53, len=length) / Raw(b"1234")), exits.DROP_L4_INVALID)
        for length in (8, 11, 12):
            c.send(link(ip / UDP(sport=1, dport=53, len=length) / Raw(b"1234")))


@case(
    "ipv4-fragments",
    "What is a fragment, and whose: strangers' are the kernel's, so are other protocols'; a first one needs its "
    "transport header, a later one its first. DF is no fragment.",
)
def _(c):
    c.configure(pool(), service())
    for flags, offset in (("MF", 0), ("MF", 185), (0, 185), (0, 8191)):
        fragment = {"src": "198.51.100.1", "proto": 6, "flags": flags, "frag": offset, "id": offset}
        c.send(link(IP(dst="192.0.2.99", **fragment) / Raw(bytes([0] * 12 + [80] + [0] * 11))), exits.KERNEL_NO_SERVICE)
        c.send(link(IP(dst=VIP4, **fragment) / Raw(bytes(24))),
               exits.DROP_FRAGMENT if offset else exits.DROP_L4_INVALID)
    for protocol in (1, 47, 50):
        for flags, offset in (("MF", 0), ("MF", 3), (0, 3)):
            ip = IP(src="198.51.100.1", dst=VIP4, proto=protocol, flags=flags, frag=offset)
            c.send(link(ip / Raw(b"\x08\0abcdefgh")), exits.KERNEL_OTHER_PROTOCOL)
    for flags in ("DF", "evil", "evil+DF"):
        c.send(link(IP(src="198.51.100.1", dst=VIP4, flags=flags) / TCP(sport=7, dport=80, flags="S")))


@case(
    "ipv6-fragments",
    "What is a fragment, and whose, in IPv6: behind other extension headers too; only a packet's first fragment is "
    "walked on, and no packet is fragmented twice.",
)
def _(c):
    c.configure(pool(family=6), service(addresses=(VIP6,)))
    tcp = raw(TCP(sport=1024, dport=81, flags="S"))
    for more, offset in ((1, 0), (1, 160), (0, 160)):
        ip = IPv6(src="2001:db8:c::1", dst="2001:db8::99")
        fragment = {"m": more, "offset": offset, "id": 5}
        c.send(link(ip / IPv6ExtHdrFragment(nh=6, **fragment) / Raw(tcp)), exits.KERNEL_NO_SERVICE)
        c.send(link(ip / options_header() / IPv6ExtHdrFragment(nh=6, **fragment) / Raw(tcp)), exits.KERNEL_NO_SERVICE)
        c.send(link(ip / IPv6ExtHdrFragment(nh=50, **fragment) / Raw(tcp)), exits.KERNEL_OTHER_PROTOCOL)
        # What a walked header hides may be TCP: a later fragment of it is asked about, its first is walked.
        c.send(link(ip / IPv6ExtHdrFragment(nh=60, **fragment) / Raw(b"\x06\0" + bytes(6) + tcp)),
               exits.KERNEL_NO_SERVICE)
    ip = IPv6(src="2001:db8:c::1", dst=VIP6)
    first, later = {"m": 1, "id": 5}, {"offset": 4, "id": 5}
    for one, other in ((first, first), (first, later)):
        twice = ip / IPv6ExtHdrFragment(**one) / IPv6ExtHdrFragment(nh=6, **other) / Raw(tcp)
        c.send(link(twice), exits.DROP_IP_HEADER_INVALID)
    c.send(link(ip / IPv6ExtHdrFragment(id=7) / IPv6ExtHdrFragment(nh=6, **later) / Raw(tcp)), exits.DROP_FRAGMENT)
    c.send(link(ip / IPv6ExtHdrFragment(nh=6, **first) / Raw(b"too short")), exits.DROP_L4_INVALID)
    # Reserved bits are not part of the offset.
    c.send(tcp6(extensions=IPv6ExtHdrFragment(nh=6, res2=3, id=5)))
