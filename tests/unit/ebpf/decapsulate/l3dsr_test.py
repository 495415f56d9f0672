# SPDX-License-Identifier: Apache-2.0
"""Restoring of l3dsr by ebpf/decapsulate, in XDP and in tc: what a client sent, changed as the balancer changes it, is
the same again, byte by byte. Scapy computes the checksums from scratch on both ends."""

import os
import sys
import unittest

import program
from packets import BALANCER, ETHER, PAYLOAD
from packets import inner, ipip
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption_NOP
from scapy.layers.inet6 import ICMPv6EchoRequest, ICMPv6PacketTooBig
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrRouting
from scapy.layers.l2 import ARP, Dot1Q
from scapy.packet import Raw

OBJECT = sys.argv.pop(1) if len(sys.argv) > 1 else None
CLIENT = {4: "198.51.100.2", 6: "2001:db8:c::2"}
SERVICE = {4: "192.0.2.10", 6: "2001:db8::10"}
BACKEND = {4: "10.0.0.11", 6: "fd00::11"}
DSCP, DSCP_IPV4_ONLY, DSCP_IPV6_ONLY = 10, 11, 63
TCP_PAYLOAD = TCP(sport=4321, dport=80, seq=7, flags="PA") / PAYLOAD


def packet(version, destination, layer, dscp=0, ecn=0, **fields):
    if version == 4:
        return IP(src=CLIENT[4], dst=destination, tos=dscp << 2 | ecn, ttl=57, id=99, **fields) / layer
    return IPv6(src=CLIENT[6], dst=destination, tc=dscp << 2 | ecn, fl=0x12345, hlim=57, **fields) / layer


def sent(version, layer, dscp=DSCP, **fields):
    """What the balancer sends to the backend."""
    return packet(version, BACKEND[version], layer, dscp=dscp, **fields)


def meant(version, layer, **fields):
    """What the client sent, but for its own DSCP, which is lost."""
    return packet(version, SERVICE[version], layer, **fields)


class L3dsrTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        services = (
            (DSCP, *SERVICE.values()),
            (DSCP_IPV4_ONLY, "192.0.2.77", None),
            (DSCP_IPV6_ONLY, None, "2001:db8::77"),
        )
        cls.program = program.Program(
            OBJECT, allow=("10.0.0.0/24", "fd00::/64"), dscp=services, local=("10.0.0.11", "fd00::/120")
        )
        cls.addClassCleanup(cls.program.close)

    def expect(self, frame, outcome, becomes=None, hooks=("xdp", "tc"), using=None):
        for hook in hooks:
            verdict, left, counted = (using or self.program).run(hook, bytes(frame))
            with self.subTest(hook=hook):
                self.assertEqual((verdict, counted), ("pass", outcome))
                self.assertEqual(left.hex(), bytes(frame if becomes is None else becomes).hex())

    def restored(self, version, layer, **fields):
        self.expect(ETHER / sent(version, layer, **fields), "restored_l3dsr", ETHER / meant(version, layer, **fields))

    def test_tcp_and_udp_of_all_lengths(self):
        for version in (4, 6):
            for length in (0, 1, 2, 17, 999, 1400):
                for ecn in range(4):
                    data = Raw(os.urandom(length))
                    self.restored(version, TCP(sport=1, dport=80, flags="S") / data, ecn=ecn)
                    self.restored(version, UDP(sport=1, dport=80) / data, ecn=ecn)

    def test_every_checksum(self):
        """Over all sums that a flow can have; among them those at which one's complement has two zeros."""
        for version in (4, 6):
            for port in range(0, 65536, 257):
                self.restored(version, TCP(sport=port, dport=80))
            base = UDP(sport=0, dport=80) / b"ab"
            sum_at_0 = packet(version, SERVICE[version], base).__class__(bytes(packet(version, SERVICE[version], base)))
            port = sum_at_0[UDP].chksum  # with this source port the sum is all ones, and 0xffff is written
            layer = UDP(sport=port, dport=80) / b"ab"
            raw = bytes(meant(version, layer))
            self.assertEqual(raw[26:28] if version == 4 else raw[46:48], b"\xff\xff")
            self.restored(version, layer)

    def test_udp_without_checksum_stays_without(self):
        self.restored(4, UDP(sport=1, dport=53, chksum=0) / b"?")

    def test_a_wrong_checksum_stays_wrong(self):
        layer = TCP(sport=1, dport=80, chksum=0x1234) / b"x"
        for hook in ("xdp", "tc"):
            for version in (4, 6):
                _, left, counted = self.program.run(hook, bytes(ETHER / sent(version, layer)))
                self.assertEqual(counted, "restored_l3dsr")
                right = bytes(ETHER / meant(version, TCP(sport=1, dport=80) / b"x"))
                self.assertNotEqual(left, right)
                at = 14 + (36 if version == 4 else 56)
                self.assertEqual(left[:at] + left[at + 2 :], right[:at] + right[at + 2 :])
            header = bytearray(bytes(ETHER / sent(4, TCP_PAYLOAD)))
            header[24] ^= 0x55
            _, left, _ = self.program.run(hook, bytes(header))
            self.assertNotEqual(left[24:26], bytes(ETHER / meant(4, TCP_PAYLOAD))[24:26])

    def test_icmp_errors(self):
        quoted = Raw(bytes(IP(src=SERVICE[4], dst=CLIENT[4]) / TCP(sport=80, dport=9)))
        self.restored(4, ICMP(type=3, code=4, nexthopmtu=1280) / quoted)
        quoted = Raw(bytes(IPv6(src=SERVICE[6], dst=CLIENT[6]) / TCP(sport=80, dport=9)))
        self.restored(6, ICMPv6PacketTooBig(mtu=1280) / quoted)

    def test_ipv4_options(self):
        for count in (4, 40):
            self.restored(4, TCP_PAYLOAD, options=[IPOption_NOP()] * count)

    def test_ethernet_padding_stays(self):
        layer = UDP(sport=1, dport=2)
        padding = b"\xee" * 7
        for version in (4, 6):
            self.expect(
                bytes(ETHER / sent(version, layer)) + padding,
                "restored_l3dsr",
                bytes(ETHER / meant(version, layer)) + padding,
            )

    def test_ipv4_fragments(self):
        """The checksum stands in the first one; its sum is over the whole datagram, which is no matter to RFC 1624."""
        whole = {make: bytes(make(4, UDP(sport=1, dport=53) / Raw(bytes(range(240))))) for make in (sent, meant)}
        for flags, offset, begin, end in (("MF", 0, 20, 124), ("MF", 13, 124, 204), (0, 23, 204, 268)):
            frames = [
                ETHER / make(4, Raw(whole[make][begin:end]), flags=flags, frag=offset, proto=17)
                for make in (sent, meant)
            ]
            self.expect(frames[0], "restored_l3dsr", frames[1])
        later = Raw(b"\x00\x01" * 40)
        self.expect(ETHER / sent(4, later, proto=47, frag=9), "kernel_source")
        self.expect(ETHER / sent(4, later, proto=132, frag=9), "kernel_not_tunnel")
        self.expect(ETHER / sent(4, later, proto=1, frag=9), "kernel_not_tunnel")

    def test_ipv6_fragments(self):
        whole = {make: bytes(make(6, UDP(sport=1, dport=53) / Raw(bytes(range(240))))) for make in (sent, meant)}
        for more, offset, begin, end in ((1, 0, 40, 144), (1, 13, 144, 224), (0, 23, 224, 288)):
            for before in (None, IPv6ExtHdrDestOpt()):
                frames = []
                for make in (sent, meant):
                    header = IPv6ExtHdrFragment(nh=17, m=more, offset=offset, id=5)
                    layer = header / Raw(whole[make][begin:end])
                    frames.append(ETHER / make(6, before / layer if before else layer))
                self.expect(frames[0], "restored_l3dsr", frames[1])
        for number, outcome in ((132, "kernel_not_tunnel"), (58, "kernel_not_tunnel")):
            frame = ETHER / sent(6, IPv6ExtHdrFragment(nh=number, m=1, offset=9) / Raw(bytes(40)))
            self.expect(frame, outcome)

    def test_ipv6_extension_headers(self):
        self.restored(6, IPv6ExtHdrFragment(id=7) / TCP_PAYLOAD)
        chain = IPv6ExtHdrDestOpt()
        for _ in range(7):
            chain = chain / IPv6ExtHdrDestOpt()
        self.restored(6, chain / TCP_PAYLOAD)
        self.expect(ETHER / sent(6, IPv6ExtHdrDestOpt() / chain / TCP_PAYLOAD), "kernel_dscp_invalid")
        self.expect(ETHER / sent(6, IPv6ExtHdrRouting(segleft=0) / Raw(b"")), "kernel_not_tunnel")

    def test_what_is_not_marked_is_the_kernels(self):
        for version in (4, 6):
            for dscp in (0, 1, 9, 12, 62):
                self.expect(ETHER / sent(version, TCP_PAYLOAD, dscp=dscp), "kernel_not_tunnel")
        for layer in (ICMP(type=8), Raw(b"x" * 40)):
            self.expect(ETHER / packet(4, SERVICE[4], layer), "kernel_not_tunnel")
        self.expect(ETHER / sent(4, Raw(bytes(40)), proto=132), "kernel_not_tunnel")
        self.expect(ETHER / sent(6, Raw(bytes(40)), nh=132), "kernel_not_tunnel")
        self.expect(ETHER / Dot1Q(vlan=5) / sent(4, TCP_PAYLOAD), "kernel_not_tunnel")
        self.expect(ETHER / ARP(), "kernel_not_tunnel")
        for version in (4, 6):
            self.expect(bytes(ETHER / sent(version, TCP_PAYLOAD))[:30], "kernel_not_tunnel", hooks=("xdp",))

    def test_only_local_destinations(self):
        for version, other in ((4, "10.0.0.12"), (4, SERVICE[4]), (6, "fd00::1:11"), (6, SERVICE[6])):
            self.expect(ETHER / packet(version, other, TCP_PAYLOAD, dscp=DSCP), "kernel_dscp_address")
        for address in ("fd00::", "fd00::ff"):
            marked = ETHER / packet(6, address, TCP_PAYLOAD, dscp=DSCP)
            self.expect(marked, "restored_l3dsr", ETHER / meant(6, TCP_PAYLOAD))

    def test_each_family_has_its_address(self):
        for version, own, other, address in (
            (4, DSCP_IPV4_ONLY, DSCP_IPV6_ONLY, "192.0.2.77"),
            (6, DSCP_IPV6_ONLY, DSCP_IPV4_ONLY, "2001:db8::77"),
        ):
            becomes = ETHER / packet(version, address, TCP_PAYLOAD)
            self.expect(ETHER / sent(version, TCP_PAYLOAD, dscp=own), "restored_l3dsr", becomes)
            self.expect(ETHER / sent(version, TCP_PAYLOAD, dscp=other), "kernel_dscp_family")

    def test_headers_that_are_wrong_are_the_kernels(self):
        for version in (4, 6):
            frame = bytes(ETHER / sent(version, TCP_PAYLOAD))
            self.expect(frame[:-1], "kernel_dscp_invalid")
            for layer, bytes_ in ((TCP(), 17), (UDP(), 7), (Raw(), 0)):
                short = Raw(bytes(layer)[:bytes_])
                number = {"proto" if version == 4 else "nh": 17 if layer.name == "UDP" else 6}
                self.expect(ETHER / sent(version, short, **number), "kernel_dscp_invalid")
        self.expect(ETHER / sent(6, Raw(b"\x02"), nh=58), "kernel_dscp_invalid")
        self.expect(ETHER / sent(6, Raw(b"\x06\x01" + bytes(6)), nh=60), "kernel_dscp_invalid")
        frame = bytearray(bytes(ETHER / sent(4, TCP_PAYLOAD)))
        for first in (0x44, 0x55):
            frame[14] = first
            # The kernel runs tc over no IPv4 packet of another version.
            self.expect(bytes(frame), "kernel_dscp_invalid")

    def test_tunnels_come_first_and_their_inner_packets_are_left(self):
        inside = sent(4, TCP_PAYLOAD)
        frame = ETHER / IP(src=BALANCER[4], dst=BACKEND[4], proto=4, tos=DSCP << 2) / Raw(bytes(inside))
        self.expect(frame, "decapsulated_ipip", ETHER / inside)

    def test_clients_may_send_what_might_be_gue(self):
        """With GUE switched on every UDP fragment might be the balancer's, and so might what goes to its port."""
        both = program.Program(
            OBJECT, allow=("10.0.0.0/24",), gue_port=6080, dscp=((DSCP, *SERVICE.values()),), local=("10.0.0.11",)
        )
        self.addCleanup(both.close)
        udp = UDP(sport=1, dport=6080) / Raw(bytes(64))
        for layer, fields in ((Raw(bytes(64)), {"frag": 9, "proto": 17}), (udp, {"flags": "MF"}), (udp, {})):
            frames = [ETHER / make(4, layer, **fields) for make in (sent, meant)]
            self.expect(frames[0], "restored_l3dsr", frames[1], using=both)
            frame = ETHER / packet(4, BACKEND[4], layer, **fields)
            self.expect(frame, "kernel_source", using=both)

    def test_off_unless_asked_for(self):
        plain = program.Program(OBJECT, allow=("10.0.0.0/24",), local=("10.0.0.11",))
        self.addCleanup(plain.close)
        self.expect(ETHER / sent(4, TCP_PAYLOAD), "kernel_not_tunnel", using=plain)
        _, _, counted = self.program.run("xdp", bytes(ipip(4, inner(4))))
        self.assertEqual(counted, "decapsulated_ipip")

    def test_echo_to_the_backend_itself(self):
        """The balancer sends no echo: whoever measures with marked pings is answered."""
        self.expect(ETHER / sent(6, ICMPv6EchoRequest(id=3, seq=4, data=b"hello")), "kernel_not_tunnel")
        self.expect(ETHER / sent(4, ICMP(type=8, id=3, seq=4) / b"hello"), "kernel_not_tunnel")
        self.expect(ETHER / sent(6, ICMP(type=3, id=3, seq=4) / b"hello", nh=1), "kernel_not_tunnel")


if __name__ == "__main__":
    if os.geteuid() != 0:
        program.skip("loading BPF programs needs root")
    unittest.main(warnings="ignore")
