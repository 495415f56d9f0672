# SPDX-License-Identifier: Apache-2.0
"""Cases about packets that do not fit: who is told so, and what."""
from scapy.compat import raw
from scapy.layers.inet import IP, IPOption_Router_Alert
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, PadN

import exits
from case_answers import BIG, NOBODY4, NOBODY6, TOO_BIG, group_addressed
from case_clients import send_all
from case_maker import VIP4, VIP6, answers, case, pool, service, tagged, tcp4, tcp6, udp4, udp6


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
    options = IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(4))])
    c.send(tcp6(payload=BIG, tc=0xBB, fl=0xABCDE, extensions=options), TOO_BIG)
    c.send(raw(tcp6(payload=BIG)) + b"padding", TOO_BIG)
    c.send(tagged(tcp6(payload=BIG), 7, 5), TOO_BIG)


@case("too-big-tunnels", "The MTU that is told is what fits the way that the backend is reached by, in every mix.")
def _(c):
    parts, port = [], 80
    for mode, keys in (("ipip", {}), ("gre", {}), ("gre", {"gre_key": 1}), ("gue", {}), ("gue", {"gue_variant": 1})):
        for family in (4, 6):
            parts += [pool(f"p{port}", 1, family, mode, keys),
                      service(f"s{port}", (VIP4, VIP6), port, pool_name=f"p{port}")]
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
