# SPDX-License-Identifier: Apache-2.0
"""What cases about answers share: echo requests, and packets that nobody may answer."""
from scapy.layers.inet import ICMP, IP
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Raw

import exits
from case_maker import BOX_MAC, CLIENT_MAC, VIP4, VIP6, client4, link

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
BIG = bytes(range(256)) * 6
