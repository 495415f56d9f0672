# SPDX-License-Identifier: Apache-2.0
"""Every outcome of ebpf/decapsulate/decapsulate.bpf.c, in XDP and in tc. Packets, and the bytes expected of them, are
made by Scapy. `Program.run` holds each packet to one received and one outcome."""

import os
import sys
import unittest

import program
from packets import BALANCER, ETHER, GRE_KEY, GUE_PORT, STRANGER
from packets import broken, gre, gue0, inner, ipip, number_of, outer, udp, with_total_length
from scapy.layers.inet import GRE, ICMP, IP, TCP, UDP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.packet import Raw

OBJECT = sys.argv.pop(1) if len(sys.argv) > 1 else None
FAMILIES = [(4, 4), (4, 6), (6, 4), (6, 6)]


class DecapsulateTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.plain = cls.load()
        cls.full = cls.load(gue_port=GUE_PORT, gre_key=GRE_KEY)

    @classmethod
    def load(cls, **settings):
        loaded = program.Program(OBJECT, allow=("10.0.0.0/24", "fd00::/64"), **settings)
        cls.addClassCleanup(loaded.close)
        return loaded

    def expect(self, frame, outcome, becomes=None, using=None, hooks=("xdp", "tc")):
        """The same in both hooks: dropped, given on as it came, or as `becomes`."""
        for hook in hooks:
            verdict, left, counted = (using or self.full).run(hook, bytes(frame))
            with self.subTest(hook=hook):
                self.assertEqual(counted, outcome)
                self.assertEqual(verdict, "drop" if outcome.startswith("drop_") else "pass")
                if verdict == "pass":
                    self.assertEqual(left.hex(), bytes(frame if becomes is None else becomes).hex())

    def expect_inner(self, frame, packet, outcome, **how):
        ethernet = Ether(dst=ETHER.dst, src=ETHER.src, type=0x0800 if packet.version == 4 else 0x86DD)
        self.expect(frame, outcome, becomes=bytes(ethernet) + bytes(packet), **how)

    def test_ipip_in_all_family_mixes(self):
        for around, inside in FAMILIES:
            for layer in (None, UDP(sport=1, dport=53) / b"?", ICMP() if inside == 4 else None):
                packet = inner(inside, layer=layer)
                self.expect_inner(ipip(around, packet), packet, "decapsulated_ipip")

    def test_gue_of_both_variants_in_all_family_mixes(self):
        for around, inside in FAMILIES:
            packet = inner(inside)
            self.expect_inner(udp(around, gue0(packet)), packet, "decapsulated_gue")
            self.expect_inner(udp(around, bytes(packet)), packet, "decapsulated_gue")
        with_room = gue0(inner(4), words=2)
        self.expect_inner(udp(4, with_room[:4] + bytes(8) + with_room[4:]), inner(4), "decapsulated_gue")

    def test_gre_with_and_without_key_in_all_family_mixes(self):
        for around, inside in FAMILIES:
            packet = inner(inside)
            keyed = gre(around, packet, key_present=1, key=GRE_KEY)
            self.expect_inner(keyed, packet, "decapsulated_gre")
            self.expect_inner(gre(around, packet), packet, "decapsulated_gre", using=self.plain)
            self.expect(keyed, "kernel_gre_key", using=self.plain)
            self.expect(gre(around, packet), "kernel_gre_key")
            self.expect(gre(around, packet, key_present=1, key=1), "kernel_gre_key")

    def test_a_full_sized_packet(self):
        packet = inner(4, layer=UDP(sport=1, dport=2) / Raw(b"x" * 8900))
        verdict, left, counted = self.full.run("tc", bytes(ipip(6, packet))[:3000])
        self.assertEqual((verdict, counted), ("drop", "drop_outer_truncated"), left[:20])
        packet = inner(4, layer=UDP(sport=1, dport=2) / Raw(b"x" * 1400))
        self.expect_inner(ipip(6, packet), packet, "decapsulated_ipip")

    def test_ethernet_padding_stays_behind_the_inner_packet(self):
        packet = inner(4, layer=UDP(sport=1, dport=2))
        frame = bytes(ipip(4, packet)) + b"\xee" * 7
        left = bytes(Ether(dst=ETHER.dst, src=ETHER.src, type=0x0800)) + bytes(packet) + b"\xee" * 7
        self.expect(frame, "decapsulated_ipip", becomes=left)

    def test_what_is_no_tunnel_is_the_kernels(self):
        tcp = TCP(sport=1, dport=2)
        for frame in (
            ETHER / ARP(),
            ETHER / Dot1Q(vlan=5) / IP(src=BALANCER[4], dst="10.0.0.11", proto=4) / inner(4),
            ETHER / IP(src=BALANCER[4], dst="10.0.0.11") / tcp,
            ETHER / IPv6(src=BALANCER[6], dst="fd00::11") / tcp,
            udp(4, bytes(inner(4)), port=53),
            ETHER / outer(4, 47) / GRE(proto=0x6558) / Raw(bytes(60)),
            ETHER / outer(4, 47) / GRE(proto=0x0800, version=1) / Raw(bytes(inner(4))),
            ETHER / outer(4, 47) / GRE(proto=0x880B, version=1, key_present=1) / Raw(bytes(60)),
            ETHER / IPv6(src=BALANCER[6], dst="fd00::11") / IPv6ExtHdrDestOpt(nh=4) / Raw(bytes(inner(4))),
        ):
            self.expect(frame, "kernel_not_tunnel")
        # The kernel runs tc over no IP packet without a whole header.
        for frame in (ETHER / IP(src=BALANCER[4], proto=4), ETHER / IPv6(src=BALANCER[6], nh=41)):
            self.expect(bytes(frame)[:30], "kernel_not_tunnel", hooks=("xdp",))
        # GUE is off unless a port is given.
        self.expect(udp(4, bytes(inner(4))), "kernel_not_tunnel", using=self.plain)

    def test_other_sources_are_the_kernels_however_broken_they_are(self):
        for version in (4, 6):
            stranger = STRANGER[version]
            self.expect(ipip(version, inner(4), source=stranger), "kernel_source")
            self.expect(udp(version, bytes(inner(6)), source=stranger), "kernel_source")
            self.expect(ETHER / outer(version, 4, source=stranger) / b"", "kernel_source")
        self.expect(broken(ipip(4, inner(4), source=STRANGER[4]), 24, 0), "kernel_source")

    def test_outer_fragments_are_the_kernels(self):
        first = ETHER / IP(src=BALANCER[4], dst="10.0.0.11", proto=4, flags="MF") / Raw(bytes(inner(4)))
        later = ETHER / IP(src=BALANCER[4], dst="10.0.0.11", proto=17, frag=9) / Raw(bytes(64))
        self.expect(first, "kernel_fragment")
        self.expect(later, "kernel_fragment")
        self.expect(later, "kernel_not_tunnel", using=self.plain)
        for offset in (0, 9):
            fragment = IPv6ExtHdrFragment(nh=41, offset=offset, m=1)
            frame = ETHER / IPv6(src=BALANCER[6], dst="fd00::11") / fragment / Raw(bytes(inner(6)))
            self.expect(frame, "kernel_fragment")

    def test_outer_headers_that_are_wrong(self):
        good = bytes(ipip(4, inner(4)))
        self.expect(broken(good, 14, 0x55), "drop_outer_invalid")  # version 5
        self.expect(broken(good, 14, 0x44), "drop_outer_invalid")  # 16 bytes of header
        self.expect(with_total_length(good, 19), "drop_outer_invalid")
        self.expect(with_total_length(good, len(good) - 13), "drop_outer_truncated")
        self.expect(good[:-1], "drop_outer_truncated")
        self.expect(broken(good, 22, 3), "drop_outer_checksum")
        good = bytes(ipip(6, inner(4)))
        self.expect(broken(good, 14, 0x50), "drop_outer_invalid")
        self.expect(good[:-1], "drop_outer_truncated")

    def test_outer_ipv4_options(self):
        from scapy.layers.inet import IPOption_NOP, IPOption_RR

        recorded = IPOption_RR(length=39, pointer=40, routers=[f"10.1.1.{hop}" for hop in range(1, 10)])
        for options in ([IPOption_NOP()] * 4, [recorded]):
            frame = ipip(4, inner(4), options=options)
            self.expect_inner(frame, inner(4), "decapsulated_ipip")
            self.expect(broken(frame, 34, 2), "drop_outer_checksum")

    def test_tunnel_headers_that_are_wrong(self):
        packet = inner(4)
        for payload in (
            gue0(packet, control=1),
            gue0(packet, flags=1),
            gue0(packet, flags=0x8000),
            gue0(packet, protocol=6),
            gue0(packet, words=31)[:100],
            b"\x80" + bytes(60),
            b"\x50" + bytes(60),
            b"\x00\x04\x00",
            b"",
        ):
            for version in (4, 6):
                self.expect(udp(version, payload), "drop_tunnel_header")
        longer = ETHER / outer(4, 17) / UDP(dport=GUE_PORT, len=400) / Raw(bytes(packet))
        shorter = ETHER / outer(4, 17) / UDP(dport=GUE_PORT, len=7) / Raw(bytes(packet))
        self.expect(longer, "drop_tunnel_header")
        self.expect(shorter, "drop_tunnel_header")
        self.expect(gre(4, packet, chksum_present=1), "drop_tunnel_header")
        self.expect(gre(4, packet, seqnum_present=1), "drop_tunnel_header")
        self.expect(ETHER / outer(4, 47) / Raw(b"\0\0\x08"), "drop_tunnel_header")
        self.expect(ETHER / outer(4, 47) / Raw(b"\x20\0\x08\0\xca\xfe"), "drop_tunnel_header")

    def test_inner_packets_that_are_wrong(self):
        for around in (4, 6):
            for packet in (inner(4), inner(6)):
                protocol = number_of(packet.version)
                raw = bytes(packet)
                for kept in (0, 1, 19 if protocol == 4 else 39, len(raw) - 1):
                    frame = ETHER / outer(around, protocol) / Raw(raw[:kept])
                    # Padding must not pass for what the tunnel carried.
                    self.expect(bytes(frame) + bytes(len(raw) - kept), "drop_inner_truncated")
                wrong = ETHER / outer(around, 45 - protocol) / Raw(raw)
                self.expect(wrong, "drop_inner_invalid")
            self.expect(ETHER / outer(around, 4) / Raw(b"\x44" + bytes(inner(4))[1:]), "drop_inner_invalid")
            short = bytes(inner(4))[:2] + b"\0\x13" + bytes(216)
            self.expect(ETHER / outer(around, 4) / Raw(short), "drop_inner_invalid")
        chain = IPv6(src="2001:db8:c::2", dst="2001:db8::10")
        for _ in range(8):
            chain = chain / IPv6ExtHdrDestOpt()
        self.expect_inner(ipip(4, chain / UDP()), chain / UDP(), "decapsulated_ipip")
        self.expect(ipip(4, chain / IPv6ExtHdrDestOpt() / UDP()), "drop_inner_invalid")

    def test_gue_carries_no_more_than_its_udp_length(self):
        packet = bytes(inner(4))
        frame = ETHER / outer(4, 17) / UDP(dport=GUE_PORT, len=8 + len(packet) - 1) / Raw(packet)
        self.expect(frame, "drop_inner_truncated")

    def test_double_encapsulation(self):
        for around, middle in FAMILIES:
            for protocol in (4, 41, 47):
                if middle == 4:
                    packet = IP(src="1.2.3.4", dst="192.0.2.10", proto=protocol) / Raw(bytes(inner(4)))
                else:
                    packet = IPv6(src="2001:db8::2", dst="2001:db8::10", nh=protocol) / Raw(bytes(inner(4)))
                self.expect(ipip(around, packet), "drop_double_tunnel")
            inside = inner(middle, layer=UDP(dport=GUE_PORT) / Raw(bytes(inner(4))))
            self.expect(ipip(around, inside), "drop_double_tunnel")
            self.expect(udp(around, gue0(inside)), "drop_double_tunnel")
            self.expect_inner(ipip(around, inside), inside, "decapsulated_ipip", using=self.plain)
        hidden = IPv6(src="2001:db8::2", dst="2001:db8::10") / IPv6ExtHdrDestOpt(nh=41) / Raw(bytes(inner(6)))
        self.expect(ipip(4, hidden), "drop_double_tunnel")

    def test_inner_fragments_go_through(self):
        for packet in (
            IP(src="198.51.100.2", dst="192.0.2.10", proto=17, flags="MF") / Raw(bytes(64)),
            # What looks like GUE's port in the middle of a datagram is not a port.
            IP(src="198.51.100.2", dst="192.0.2.10", proto=17, frag=8) / Raw(GUE_PORT.to_bytes(2, "big") * 20),
            IPv6(src="2001:db8:c::2", dst="2001:db8::10") / IPv6ExtHdrFragment(nh=17, offset=8) / Raw(b"\x17\xc0" * 20),
            # Nor is what looks like a header there.
            IPv6(src="2001:db8:c::2", dst="2001:db8::10") / IPv6ExtHdrFragment(nh=60, offset=8) / Raw(b"\x29\0" * 20),
        ):
            self.expect_inner(ipip(4, packet), packet, "decapsulated_ipip")

    def test_congestion_marks_by_rfc_6040(self):
        not_ect, ect1, ect0, ce = range(4)
        for around, inside in FAMILIES:
            for inner_ecn in range(4):
                for outer_ecn in range(4):
                    frame = ipip(around, inner(inside, ecn=inner_ecn), ecn=outer_ecn)
                    wanted = inner_ecn
                    if outer_ecn == ce:
                        wanted = ce
                    elif outer_ecn == ect1 and inner_ecn == ect0:
                        wanted = ect1
                    if outer_ecn == ce and inner_ecn == not_ect:
                        self.expect(frame, "drop_ecn")
                    else:
                        self.expect_inner(frame, inner(inside, ecn=wanted), "decapsulated_ipip")

    def test_a_wrong_inner_checksum_stays_wrong(self):
        packet = inner(4, ecn=1)
        packet.chksum = 0x1234
        _, left, counted = self.full.run("xdp", bytes(ipip(4, packet, ecn=3)))
        self.assertEqual(counted, "decapsulated_ipip")
        self.assertNotEqual(left[24:26], bytes(inner(4, ecn=3))[10:12])

    def test_prefixes_are_held_to_the_bit(self):
        narrow = program.Program(OBJECT, allow=("10.0.0.1/32", "fd00::/127"))
        self.addCleanup(narrow.close)
        for source, outcome in (("10.0.0.1", "decapsulated_ipip"), ("10.0.0.0", "kernel_source")):
            _, _, counted = narrow.run("xdp", bytes(ipip(4, inner(4), source=source)))
            self.assertEqual(counted, outcome)
        for source, outcome in (("fd00::1", "decapsulated_ipip"), ("fd00::2", "kernel_source")):
            _, _, counted = narrow.run("tc", bytes(ipip(6, inner(4), source=source)))
            self.assertEqual(counted, outcome)


if __name__ == "__main__":
    if os.geteuid() != 0:
        program.skip("loading BPF programs needs root")
    unittest.main(warnings="ignore")
