# SPDX-License-Identifier: Apache-2.0
"""Cases about fragments: the first is balanced as its flow is, later ones follow it or wait for it, within bounds."""
import random

from scapy.compat import raw
from scapy.layers.inet import ICMP, IP, TCP, UDP, fragment
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment, fragment6
from scapy.packet import Raw

import exits
from case_clients import stay
from case_maker import VIP4, VIP6, case, client4, link, pool, service, tagged, tcp4, udp4

CLIENTS = range(1, 13)
LOST = exits.DROP_FRAGMENT
DATA = bytes(range(250)) * 8


def parts4(client=1, size=800, number=None, data=DATA, dport=53, dst=VIP4, port=1024, **ip):
    """The fragments of a datagram, in order."""
    number = client if number is None else number
    packet = IP(src=client4(client), dst=dst, id=number, **ip) / UDP(sport=port, dport=dport) / Raw(data)
    return [link(part) for part in fragment(packet, size)]


def parts6(client=1, size=900, number=None, data=DATA, dport=53, dst=VIP6, port=1024):
    number = client if number is None else number
    packet = (IPv6(src=f"2001:db8:c::{client:x}", dst=dst) / IPv6ExtHdrFragment(id=number)
              / UDP(sport=port, dport=dport) / Raw(data))
    return [link(part) for part in fragment6(packet, size)]


def dns(c, count=5, **more):
    c.configure(pool(count=count), service(addresses=(VIP4, VIP6), port=53, protocol="udp", **more))


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


@case("fragments-of-tcp", "TCP that was fragmented on its way, opening packets too: memory is by flow, fragments follow.")
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


@case("fragments-first-lost", "The first never comes: those that wait are dropped a quarter of a second after they came.")
def _(c):
    dns(c)
    for part in parts4(1)[1:] + parts6(2)[1:]:
        c.send(part, LOST)
    c.at(0.25)  # tick 4, which is their end
    c.send(parts4(1)[0])
    c.send(parts6(2)[0])
    c.at(0.5)
    for part in parts4(3)[1:]:  # these wait at the end of the capture
        c.send(part, LOST)


@case("fragments-first-just-in-time", "A later fragment waits to the tick: one tick before its end its first saves it.")
def _(c):
    dns(c)
    first, *later = parts4(1)
    numbers = [c.send(part) for part in later]
    c.at(0.249)
    c.same(*numbers, c.send(first))


@case("fragments-first-expired", "A first fragment is remembered for two seconds, to the tick; then later ones wait again.")
def _(c):
    dns(c)
    first, second, third = parts4(1)
    number = c.send(first)
    c.at(1.999)
    c.same(number, c.send(second))
    c.at(2)
    c.send(third, LOST)


@case("fragments-first-again", "A first fragment that comes again is remembered anew, from then on.")
def _(c):
    dns(c)
    first, second, third = parts4(1)
    numbers = [c.send(first)]
    c.at(1.5)
    numbers.append(c.send(first))
    c.at(3)
    numbers += [c.send(second), c.send(third)]
    c.same(*numbers)


@case("fragments-per-source-bound", "A source may have 16 fragments waiting; what is more is dropped by name, others' wait.")
def _(c):
    dns(c)
    waiting = [c.send(parts4(1, number=number)[1], LOST if number > 2 else exits.SENT) for number in range(1, 17)]
    for number in range(17, 20):
        c.send(parts4(1, number=number)[1], exits.DROP_FRAGMENTS_FULL)
    other = c.send(parts4(2)[1])
    c.same(other, c.send(parts4(2)[0]))
    firsts = [c.send(parts4(1, number=number)[0]) for number in (1, 2)]
    for number, first in zip(waiting, firsts):
        c.same(number, first)
    c.send(parts4(1, number=17)[1], LOST)  # room again, but nobody comes
    c.send(parts4(1, number=18)[1], LOST)
    c.send(parts4(1, number=19)[1], exits.DROP_FRAGMENTS_FULL)


@case("fragments-held-bound", "256 fragments may wait in all; then they are dropped by name, until some have left.")
def _(c):
    dns(c)
    c.clock_step_ns = 100_000
    for number in range(256):
        c.send(parts4(1 + number // 16, number=number % 16 + 1, data=DATA[:900])[1], LOST if number else exits.SENT)
    c.send(parts4(100)[1], exits.DROP_FRAGMENTS_FULL)
    c.send(parts6(100)[1], exits.DROP_FRAGMENTS_FULL)
    c.send(parts4(1, number=1, data=DATA[:900])[0])
    c.send(parts4(101)[1], LOST)
    c.send(parts4(102)[1], exits.DROP_FRAGMENTS_FULL)
    c.at(0.5)
    number = c.send(parts4(103)[1])
    c.same(number, c.send(parts4(103)[0]))


@case("fragments-held-bytes-bound", "262144 bytes of frames may wait in all.")
def _(c):
    c.clock_step_ns = 100_000
    dns(c)
    # 173 frames of 1514 bytes are 261922, so 222 bytes are left.
    for number in range(173):
        packet = IP(src=client4(1 + number // 16), dst=VIP4, id=number, frag=100, proto=17) / Raw(bytes(1480))
        c.send(link(packet), LOST)
    for size, exit_name in ((1480, exits.DROP_FRAGMENTS_FULL), (189, exits.DROP_FRAGMENTS_FULL), (188, LOST),
                            (0, exits.DROP_FRAGMENTS_FULL)):
        packet = IP(src="198.51.100.200", dst=VIP4, id=size, frag=100, proto=17) / Raw(bytes(size))
        c.send(link(packet), exit_name)


@case("fragments-overlap", "Fragments that overlap or leave gaps are the backend's affair: they go there like any.")
def _(c):
    dns(c)
    for client in CLIENTS:
        first, second, third = parts4(client)
        numbers = [c.send(first), c.send(second)]
        for offset in (0, 1, 3, 90, 5000):
            part = third.copy()
            part[IP].frag = offset
            if offset:
                numbers.append(c.send(part))
        c.same(*numbers)


@case("fragments-teardrop", "A teardrop (the second part lies inside the first) harms nobody and is passed on.")
def _(c):
    dns(c)
    ip = {"src": "198.51.100.1", "dst": VIP4, "id": 242}
    numbers = [c.send(link(IP(flags="MF", proto=17, **ip) / Raw(raw(UDP(sport=1024, dport=53, len=36)) + bytes(28)))),
               c.send(link(IP(frag=3, proto=17, **ip) / Raw(bytes(4)))),
               c.send(link(IP(frag=1, flags="MF", proto=17, **ip) / Raw(b""))),
               c.send(link(IP(frag=8191, proto=17, **ip) / Raw(bytes(1400))))]
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


@case("fragments-of-other-addresses", "Fragments to addresses that no service has are the kernel's at once, in any order.")
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


@case("fragments-first-answered", "A first fragment with DF (or of IPv6) that does not fit is answered, the rest dropped.")
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
    "fragments-key",
    "What belongs together: source, destination, identification and, in IPv4, protocol. Nothing else matches.",
)
def _(c):
    c.configure(pool(count=5), service(addresses=(VIP4, "192.0.2.11"), port=53, protocol="tcp+udp"),
                service("six", (VIP6,), 53, "udp"))
    for part in (parts4(2, number=1)[1], parts4(1, number=2)[1], parts4(1, number=1, dst="192.0.2.11")[1]):
        c.send(part, LOST)
    other = parts4(1, number=1)[1]
    other[IP].proto = 6
    c.send(other, LOST)
    six = parts6(1, number=0x10001)[1]
    c.send(six, LOST)
    c.send(parts4(1, number=1)[0])
    c.send(parts6(1, number=1)[0])
    # In IPv6 later fragments may name another next header (RFC 8200, 4.5: only the first one's is used).
    later = parts6(1, number=1)[1]
    later[IPv6ExtHdrFragment].nh = 6
    c.send(later)


@case("fragments-follow-their-first-backend", "The backend fails between two fragments: the packet is lost anyway, so the "
      "rest still goes where its first went. A drained one keeps them too.")
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


@case("fragments-are-limited-as-flows", "A first fragment that would be one flow too many is dropped, and so is the rest.")
def _(c):
    c.configure(pool(), service(port=53, protocol="udp", new_flows_per_second=2))
    for client, exit_name in ((1, exits.SENT), (2, exits.SENT), (3, exits.DROP_RATE_LIMITED)):
        first, *later = parts4(client)
        c.send(first, exit_name)
        for part in later:
            c.send(part, LOST if client == 3 else exits.SENT)


@case("fragments-with-options", "Options of first and later fragments differ; a first fragment may be nothing but headers.")
def _(c):
    dns(c)
    first = IP(src="198.51.100.1", dst=VIP4, id=9, flags="MF", proto=17) / Raw(raw(UDP(sport=1, dport=53, len=24)))
    later = IP(src="198.51.100.1", dst=VIP4, id=9, frag=1, proto=17, options=b"\x01\x01\x01\x00") / Raw(bytes(16))
    c.same(c.send(link(later)), c.send(link(first)), c.send(link(later)))
