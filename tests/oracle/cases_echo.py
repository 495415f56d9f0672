# SPDX-License-Identifier: Apache-2.0
"""Cases about echo requests to service addresses, which the balancer answers itself."""
from scapy.compat import raw
from scapy.layers.inet import ICMP, IP, IPOption_Router_Alert
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6, IPv6ExtHdrDestOpt, PadN
from scapy.packet import Raw

import exits
from case_answers import (
    ANYBODY4, ANYBODY6, DOWN, ECHO, NOBODY4, NOBODY6, OTHER, group_addressed, ping4, ping6,
)
from case_maker import VIP4, VIP6, answers, case, link, pool, service, tagged, tcp4, tcp6


@case(
    "echo-ipv4",
    "Echo requests to service addresses are answered, of any size, with everything but type and TTL kept.",
)
def _(c):
    c.configure(pool(), service())
    for size in (0, 1, 2, 7, 56, 1472):
        c.send(ping4(1, data=bytes(range(256)) * 6 if size == 1472 else b"x" * size), ECHO)
    c.send(ping4(2, tos=0xBB, id=0x1234, flags="DF", ttl=1), ECHO)
    c.send(ping4(2, flags="evil", ttl=255), ECHO)
    c.send(raw(ping4(3, data=b"")) + b"padding as short frames have", ECHO)


@case("echo-wrong-checksum-stays-wrong", "An ICMP checksum is updated, not computed: what came damaged goes back so.")
def _(c):
    c.configure(pool(), service(addresses=(VIP4, VIP6)))
    for value in (0x1111, 0x0000, 0xFFFF, 0xF7FF, 0x0800):
        c.send(link(IP(src="198.51.100.9", dst=VIP4) / ICMP(id=1, chksum=value) / Raw(b"?")), ECHO)
        c.send(link(IPv6(src="2001:db8:c::9", dst=VIP6) / ICMPv6EchoRequest(id=1, cksum=value)), ECHO)


@case("echo-ipv6", "ICMPv6 echo requests to service addresses are answered; traffic class and flow label are kept.")
def _(c):
    c.configure(pool(), service(addresses=(VIP6,)))
    for size in (0, 1, 2, 7, 56, 1452):
        c.send(ping6(1, data=b"x" * size), ECHO)
    c.send(ping6(2, tc=0xBB, fl=0xABCDE, hlim=1), ECHO)
    c.send(ping6(2, hlim=255), ECHO)
    c.send(raw(ping6(3, data=b"")) + b"padding", ECHO)


@case("echo-tagged", "The answer goes back by the VLAN that the request came by, priority included.")
def _(c):
    c.configure(pool(), service(addresses=(VIP4, VIP6)))
    c.send(tagged(ping4(), 5), ECHO)
    c.send(tagged(ping6(), 4000, 7, 1), ECHO)


@case("echo-no-backend-up", "The address is there though no backend is: its echo is answered, whatever the policy.")
def _(c):
    c.configure(pool(**DOWN), service(addresses=(VIP4, VIP6)), service("b", ("192.0.2.11",), when_none="reject"))
    c.send(ping4(), ECHO)
    c.send(ping6(), ECHO)
    c.send(ping4(dst="192.0.2.11"), ECHO)


@case("echo-in-prefix", "Every address of a service's prefix answers, as far as the prefix goes.")
def _(c):
    c.configure(pool(), service(addresses=("192.0.2.64/27", "2001:db8:1::/64")))
    for dst, exit_name in (("192.0.2.64", ECHO), ("192.0.2.95", ECHO), ("192.0.2.63", OTHER), ("192.0.2.96", OTHER)):
        c.send(ping4(dst=dst), exit_name)
    for dst, exit_name in (("2001:db8:1::", ECHO), ("2001:db8:1:0:ffff::1", ECHO), ("2001:db8:1:1::", OTHER)):
        c.send(ping6(dst=dst), exit_name)


@case("echo-with-options-to-kernel", "A request with IPv4 options or extension headers is the kernel's to think about.")
def _(c):
    c.configure(pool(), service(addresses=(VIP4, VIP6)))
    c.send(ping4(options=[IPOption_Router_Alert()]), OTHER)
    c.send(ping6(extensions=IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(4))])), OTHER)


@case("echo-to-kernel", 'answers.echo = "kernel": echo requests are passed on.')
def _(c):
    c.configure(answers(echo="kernel"), pool(), service(addresses=(VIP4, VIP6)))
    for client in range(1, 4):
        c.send(ping4(client), OTHER)
        c.send(ping6(client), OTHER)


@case("echo-limited", "So many answers a second, as many at once, for both families together; then they are dropped.")
def _(c):
    c.configure(answers(echo_per_second=4), pool(), service(addresses=(VIP4, VIP6)))
    for client in range(1, 5):
        c.send(ping4(client) if client % 2 else ping6(client), ECHO)
    c.send(ping4(5), exits.DROP_ECHO_LIMITED)
    c.send(ping6(5), exits.DROP_ECHO_LIMITED)
    c.at(0.25)  # tick 4: four sixteenths of each of four tokens
    c.send(ping4(6), ECHO)
    c.send(ping4(7), exits.DROP_ECHO_LIMITED)
    c.at(0.9375)  # tick 15: eleven times four sixteenths more
    for exit_name in (ECHO, ECHO, exits.DROP_ECHO_LIMITED):
        c.send(ping4(8), exit_name)
    c.at(60)
    for exit_name in (ECHO,) * 4 + (exits.DROP_ECHO_LIMITED,):
        c.send(ping6(9), exit_name)


@case("answers-none", "A rate of 0 answers nothing: no echo, no too big, no reject.")
def _(c):
    c.configure(answers(echo_per_second=0, too_big_per_second=0, reject_per_second=0), pool(), pool("down", **DOWN),
                service(addresses=(VIP4, VIP6)), service("r", port=81, pool_name="down", when_none="reject"))
    c.send(ping4(), exits.DROP_ECHO_LIMITED)
    c.send(tcp6(payload=bytes(1441)), exits.DROP_TOO_BIG)
    c.send(tcp4(dport=81), exits.DROP_REJECT_LIMITED)


@case("echo-not-answerable", "Nothing is answered that came from or to a group, or from an address that is no host's.")
def _(c):
    c.configure(pool(), service(addresses=(VIP4, VIP6)))
    for src in NOBODY4:
        c.send(ping4(src=src), OTHER)
    for src in NOBODY6:
        c.send(ping6(src=src), OTHER)
    for packet in (*group_addressed(ping4()), *group_addressed(ping6())):
        c.send(packet, OTHER)
    for src in ANYBODY4:
        c.send(ping4(src=src), ECHO)
    for src in ANYBODY6:
        c.send(ping6(src=src), ECHO)
