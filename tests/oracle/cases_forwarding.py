# SPDX-License-Identifier: Apache-2.0
"""Cases about whole conversations and about how a packet is handed to its backend."""
from scapy.compat import raw
from scapy.layers.inet import IP, TCP, UDP
from scapy.packet import Raw

import exits
from case_maker import VIP4, VIP6, case, link, pool, service, tcp4, tcp6, udp4, udp6

CONVERSATION = (("S", b""), ("A", b""), ("PA", b"GET / HTTP/1.0\r\n\r\n"), ("A", b""), ("FA", b""), ("A", b""))


def converse(c, make, clients):
    """A whole TCP conversation of every client; each must stay on one backend, and more than one must be used."""
    flows = [[c.send(make(client=client, flags=flags, payload=payload)) for flags, payload in CONVERSATION]
             for client in clients]
    for flow in flows:
        c.same(*flow)
    c.check("more than one backend is used", lambda names: len(set(names)) > 1)


@case("ipv4-udp-l2", "UDP over IPv4: every flow is followed, so each is remembered at its first datagram.")
def _(c):
    c.configure(pool(), service(port=53, protocol="udp"))
    first = [c.send(udp4(client)) for client in range(1, 21)]
    for client, number in enumerate(first, 1):
        c.same(number, c.send(udp4(client)))
    c.uses("abc")


@case("ipv6-udp-l2", "UDP over IPv6: every flow is followed, so each is remembered at its first datagram.")
def _(c):
    c.configure(pool(family=6), service(addresses=(VIP6,), port=53, protocol="udp"))
    first = [c.send(udp6(client)) for client in range(1, 21)]
    for client, number in enumerate(first, 1):
        c.same(number, c.send(udp6(client)))
    c.uses("abc")


@case(
    "ipv4-tcp-l2",
    "TCP conversations over IPv4 are spread over a pool, each stays on its backend, and only MAC addresses "
    "change.",
)
def _(c):
    c.configure(pool(), service())
    converse(c, tcp4, range(1, 13))


@case(
    "ipv6-tcp-l2",
    "TCP conversations over IPv6 are spread over a pool, each stays on its backend, and only MAC addresses "
    "change.",
)
def _(c):
    c.configure(pool(family=6), service(addresses=(VIP6,)))
    converse(c, tcp6, range(1, 13))


def tunnel_case(inner, outer):
    make, vip = (tcp4, VIP4) if inner == 4 else (tcp6, VIP6)

    @case(f"ipip-ipv{inner}-in-ipv{outer}",
          f"IPv{inner} packets are put behind a new IPv{outer} header of exactly the documented form, unchanged.")
    def _(c):
        c.configure(pool(family=outer, forward_by="ipip"), service(addresses=(vip,)))
        converse(c, make, range(1, 9))


for inner_family in (4, 6):
    for outer_family in (4, 6):
        tunnel_case(inner_family, outer_family)


@case("tunnel-source-configured", "The outer source address is the configured one of the backend's family.")
def _(c):
    c.configure('tunnel_source = ["192.0.2.200", "2001:db8::200"]\n\n',
                pool("four", 2, 4, "ipip"), pool("six", 2, 6, "ipip"),
                service("one", pool_name="four"), service("two", port=81, pool_name="six"))
    for client in range(1, 5):
        c.send(tcp4(client))
        c.send(tcp4(client, dport=81))


@case(
    "transport-checksums-untouched",
    "TCP and UDP checksums are the backend's affair: wrong ones and absent ones pass unchanged.",
)
def _(c):
    c.configure(pool(forward_by="ipip"), service(), service("dns", port=53, protocol="udp"))
    c.send(link(IP(src="198.51.100.1", dst=VIP4) / TCP(sport=5, dport=80, chksum=0x1111)))
    c.send(link(IP(src="198.51.100.1", dst=VIP4) / UDP(sport=5, dport=53, chksum=0) / Raw(b"none")))
    c.send(link(IP(src="198.51.100.1", dst=VIP4) / UDP(sport=5, dport=53, chksum=0x2222) / Raw(b"wrong")))


@case("padding-kept-by-l2", "Bytes behind the IP packet are padding: a rewritten frame keeps them.")
def _(c):
    c.configure(pool(), service(), service("six", (VIP6,)))
    c.send(raw(tcp4()) + bytes(6))
    c.send(raw(tcp4(payload=b"x")) + b"padding")
    c.send(raw(tcp6()) + b"\xff" * 100)


@case("padding-stripped-by-ipip", "Bytes behind the IP packet are padding: they do not go into the tunnel.")
def _(c):
    c.configure(pool(forward_by="ipip"), pool("six", 3, 6, "ipip"), service(), service("six", (VIP6,), pool_name="six"))
    c.send(raw(tcp4()) + bytes(6))
    c.send(raw(tcp4(payload=b"x")) + b"padding")
    c.send(raw(tcp6()) + b"\xff" * 100)


@case("mtu-l2", "By MAC rewrite a packet of exactly the MTU is sent, one byte more is not; padding does not count.")
def _(c):
    c.configure(pool(), service(), service("six", (VIP6,)))
    c.send(tcp4(payload=bytes(1460)))
    c.send(raw(tcp4(payload=bytes(1460))) + bytes(4))
    c.send(tcp4(payload=bytes(1461)), exits.DROP_TOO_BIG)
    c.send(tcp6(payload=bytes(1440)))
    c.send(tcp6(payload=bytes(1441)), exits.ANSWERED_TOO_BIG)


@case("mtu-ipip", "In a tunnel the outer header must fit too: 1480 bytes behind IPv4, 1460 behind IPv6.")
def _(c):
    c.configure(pool("four", 2, 4, "ipip"), pool("six", 2, 6, "ipip"), service("a", (VIP4, VIP6), pool_name="four"),
                service("b", (VIP4, VIP6), port=81, pool_name="six"))
    for port, room in ((80, 1480), (81, 1460)):
        for make, headers, beyond in ((tcp4, 40, exits.DROP_TOO_BIG), (tcp6, 60, exits.ANSWERED_TOO_BIG)):
            c.send(make(dport=port, payload=bytes(room - headers)))
            c.send(raw(make(dport=port, payload=bytes(room - headers))) + bytes(9))
            c.send(make(dport=port, payload=bytes(room - headers + 1)), beyond)


@case(
    "dscp-and-ecn-copied",
    "DSCP and ECN of the inner packet, all eight bits, stand in the outer header of either family.",
)
def _(c):
    c.configure(pool("four", 2, 4, "ipip"), pool("six", 2, 6, "ipip"), service("a", (VIP4, VIP6), pool_name="four"),
                service("b", (VIP4, VIP6), port=81, pool_name="six"))
    for value in (0, 1, 2, 3, 0x28, 0xB8, 0xBA, 0xFF):
        for port in (80, 81):
            c.send(tcp4(dport=port, tos=value))
            c.send(tcp6(dport=port, tc=value))


@case(
    "flow-label",
    "The outer flow label is 20 bits of the flow's hash, whatever the inner label: one flow, one label.",
)
def _(c):
    c.configure(pool("six", 2, 6, "ipip"), service("a", (VIP4, VIP6), pool_name="six"))
    for client in range(1, 9):
        c.send(tcp4(client))
        c.send(tcp6(client, fl=0))
        c.send(tcp6(client, fl=0xFFFFF, flags="A"))


@case(
    "ttl-untouched",
    "The balancer is no router to the inner packet: TTL and hop limit stay, down to 0; the outer one is 64.",
)
def _(c):
    c.configure(pool(), pool("tunnel", 2, 4, "ipip"), service(addresses=(VIP4, VIP6)),
                service("b", (VIP4, VIP6), 81, pool_name="tunnel"))
    for port in (80, 81):
        for value in (0, 1, 64, 255):
            c.send(tcp4(dport=port, ttl=value))
            c.send(tcp6(dport=port, hlim=value))


@case(
    "fixed-next-hop",
    "A backend with `mac` in the configuration is sent to that address; others by the rule of replay.",
)
def _(c):
    c.configure(pool(count=2, b='mac = "0a:0b:0c:0d:0e:0f"'), service())
    for client in range(1, 9):
        c.send(tcp4(client))
    c.uses("ab")
