# SPDX-License-Identifier: Apache-2.0
"""Cases about how long fragments wait, how many may, and which belong together."""
from scapy.compat import raw
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6ExtHdrFragment
from scapy.packet import Raw

import exits
from case_fragments import CLIENTS, DATA, LOST, dns, parts4, parts6
from case_maker import VIP4, VIP6, case, client4, link, pool, service


@case(
    "fragments-first-lost",
    "The first never comes: those that wait are dropped a quarter of a second after they came.",
)
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


@case(
    "fragments-first-expired",
    "A first fragment is remembered for two seconds, to the tick; then later ones wait again.",
)
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


@case(
    "fragments-per-source-bound",
    "A source may have 16 fragments waiting; what is more is dropped by name, others' wait.",
)
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
