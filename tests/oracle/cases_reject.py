# SPDX-License-Identifier: Apache-2.0
"""Cases about the policy reject: clients of a service that nobody serves fail at once."""
from scapy.compat import raw
from scapy.layers.inet import IP, TCP, IPOption_Router_Alert
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, PadN
from scapy.packet import Raw

import exits
from case_answers import BIG, DOWN, NOBODY4, NOBODY6, REJECT, group_addressed
from case_clients import send_all
from case_maker import VIP4, VIP6, answers, case, link, pool, service, tagged, tcp4, tcp6, udp4, udp6


def rejecting(c, **more):
    c.configure(pool(**DOWN), service(addresses=(VIP4, VIP6), when_none="reject", **more))


@case("reject-tcp-syn", "Nobody is up: a SYN is answered with RST and ACK of its sequence number plus one, at once.")
def _(c):
    rejecting(c)
    send_all(c, exit_name=REJECT, clients=range(1, 6))
    send_all(c, tcp6, exit_name=REJECT, clients=range(1, 6))
    c.send(tagged(tcp4(), 6, 3), REJECT)
    c.send(raw(tcp4()) + b"padding", REJECT)
    c.send(tcp4(options=[IPOption_Router_Alert()], tos=0xBB), REJECT)
    c.send(tcp6(extensions=IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(4))]), tc=0xBB, fl=5), REJECT)
    c.send(link(IP(src="198.51.100.1", dst=VIP4) / TCP(sport=5, dport=80, flags="S", seq=0xFFFFFFFF)), REJECT)


@case("reject-tcp-with-ack", "With ACK the reset has the sequence number that was acknowledged, and no ACK.")
def _(c):
    rejecting(c)
    for flags in ("A", "SA", "PA", "FA"):
        for number in (0, 1, 0x80000000, 0xFFFFFFFF):
            for ip in (IP(src="198.51.100.1", dst=VIP4), IPv6(src="2001:db8:c::1", dst=VIP6)):
                c.send(link(ip / TCP(sport=5, dport=80, flags=flags, seq=99, ack=number) / Raw(b"data")), REJECT)


@case("reject-tcp-rst-not-answered", "A reset is never answered with one: dropped by name.")
def _(c):
    rejecting(c)
    for flags in ("R", "RA", "SR"):
        c.send(tcp4(flags=flags), exits.DROP_NO_BACKEND)
        c.send(tcp6(flags=flags), exits.DROP_NO_BACKEND)


@case(
    "reject-tcp-fin-with-payload",
    "Without ACK the answer acknowledges payload, SYN and FIN: all that takes numbers.",
)
def _(c):
    rejecting(c)
    for flags in ("F", "SF", "S", "P", 0):
        for payload in (b"", b"x", b"0123456789"):
            c.send(tcp4(flags=flags, payload=payload), REJECT)
            c.send(tcp6(flags=flags, payload=payload), REJECT)
    options = TCP(sport=5, dport=80, flags="SF", seq=0xFFFFFFF0, options=[("MSS", 1460), ("NOP", None), ("WScale", 7)])
    c.send(link(IP(src="198.51.100.1", dst=VIP4) / options / Raw(b"x" * 20)), REJECT)


@case("reject-udp", "UDP is answered with port unreachable of its family, quoting the packet.")
def _(c):
    rejecting(c, protocol="udp", udp="follow")
    for make in (udp4, udp6):
        for size in (0, 8, 512, 600, 1200, 1400):
            c.send(make(dport=80, payload=BIG[:size]), REJECT)
    c.send(tagged(udp4(dport=80), 9), REJECT)
    c.send(raw(udp6(dport=80)) + b"padding", REJECT)


@case("reject-udp-hash", "UDP that is only hashed is rejected alike.")
def _(c):
    rejecting(c, protocol="udp", udp="hash")
    c.send(udp4(dport=80), REJECT)
    c.send(udp6(dport=80), REJECT)


@case("reject-limited", "So many a second, then by name; resets that are not answered take no token.")
def _(c):
    c.configure(answers(reject_per_second=3), pool(**DOWN), service(when_none="reject"),
                service("dns", port=53, protocol="udp", when_none="reject"))
    c.send(tcp4(flags="R"), exits.DROP_NO_BACKEND)
    c.send(tcp4(1), REJECT)
    c.send(udp4(1), REJECT)
    c.send(tcp4(2), REJECT)
    c.send(tcp4(3), exits.DROP_REJECT_LIMITED)
    c.send(udp4(3), exits.DROP_REJECT_LIMITED)
    c.at(0.375)  # tick 6: eighteen sixteenths
    c.send(tcp4(4), REJECT)
    c.send(tcp4(5), exits.DROP_REJECT_LIMITED)


@case("reject-not-answerable", "What cannot be answered is dropped by name.")
def _(c):
    rejecting(c)
    for src in NOBODY4:
        packet = tcp4()
        packet[IP].src = src
        c.send(packet, exits.DROP_NO_BACKEND)
    for src in NOBODY6:
        packet = tcp6()
        packet[IPv6].src = src
        c.send(packet, exits.DROP_NO_BACKEND)
    for packet in group_addressed(tcp4()):
        c.send(packet, exits.DROP_NO_BACKEND)


@case(
    "reject-only-when-nobody-accepts",
    "As long as one backend accepts nothing is rejected; flows in progress end at once.",
)
def _(c):
    c.configure(pool(), service(when_none="reject"))
    for name in "ab":
        c.event(1, f"web {name} down")
    c.event(2, "web c draining")
    c.event(3, "web c down")
    opened = send_all(c)
    c.at(1)
    c.uses("c", send_all(c))
    c.at(2)
    mine = send_all(c, flags="A", clients=range(31, 61), exit_name=None)
    c.check("home is draining: it keeps its own, others are refused",
            lambda names: {names[i] for i in mine} == {"c", None})
    send_all(c, exit_name=REJECT, clients=range(61, 71))
    c.at(3)
    send_all(c, exit_name=REJECT, flags="A")
    c.check("there was a start", lambda names: len({names[i] for i in opened}) == 3)


@case("reject-empty-pool", "A pool without backends rejects too, and so does one that round robin goes over.")
def _(c):
    c.configure('[[pool]]\nname = "web"\nbackends = []\n\n', service(when_none="reject"),
                service("b", port=81, when_none="reject", scheduler="round-robin"),
                service("c", port=82, when_none="reject", scheduler="least-connections"))
    for port in (80, 81, 82):
        c.send(tcp4(dport=port), REJECT)
        c.send(tcp4(dport=port, flags="A"), REJECT)


@case(
    "reject-in-prefix-and-range",
    "Rejected from the very address and port that was asked, in a prefix and a range too.",
)
def _(c):
    c.configure(pool(**DOWN), service(addresses=("192.0.2.0/24", "2001:db8::/64"), port="8000-8100",
                                      protocol="tcp+udp", when_none="reject"))
    for client in range(1, 5):
        for make in (tcp4, udp4):
            c.send(make(client, dst=f"192.0.2.{200 + client}", dport=8000 + client), REJECT)
        for make in (tcp6, udp6):
            c.send(make(client, dst=f"2001:db8::{client}:0", dport=8100), REJECT)
