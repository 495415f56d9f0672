# SPDX-License-Identifier: Apache-2.0
"""Cases about fragments: the first is balanced as its flow is, later ones follow it or wait for it."""
import random

from scapy.compat import raw
from scapy.layers.inet import ICMP, IP, TCP, UDP, fragment
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment
from scapy.packet import Raw

import exits
from case_clients import stay
from case_fragments import CLIENTS, DATA, LOST, dns, parts4, parts6
from case_maker import VIP4, VIP6, case, client4, link, pool, service, tagged, tcp4, udp4


@case("fragments-in-order", "Fragments in order: all go where an unfragmented packet of the flow goes. Both families.")
def _(c):
    dns(c)
    for parts, family in ((parts4, 4), (parts6, 6)):
        for client in CLIENTS:
            numbers = [c.send(part) for part in parts(client)]
            if family == 4:
                numbers.append(c.send(udp4(client)))
            c.same(*numbers)
    c.check("more than two backends", lambda names: len(set(names)) > 2)


@case(
    "fragments-of-tcp",
    "TCP that was fragmented on its way, opening packets too: memory is by flow, fragments follow.",
)
def _(c):
    c.configure(pool(count=5), service(), service("rr", port=81, scheduler="round-robin"))
    for port in (80, 81):
        for client in CLIENTS:
            opened = c.send(tcp4(client, dport=port))
            packet = IP(src=client4(client), dst=VIP4, id=port * 100 + client) / TCP(
                sport=1024, dport=port, flags="PA", seq=8) / Raw(DATA)
            c.same(opened, *(c.send(link(part)) for part in fragment(packet, 1000)))


@case(
    "fragments-out-of-order",
    "Later fragments that come before their first wait for it and leave directly behind it, in the order they came.",
)
def _(c):
    dns(c)
    for parts in (parts4, parts6):
        for client in CLIENTS:
            first, *later = parts(client)
            numbers = [c.send(part) for part in reversed(later)]
            numbers.append(c.send(first))
            c.same(*numbers)
        mixed = [(client, part) for client in range(31, 36) for part in parts(client)]
        random.Random(5).shuffle(mixed)
        of_client = {}
        for client, part in mixed:
            of_client.setdefault(client, []).append(c.send(part))
        for numbers in of_client.values():
            c.same(*numbers)


@case(
    "fragments-first-not-to-a-service",
    "The first is for a port that no service has: the kernel reassembles, so it gets the later ones too.",
)
def _(c):
    dns(c)
    for parts in (parts4, parts6):
        for part in parts(1, dport=54):
            c.send(part, exits.KERNEL_NO_SERVICE)
        first, *later = parts(2, dport=54)
        for part in reversed(later):
            c.send(part, exits.KERNEL_NO_SERVICE)
        c.send(first, exits.KERNEL_NO_SERVICE)


@case(
    "fragments-of-other-addresses",
    "Fragments to addresses that no service has are the kernel's at once, in any order.",
)
def _(c):
    dns(c)
    for part in reversed(parts4(1, dst="192.0.2.99") + parts6(1, dst="2001:db8::99")):
        c.send(part, exits.KERNEL_NO_SERVICE)


@case("fragments-first-dropped", "The first was dropped or refused, so the rest is dropped by name, early or late.")
def _(c):
    down = {name: 'state = "disabled"' for name in "abc"}
    c.configure(pool(**down), pool("tunnel", 2, 6, "ipip"), service(port=53, protocol="udp"),
                service("shut", port=54, protocol="udp", deny=["198.51.100.0/24"]),
                service("reject", port=55, protocol="udp", when_none="reject"),
                service("big", port=56, protocol="udp", pool_name="tunnel"))
    for dport, exit_name in ((53, exits.DROP_NO_BACKEND), (54, exits.DROP_ACCESS_DENIED), (55, exits.DROP_NO_BACKEND),
                             (56, exits.DROP_TOO_BIG)):
        early, first, late = parts4(1, 1480 if dport == 56 else 800, number=dport, dport=dport,
                                    data=bytes(4000) if dport == 56 else DATA)
        early, first = first, early
        c.send(early, LOST)
        c.send(first, exit_name)
        c.send(late, LOST)


@case(
    "fragments-first-answered",
    "A first fragment with DF (or of IPv6) that does not fit is answered, the rest dropped.",
)
def _(c):
    c.configure(pool("web", 2, 6, "ipip"), service(addresses=(VIP4, VIP6), port=53, protocol="udp"))
    for parts in (parts4(1, 1480, data=bytes(4000), flags="DF"), parts6(1, 1500, data=bytes(4000))):
        first, *later = parts
        if IP in first:
            first[IP].flags = "MF+DF"
        c.send(first, exits.ANSWERED_TOO_BIG)
        for part in later:
            c.send(part, LOST)


@case("fragments-later-too-big", "A later fragment that does not fit the tunnel is dropped, never answered.")
def _(c):
    c.configure(pool("web", 2, 6, "ipip"), service(addresses=(VIP4, VIP6), port=53, protocol="udp"))
    small, = parts6(1, data=b"1234567", number=9)[:1]
    first = IPv6(src="2001:db8:c::1", dst=VIP6) / IPv6ExtHdrFragment(id=9, m=1, nh=17) / Raw(
        raw(UDP(sport=1024, dport=53, len=3000)) + bytes(64))
    c.same(c.send(link(first)), c.send(small))
    later = IPv6(src="2001:db8:c::1", dst=VIP6) / IPv6ExtHdrFragment(id=9, offset=9, nh=17) / Raw(bytes(1413))
    c.send(link(later), exits.DROP_TOO_BIG)
    c.send(link(IPv6(src="2001:db8:c::1", dst=VIP6) / IPv6ExtHdrFragment(id=9, offset=9, nh=17) / Raw(bytes(1412))))


def tunnel_case(mode, keys, outer):
    @case(f"fragments-into-{mode}-ipv{outer}",
          "Every fragment is a packet of its own to the tunnel, with the entropy of its flow in each.")
    def _(c):
        c.configure('tunnel_source = ["10.99.0.0/16", "2001:db8:99::/64"]\n\n', pool("web", 4, outer, mode, keys),
                    service(addresses=(VIP4, VIP6), port=53, protocol="udp"))
        header = 20 if outer == 4 else 40
        together = []
        for client in CLIENTS:
            for parts in (parts4(client), parts6(client)):
                first, *later = parts
                together.append([c.send(later[-1]), c.send(first)] + [c.send(part) for part in later[:-1]])
                c.same(*together[-1])
        source = lambda frame: frame[26:30] if outer == 4 else frame[15:18] + frame[22:38]
        ports = lambda frame: frame[14 + header : 16 + header] if mode == "gue" else b""
        c.left("entropy is the flow's", lambda frames: all(
            len({(source(frames[i]), ports(frames[i])) for i in numbers}) == 1 for numbers in together))


tunnel_case("ipip", {}, 4)
tunnel_case("gue", {}, 6)
tunnel_case("gre", {"gre_key": 9}, 4)


@case("fragments-of-icmp", "ICMP is never passed on in fragments: first and later ones are the kernel's.")
def _(c):
    dns(c)
    packet = IP(src="198.51.100.1", dst=VIP4, id=3) / ICMP(id=1) / Raw(DATA)
    for part in reversed(fragment(packet, 800)):
        c.send(link(part), exits.KERNEL_OTHER_PROTOCOL)
    ip = IPv6(src="2001:db8:c::1", dst=VIP6)
    for fields in ({"m": 1}, {"offset": 100}, {"m": 1, "offset": 100}):
        c.send(link(ip / IPv6ExtHdrFragment(nh=58, id=4, **fields) / Raw(b"\x80" + bytes(63))),
               exits.KERNEL_OTHER_PROTOCOL)


@case(
    "fragments-follow-their-first-backend",
    "The backend fails between two fragments: the packet is lost anyway, so the rest still goes where its first went. "
    "A drained one keeps them too.",
)
def _(c):
    dns(c, 3)
    c.event(0.5, "web a down")
    c.event(0.5, "web b draining")
    firsts, laters = [], []
    for client in CLIENTS:
        firsts.append(c.send(parts4(client)[0]))
    c.at(0.6)
    for client in CLIENTS:
        laters.append(c.send(parts4(client)[1]))
    stay(c, firsts, laters)
    c.check("of a too", lambda names: "a" in [names[i] for i in laters] and "b" in [names[i] for i in laters])


@case("fragments-with-tags", "Fragments that come by VLAN, each with its own priority; those that waited too.")
def _(c):
    c.configure(pool(a='mac = "0a:0b:0c:0d:0e:0f", vlan = 7', b='mac = "0a:0b:0c:0d:0e:0e", vlan = 8'),
                service(addresses=(VIP4, VIP6), port=53, protocol="udp"))
    for client in CLIENTS:
        first, second, third = parts4(client)
        c.same(c.send(tagged(third, 100, 5)), c.send(tagged(first, 100, 3)), c.send(second))


@case(
    "fragments-are-limited-as-flows",
    "A first fragment that would be one flow too many is dropped, and so is the rest.",
)
def _(c):
    c.configure(pool(), service(port=53, protocol="udp", new_flows_per_second=2))
    for client, exit_name in ((1, exits.SENT), (2, exits.SENT), (3, exits.DROP_RATE_LIMITED)):
        first, *later = parts4(client)
        c.send(first, exit_name)
        for part in later:
            c.send(part, LOST if client == 3 else exits.SENT)


@case(
    "fragments-with-options",
    "Options of first and later fragments differ; a first fragment may be nothing but headers.",
)
def _(c):
    dns(c)
    first = IP(src="198.51.100.1", dst=VIP4, id=9, flags="MF", proto=17) / Raw(raw(UDP(sport=1, dport=53, len=24)))
    later = IP(src="198.51.100.1", dst=VIP4, id=9, frag=1, proto=17, options=b"\x01\x01\x01\x00") / Raw(bytes(16))
    c.same(c.send(link(later)), c.send(link(first)), c.send(link(later)))


@case("fragments-to-a-prefix", "Later fragments to any address in a service's prefix wait and follow like any others.")
def _(c):
    c.configure(pool(count=5), service(addresses=("192.0.2.0/24", "2001:db8::/64"), port="50-60", protocol="udp"))
    for client in CLIENTS:
        first, *later = parts4(client, dst=f"192.0.2.{client}")
        c.same(*(c.send(part) for part in (*later, first)))
        first, *later = parts6(client, dst=f"2001:db8::{client:x}")
        c.same(*(c.send(part) for part in (*later, first)))
    for part in parts4(1, dst="192.0.3.1")[1:]:
        c.send(part, exits.KERNEL_NO_SERVICE)
