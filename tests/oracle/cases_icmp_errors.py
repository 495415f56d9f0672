# SPDX-License-Identifier: Apache-2.0
"""Cases about ICMP errors: each goes to the backend of the flow that the packet it quotes belongs to."""
from scapy.compat import raw
from scapy.layers.inet import ICMP, IP, UDP, IPOption_Router_Alert
from scapy.layers.inet6 import (
    ICMPv6DestUnreach, ICMPv6PacketTooBig, ICMPv6ParamProblem, ICMPv6TimeExceeded, IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, PadN,
)
from scapy.packet import Raw

import exits
from case_icmp import CLIENTS, both, error4, error6, follow, reply4, reply6
from case_maker import VIP4, VIP6, case, client4, pool, service, tagged, tcp4, tcp6, udp4, udp6


TYPES4 = {
    "unreachable": [{"type": 3, "code": code} for code in (0, 1, 2, 3, 13)],
    "frag-needed": [{"type": 3, "code": 4, "nexthopmtu": mtu} for mtu in (0, 68, 1400)],
    "time-exceeded": [{"type": 11, "code": code} for code in (0, 1)],
    "parameter-problem": [{"type": 12, "code": code} for code in (0, 2)],
}
TYPES6 = {
    "unreachable": [ICMPv6DestUnreach(code=code) for code in (0, 1, 4)],
    "packet-too-big": [ICMPv6PacketTooBig(mtu=mtu) for mtu in (0, 1280, 1400)],
    "time-exceeded": [ICMPv6TimeExceeded(code=code) for code in (0, 1)],
    "parameter-problem": [ICMPv6ParamProblem(code=code) for code in (0, 1, 2)],
}


def type_case4(name, messages):
    @case(f"icmp-{name}-follows-flow", f"ICMP errors of this kind ({name}) about a flow go to the flow's backend.")
    def _(c):
        both(c)
        for fields in messages:
            follow(c, tcp4, lambda client: error4(reply4(client), 28, **fields))


def type_case6(name, messages):
    @case(f"icmpv6-{name}-follows-flow", f"ICMPv6 errors of this kind ({name}) about a flow go to the flow's backend.")
    def _(c):
        both(c)
        for message in messages:
            follow(c, tcp6, lambda client: error6(reply6(client), icmp=message))


for kind, fields_of_kind in TYPES4.items():
    type_case4(kind, fields_of_kind)
for kind, messages_of_kind in TYPES6.items():
    type_case6(kind, messages_of_kind)


@case("icmp-error-about-udp", "Errors about UDP find the flow that is remembered, in both families.")
def _(c):
    c.configure(pool(count=5), service(addresses=(VIP4, VIP6), port=53, protocol="udp"))
    follow(c, udp4, lambda client: error4(reply4(client, 53, UDP), 28))
    follow(c, udp6, lambda client: error6(reply6(client, 53, UDP)))


@case(
    "icmp-error-quotes-8-or-4-bytes",
    "Eight bytes of the transport header are usual, four are enough: the ports. Three are not.",
)
def _(c):
    both(c)
    for bytes_of_l4 in (8, 4, 20):
        follow(c, tcp4, lambda client: error4(reply4(client), 20 + bytes_of_l4))
        follow(c, tcp6, lambda client: error6(reply6(client), 40 + bytes_of_l4))
    for bytes_of_l4 in (0, 3, -1, -20):
        c.send(error4(reply4(1), 20 + bytes_of_l4), exits.KERNEL_NO_SERVICE)
        c.send(error6(reply6(1), 40 + bytes_of_l4), exits.KERNEL_NO_SERVICE)
    # Padding of the frame is nothing that is quoted.
    c.send(raw(error4(reply4(1), 23)) + raw(reply4(1))[23:28], exits.KERNEL_NO_SERVICE)


@case("icmp-error-quotes-ipv4-options", "The quoted header's own options are stepped over; so are the outer one's.")
def _(c):
    both(c)
    options = [IPOption_Router_Alert()] * 3
    follow(c, tcp4, lambda client: error4(reply4(client, options=options), 36))
    follow(c, tcp4, lambda client: error4(reply4(client), 28, options=options))
    c.send(error4(reply4(1, options=options), 35), exits.KERNEL_NO_SERVICE)
    c.send(error4(reply4(1, options=options), 28), exits.KERNEL_NO_SERVICE)


@case(
    "icmp-error-quotes-extension-headers",
    "Extension headers are walked in what is quoted, up to eight, and outside.",
)
def _(c):
    both(c)
    hop, dest = (kind(options=[PadN(optdata=bytes(4))]) for kind in (IPv6ExtHdrHopByHop, IPv6ExtHdrDestOpt))
    follow(c, tcp6, lambda client: error6(reply6(client, extensions=hop / IPv6ExtHdrFragment(id=3) / dest)))
    follow(c, tcp6, lambda client: error6(reply6(client), extensions=hop / dest))
    chain = dest
    for _ in range(7):
        chain = chain / dest.copy()
    follow(c, tcp6, lambda client: error6(reply6(client, extensions=chain)))
    c.send(error6(reply6(1, extensions=chain / dest.copy())), exits.KERNEL_NO_SERVICE)
    c.send(error6(reply6(1, extensions=chain), 100), exits.KERNEL_NO_SERVICE)


@case("icmp-error-quotes-first-fragment", "A first fragment has the ports, so it names its flow.")
def _(c):
    both(c)
    follow(c, tcp4, lambda client: error4(reply4(client, flags="MF", id=7), 28))
    follow(c, tcp6, lambda client: error6(reply6(client, extensions=IPv6ExtHdrFragment(m=1, id=7))))


@case(
    "icmp-error-quotes-later-fragment",
    "A later fragment has no ports: nobody knows its flow, so the kernel gets it.",
)
def _(c):
    both(c)
    c.send(error4(reply4(1, frag=10, id=7), 28), exits.KERNEL_NO_SERVICE)
    c.send(error4(reply4(1, frag=10, id=7, flags="MF"), 28), exits.KERNEL_NO_SERVICE)
    c.send(error6(reply6(1, extensions=IPv6ExtHdrFragment(offset=10, id=7))), exits.KERNEL_NO_SERVICE)
    twice = IPv6ExtHdrFragment(m=1, id=7) / IPv6ExtHdrFragment(m=1, id=8)
    c.send(error6(reply6(1, extensions=twice)), exits.KERNEL_NO_SERVICE)


@case(
    "icmp-error-about-unknown-flow",
    "An error about a port that no service has is the kernel's, as is one about a flow that nobody balances.",
)
def _(c):
    both(c)
    c.send(error4(reply4(1, 81), 28), exits.KERNEL_NO_SERVICE)
    c.send(error4(reply4(1, 80, UDP), 28), exits.KERNEL_NO_SERVICE)
    c.send(error6(reply6(1, 81)), exits.KERNEL_NO_SERVICE)
    c.send(error4(reply4(1, src="192.0.2.99"), 28, dst="192.0.2.99"), exits.KERNEL_OTHER_PROTOCOL)
    c.send(error6(reply6(1, src="2001:db8::99"), dst="2001:db8::99"), exits.KERNEL_OTHER_PROTOCOL)
    for junk in (b"", b"E", bytes(60), b"\x45" + bytes(60), b"\x65" + bytes(60), b"\x46" + raw(reply4(1))[1:21]):
        c.send(error4(junk), exits.KERNEL_NO_SERVICE)
        c.send(error6(junk), exits.KERNEL_NO_SERVICE)
    # The other family's packet is quoted; a protocol without ports.
    c.send(error4(reply6(1)), exits.KERNEL_NO_SERVICE)
    c.send(error6(reply4(1)), exits.KERNEL_NO_SERVICE)
    c.send(error4(IP(src=VIP4, dst=client4(1)) / ICMP()), exits.KERNEL_NO_SERVICE)


@case(
    "icmp-error-destination-mismatch",
    "What is quoted must have come from the address that the error is sent to; else anybody's packet could be quoted.",
)
def _(c):
    c.configure(pool(), service(addresses=(VIP4, "192.0.2.11")), service("six", (VIP6,)))
    c.send(error4(reply4(1), 28, dst="192.0.2.11"), exits.KERNEL_NO_SERVICE)
    c.send(error4(reply4(1, src="192.0.2.12"), 28), exits.KERNEL_NO_SERVICE)
    c.send(error4(reply4(1), 28, dst="192.0.2.99"), exits.KERNEL_OTHER_PROTOCOL)
    # Quoted the wrong way round: the client's packet, as if we had sent the error.
    c.send(error4(raw(tcp4(1))[14:], 28), exits.KERNEL_NO_SERVICE)
    c.send(error6(raw(tcp6(1))[14:]), exits.KERNEL_NO_SERVICE)


def tunnel_case(mode, keys):
    @case(f"icmp-error-into-{mode}", f"Errors go to their backends by {mode} as any packet does, with the flow's hash.")
    def _(c):
        c.configure(pool("web", 5, 4, mode, keys), service(addresses=(VIP4, VIP6)))
        for client in CLIENTS:
            flow = c.send(tcp4(client, dport=80))
            c.same(flow, c.send(tagged(error4(reply4(client), 28), 5)))
            flow = c.send(tcp6(client))
            c.same(flow, c.send(raw(error6(reply6(client))) + b"pad"))


tunnel_case("ipip", {})
tunnel_case("gue", {})
tunnel_case("gre", {"gre_key": 5})


@case("icmp-error-too-big", "An error that does not fit is dropped and not answered: no error is sent about an error.")
def _(c):
    c.configure(pool("web", 3, 6, "ipip"), service(addresses=(VIP4, VIP6)))
    fits, beyond = raw(reply6(1) / Raw(bytes(1500))), raw(reply4(1) / Raw(bytes(1500)))
    c.send(error6(fits, 1460 - 48))
    c.send(error6(fits, 1460 - 47), exits.DROP_TOO_BIG)
    packet = error4(beyond, 1460 - 28)
    c.send(packet)
    packet = error4(beyond, 1460 - 27)
    packet["IP"].flags = "DF"
    c.send(packet, exits.DROP_TOO_BIG)


