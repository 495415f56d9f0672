# SPDX-License-Identifier: Apache-2.0
"""Cases about packets that are none of our business: the kernel gets them unchanged."""
from scapy.layers.inet import ICMP, IP
from scapy.layers.inet6 import ICMPv6EchoRequest, ICMPv6ND_NS, IPv6, IPv6ExtHdrDestOpt, PadN
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Raw

import exits
from case_maker import BOX_MAC, CLIENT_MAC, VIP4, VIP6, case, link, pool, service


@case(
    "icmp-to-kernel",
    "ICMP is the kernel's unless it is echo to a service address or an error: replies, timestamps, redirects, "
    "neighbour discovery, messages of fewer than 8 bytes, and echo to anybody else.",
)
def _(c):
    c.configure(pool(), service(), service("six", (VIP6,)))
    for dst in (VIP4, "192.0.2.99"):
        ip = IP(src="198.51.100.1", dst=dst)
        for kind in (0, 5, 9, 10, 13, 14, 40):
            message = Raw(bytes([kind, 0]) + bytes(18))
            c.send(link(IP(src="198.51.100.1", dst=dst, proto=1) / message), exits.KERNEL_OTHER_PROTOCOL)
        c.send(link(ip / ICMP(type=8, code=1) / Raw(b"ping")), exits.KERNEL_OTHER_PROTOCOL)
        for kind in (3, 8, 11):
            c.send(link(IP(src="198.51.100.1", dst=dst, proto=1) / Raw(bytes([kind, 0, 0, 0, 1, 2, 3]))),
                   exits.KERNEL_OTHER_PROTOCOL)
    c.send(link(IP(src="198.51.100.1", dst="192.0.2.99") / ICMP() / Raw(b"ping")), exits.KERNEL_OTHER_PROTOCOL)
    c.send(link(IPv6(src="2001:db8:c::1", dst="2001:db8::99") / ICMPv6EchoRequest(data=b"ping")),
           exits.KERNEL_OTHER_PROTOCOL)
    c.send(link(IPv6(src="2001:db8:c::1", dst="ff02::1:ff00:10") / ICMPv6ND_NS(tgt=VIP6)), exits.KERNEL_OTHER_PROTOCOL)
    for kind in (5, 100, 127, 129, 130, 133, 136):
        c.send(link(IPv6(src="2001:db8:c::1", dst=VIP6, nh=58) / Raw(bytes([kind]) + bytes(15))),
               exits.KERNEL_OTHER_PROTOCOL)
    # ICMP of the other family is a protocol like any.
    c.send(link(IP(src="198.51.100.1", dst=VIP4, proto=58) / Raw(b"\x80" + bytes(15))), exits.KERNEL_OTHER_PROTOCOL)
    c.send(link(IPv6(src="2001:db8:c::1", dst=VIP6, nh=1) / Raw(b"\x08" + bytes(15))), exits.KERNEL_OTHER_PROTOCOL)


@case(
    "other-protocols-to-kernel",
    "GRE, ESP, SCTP, OSPF, tunnels in tunnels and IPv6 without a next header are the kernel's.",
)
def _(c):
    c.configure(pool(), service(), service("six", (VIP6,)))
    for protocol in (0, 2, 4, 41, 47, 50, 89, 132, 255):
        c.send(link(IP(src="198.51.100.1", dst=VIP4, proto=protocol) / Raw(bytes(24))), exits.KERNEL_OTHER_PROTOCOL)
    for protocol in (4, 41, 47, 50, 51, 59, 132, 135, 255):
        c.send(link(IPv6(src="2001:db8:c::1", dst=VIP6, nh=protocol) / Raw(bytes(24))), exits.KERNEL_OTHER_PROTOCOL)
    options = IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(4))])
    c.send(link(IPv6(src="2001:db8:c::1", dst=VIP6) / options / Raw(b"")), exits.KERNEL_OTHER_PROTOCOL)


@case(
    "not-ip-to-kernel",
    "ARP, LLDP and lengths instead of EtherTypes are the kernel's, however short.",
)
def _(c):
    c.configure(pool(), service())
    c.send(Ether(src=CLIENT_MAC, dst="ff:ff:ff:ff:ff:ff") / ARP(psrc="198.51.100.1", pdst=VIP4), exits.KERNEL_NOT_IP)
    lldp = Ether(src=CLIENT_MAC, dst="01:80:c2:00:00:0e", type=0x88CC) / Raw(b"\x02\x07\x04" + bytes(6))
    c.send(lldp, exits.KERNEL_NOT_IP)
    c.send(Ether(src=CLIENT_MAC, dst="01:80:c2:00:00:00", type=38) / Raw(bytes(46)), exits.KERNEL_NOT_IP)
    c.send(Ether(src=CLIENT_MAC, dst=BOX_MAC, type=0x0801), exits.KERNEL_NOT_IP)
