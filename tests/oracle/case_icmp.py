# SPDX-License-Identifier: Apache-2.0
"""What cases about ICMP errors share: the packets that are quoted, and the errors that quote them."""
from scapy.compat import raw
from scapy.layers.inet import ICMP, IP, TCP
from scapy.layers.inet6 import ICMPv6PacketTooBig, IPv6
from scapy.packet import Raw

from case_maker import VIP4, VIP6, client4, link, pool, service

CLIENTS = range(1, 21)
ROUTER4, ROUTER6 = "203.0.113.200", "2001:db8:f::1"
TOO_BIG4 = {"type": 3, "code": 4, "nexthopmtu": 1400}


def reply4(client, sport=80, protocol=TCP, src=VIP4, **ip):
    """A packet as a backend would have sent it to the client: what an error quotes."""
    return IP(src=src, dst=client4(client), **ip) / protocol(sport=sport, dport=1024) / Raw(b"payload of the reply")


def reply6(client, sport=80, protocol=TCP, extensions=None, src=VIP6):
    packet = IPv6(src=src, dst=f"2001:db8:c::{client:x}")
    if extensions is not None:
        packet = packet / extensions
    return packet / protocol(sport=sport, dport=1024) / Raw(b"payload of the reply")


def error4(quoted, length=None, dst=VIP4, options=None, **fields):
    quoted = quoted if isinstance(quoted, bytes) else raw(quoted)
    outer = IP(src=ROUTER4, dst=dst, options=options or [])
    return link(outer / ICMP(**(fields or TOO_BIG4)) / Raw(quoted[:length]))


def error6(quoted, length=None, dst=VIP6, icmp=None, extensions=None):
    quoted = quoted if isinstance(quoted, bytes) else raw(quoted)
    outer = IPv6(src=ROUTER6, dst=dst)
    if extensions is not None:
        outer = outer / extensions
    return link(outer / (icmp or ICMPv6PacketTooBig(mtu=1400)) / Raw(quoted[:length]))


def both(c, forward_by="l2", count=5, **more):
    family6 = 6 if forward_by != "l2" else 4
    c.configure(pool("web", count, 4, forward_by), pool("six", count, family6, forward_by),
                service(addresses=(VIP4,), **more), service("six", (VIP6,), pool_name="six", **more))


def follow(c, flow_of, error_of, clients=CLIENTS):
    """The error about every client's flow goes where the flow goes, and the flows are spread."""
    for client in clients:
        flow = c.send(flow_of(client))
        c.same(flow, c.send(error_of(client)))
    c.check("more than two backends are used", lambda names: len(set(names)) > 2)
