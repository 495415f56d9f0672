# SPDX-License-Identifier: Apache-2.0
"""What cases about fragments share: datagrams in pieces, and a service for them."""
from scapy.layers.inet import IP, UDP, fragment
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment, fragment6
from scapy.packet import Raw

import exits
from case_maker import VIP4, VIP6, client4, link, pool, service

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
