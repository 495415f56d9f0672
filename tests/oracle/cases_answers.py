# SPDX-License-Identifier: Apache-2.0
"""Cases about frames that the balancer answers itself: echo, too big, reject."""
from scapy.compat import raw
from scapy.layers.inet import ICMP, IP, TCP, IPOption_Router_Alert
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6, IPv6ExtHdrDestOpt, PadN
from scapy.layers.l2 import Ether
from scapy.packet import Raw

import exits
from case_clients import send_all
from case_maker import (
    BOX_MAC, CLIENT_MAC, VIP4, VIP6, answers, case, client4, link, pool, service, tagged, tcp4, tcp6, udp4, udp6,
)

ECHO, TOO_BIG, REJECT = exits.ANSWERED_ECHO, exits.ANSWERED_TOO_BIG, exits.ANSWERED_REJECT
OTHER = exits.KERNEL_OTHER_PROTOCOL
DOWN = {name: 'state = "disabled"' for name in "abc"}
# Sources that nobody can be answered at.
NOBODY4 = ("0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.255.255", "224.0.0.1", "239.1.1.1", "240.0.0.1",
           "255.255.255.255")
NOBODY6 = ("::", "::1", "ff02::1", "ff00::")
ANYBODY4 = ("1.0.0.0", "126.255.255.255", "128.0.0.1", "223.255.255.255", "10.0.0.1", "198.51.100.1")
ANYBODY6 = ("::2", "::1:0", "feff::1", "fe80::1", "2001:db8::1")


def ping4(client=1, dst=VIP4, data=b"are you there?", **ip):
    return link(IP(**{"src": client4(client), "dst": dst, **ip}) / ICMP(id=client, seq=7) / Raw(data))


def ping6(client=1, dst=VIP6, data=b"are you there?", extensions=None, **ip):
    packet = IPv6(**{"src": f"2001:db8:c::{client:x}", "dst": dst, **ip})
    if extensions is not None:
        packet = packet / extensions
    return link(packet / ICMPv6EchoRequest(id=client, seq=7, data=data))


def group_addressed(packet):
    """The same packet from and to group addresses of the link."""
    for addresses in ({"src": CLIENT_MAC, "dst": "01:00:5e:00:00:01"}, {"src": CLIENT_MAC, "dst": "ff:ff:ff:ff:ff:ff"},
                      {"src": "03:00:00:00:00:01", "dst": BOX_MAC}):
        yield Ether(**addresses) / packet.payload


@case("echo-ipv4", "Echo requests to service addresses are answered, of any size, with everything but type and TTL kept.")
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


BIG = bytes(range(256)) * 6


@case(
    "too-big-ipv4",
    "A packet with DF that does not fit is answered with the MTU that would, from the address it was sent to, quoting "
    "548 bytes; without DF it is dropped.",
)
def _(c):
    c.configure(pool(), service(), service("dns", port=53, protocol="udp"))
    c.send(tcp4(payload=BIG[:1461], flags="A"), exits.DROP_TOO_BIG)
    c.send(udp4(2, payload=BIG), exits.DROP_TOO_BIG)
    for make in (tcp4, udp4):
        packet = make(4, payload=BIG)
        packet[IP].flags = "DF"
        c.send(packet, TOO_BIG)
        packet[IP].tos, packet[IP].id, packet[IP].ttl = 0xBB, 77, 3
        packet[IP].options = [IPOption_Router_Alert()]
        c.send(raw(packet) + b"padding", TOO_BIG)


@case("too-big-ipv6", "IPv6 packets that do not fit are always answered, quoting 1232 bytes.")
def _(c):
    c.configure(pool(), service(addresses=(VIP6,)), service("dns", (VIP6,), 53, "udp"))
    c.send(tcp6(payload=BIG[:1441], flags="A"), TOO_BIG)
    c.send(udp6(payload=BIG), TOO_BIG)
    c.send(tcp6(payload=BIG, tc=0xBB, fl=0xABCDE, extensions=IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(4))])), TOO_BIG)
    c.send(raw(tcp6(payload=BIG)) + b"padding", TOO_BIG)
    c.send(tagged(tcp6(payload=BIG), 7, 5), TOO_BIG)


@case("too-big-tunnels", "The MTU that is told is what fits the way that the backend is reached by, in every mix.")
def _(c):
    parts, port = [], 80
    for mode, keys in (("ipip", {}), ("gre", {}), ("gre", {"gre_key": 1}), ("gue", {}), ("gue", {"gue_variant": 1})):
        for family in (4, 6):
            parts += [pool(f"p{port}", 1, family, mode, keys), service(f"s{port}", (VIP4, VIP6), port, pool_name=f"p{port}")]
            port += 1
    parts += [pool("r", 1, 4, "l3dsr"), service("r", port=port, pool_name="r", dscp=4)]
    c.configure(*parts)
    for dport in range(80, port + 1):
        packet = tcp4(dport=dport, payload=BIG, flags="A")
        packet[IP].flags = "DF"
        c.send(packet, TOO_BIG)
        if dport < port:
            c.send(tcp6(dport=dport, payload=BIG, flags="A"), TOO_BIG)


@case("too-big-limited", "So many a second; those beyond are dropped, and only what could be answered takes a token.")
def _(c):
    c.configure(answers(too_big_per_second=2), pool(), service(addresses=(VIP4, VIP6)))
    for client in range(1, 4):
        c.send(tcp4(client, payload=BIG), exits.DROP_TOO_BIG)
    for exit_name in (TOO_BIG, TOO_BIG, exits.DROP_TOO_BIG):
        c.send(tcp6(payload=BIG), exit_name)
    c.at(1)
    for exit_name in (TOO_BIG, TOO_BIG, exits.DROP_TOO_BIG):
        c.send(tcp6(payload=BIG), exit_name)


@case("too-big-not-answerable", "No answer to groups or to what is no host's address.")
def _(c):
    c.configure(pool(), service(addresses=(VIP4, VIP6)))
    for src in NOBODY4:
        packet = tcp4(payload=BIG)
        packet[IP].flags, packet[IP].src = "DF", src
        c.send(packet, exits.DROP_TOO_BIG)
    for src in NOBODY6:
        packet = tcp6(payload=BIG)
        packet[IPv6].src = src
        c.send(packet, exits.DROP_TOO_BIG)
    for packet in group_addressed(tcp6(payload=BIG)):
        c.send(packet, exits.DROP_TOO_BIG)
    c.send(tcp6(payload=BIG), TOO_BIG)


@case("too-big-flow-is-remembered", "The flow was given its backend before the packet proved too big: it stays there.")
def _(c):
    c.configure(pool(), service(addresses=(VIP6,), port=53, protocol="udp", scheduler="round-robin"))
    for client in range(1, 7):
        c.send(udp6(client, payload=BIG), TOO_BIG)
    numbers = send_all(c, udp6, clients=range(1, 7))
    again = send_all(c, udp6, clients=range(1, 7))
    c.check("by memory", lambda names: [names[i] for i in numbers] == [names[i] for i in again])


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


@case("reject-tcp-fin-with-payload", "Without ACK the answer acknowledges payload, SYN and FIN: all that takes numbers.")
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


@case("reject-only-when-nobody-accepts", "As long as one backend accepts nothing is rejected; flows in progress end at once.")
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
