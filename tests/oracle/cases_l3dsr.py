# SPDX-License-Identifier: Apache-2.0
"""Cases about l3dsr: the destination and the DSCP are rewritten, nothing else, and every checksum stays right."""
from scapy.compat import raw
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption_Router_Alert, fragment
from scapy.layers.inet6 import ICMPv6PacketTooBig, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, PadN, fragment6
from scapy.packet import Raw

import exits
from case_clients import send_all, stay
from case_maker import VIP4, VIP6, case, link, pool, service, tagged, tcp4, tcp6, udp4, udp6


def l3dsr(c, family=4, count=3, dscp=9, protocol="tcp", port=80, **more):
    vip = VIP4 if family == 4 else VIP6
    c.configure(pool(family=family, count=count, forward_by="l3dsr"),
                service(addresses=(vip,), port=port, protocol=protocol, dscp=dscp, **more))


@case("l3dsr-tcp-ipv4", "TCP to the backend's own address with the service's DSCP; IP and TCP checksums follow.")
def _(c):
    l3dsr(c)
    opened = send_all(c)
    stay(c, opened, send_all(c, flags="PA", payload=b"odd", options=[IPOption_Router_Alert()]))
    c.uses("abc")


@case("l3dsr-tcp-ipv6", "The same in IPv6, where only the TCP checksum knows of the address; extension headers stay.")
def _(c):
    l3dsr(c, 6)
    opened = send_all(c, tcp6)
    stay(c, opened, send_all(c, tcp6, flags="PA", payload=b"odd",
                             extensions=IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(4))])))
    c.uses("abc")


@case("l3dsr-udp", "UDP of both families: its checksum is updated, also where the datagram is shorter than the packet.")
def _(c):
    c.configure(pool("four", 3, 4, "l3dsr"), pool("six", 3, 6, "l3dsr"),
                service("a", port=53, protocol="udp", pool_name="four", dscp=1),
                service("b", (VIP6,), 53, "udp", pool_name="six", dscp=63))
    send_all(c, udp4, clients=range(1, 13))
    send_all(c, udp6, clients=range(1, 13))


@case(
    "l3dsr-udp-zero-checksum",
    "A UDP checksum of 0 means none and stays 0; one that becomes 0 is sent as 65535. In both families.",
)
def _(c):
    c.configure(pool("four", 1, 4, "l3dsr"), pool("six", 1, 6, "l3dsr"),
                service("a", port=53, protocol="udp", pool_name="four", dscp=5),
                service("b", (VIP6,), 53, "udp", pool_name="six", dscp=6))
    none = [c.send(link(ip / UDP(sport=5, dport=53, chksum=0) / Raw(b"none")))
            for ip in (IP(src="198.51.100.1", dst=VIP4), IPv6(src="2001:db8:c::1", dst=VIP6))]
    zeros = []
    for make, ip, backend in ((udp4, IP, "203.0.113.11"), (udp6, IPv6, "2001:db8:b::b")):
        # Two bytes of payload that make the sum come out as zero once the address is the backend's.
        probe = make(payload=b"\0\0")[ip].copy()
        probe.dst = backend
        value = UDP(raw(probe)[-10:]).chksum
        zeros.append(c.send(make(payload=value.to_bytes(2, "big"))))
    checksum = lambda frame: UDP(frame[54:62] if frame[12:14] == b"\x86\xdd" else frame[34:42]).chksum
    c.left("none stays none", lambda frames: [checksum(frames[i]) for i in none] == [0, 0])
    c.left("zero is written as all ones", lambda frames: [checksum(frames[i]) for i in zeros] == [0xFFFF] * 2)


@case("l3dsr-dscp-and-ecn", "Whatever DSCP comes, the service's leaves; the two bits of ECN stay as they are.")
def _(c):
    c.configure(pool("four", 1, 4, "l3dsr"), pool("six", 1, 6, "l3dsr"), service("a", pool_name="four", dscp=46),
                service("b", (VIP6,), pool_name="six", dscp=1))
    values = (0, 1, 2, 3, 0x28, 0xB8, 0xBA, 0xFF)
    four = [c.send(tcp4(tos=value)) for value in values]
    six = [c.send(tcp6(tc=value, fl=0xABCDE)) for value in values]
    c.left("IPv4", lambda frames: [frames[i][15] for i in four] == [46 * 4 + value % 4 for value in values])
    c.left("IPv6", lambda frames: [int.from_bytes(frames[i][14:18], "big") for i in six] == [
        6 << 28 | (4 + value % 4) << 20 | 0xABCDE for value in values])


@case("l3dsr-wrong-checksums-stay-wrong", "Checksums are updated, not computed: what arrived damaged is seen as such.")
def _(c):
    c.configure(pool(forward_by="l3dsr"), service(dscp=7), service("dns", port=53, protocol="udp", dscp=8))
    for value in (0x1111, 0xFFFF, 0x0001):
        c.send(link(IP(src="198.51.100.1", dst=VIP4) / TCP(sport=5, dport=80, chksum=value)))
        c.send(link(IP(src="198.51.100.1", dst=VIP4) / UDP(sport=5, dport=53, chksum=value) / Raw(b"wrong")))


@case("l3dsr-padding-kept", "The frame keeps what stands behind the IP packet, and its size.")
def _(c):
    l3dsr(c)
    for client in range(1, 5):
        c.send(raw(tcp4(client)) + b"padding"[:client])


@case("l3dsr-mtu", "Nothing is put in front, so 1500 bytes fit; one more does not.")
def _(c):
    l3dsr(c)
    c.send(tcp4(payload=bytes(1460)))
    c.send(tcp4(payload=bytes(1461)), exits.DROP_TOO_BIG)
    c.send(tcp4(payload=bytes(1461), flags="A", client=2), exits.DROP_TOO_BIG)


@case(
    "l3dsr-icmp-error",
    "An error about a flow goes to the flow's backend: in IPv6 the ICMP checksum covers the address and follows it, in "
    "IPv4 it does not.",
)
def _(c):
    c.configure(pool("four", 3, 4, "l3dsr"), pool("six", 3, 6, "l3dsr"), service("a", pool_name="four", dscp=5),
                service("b", (VIP6,), pool_name="six", dscp=6))
    for client in range(1, 7):
        flow = c.send(tcp4(client))
        quoted = IP(src=VIP4, dst=f"198.51.100.{client}") / TCP(sport=80, dport=1024, flags="A")
        error = IP(src="203.0.113.200", dst=VIP4) / ICMP(type=3, code=4, nexthopmtu=1400) / Raw(raw(quoted)[:28])
        c.same(flow, c.send(link(error)))
        flow = c.send(tcp6(client))
        quoted = IPv6(src=VIP6, dst=f"2001:db8:c::{client:x}") / TCP(sport=80, dport=1024, flags="A")
        error = IPv6(src="2001:db8:f::1", dst=VIP6) / ICMPv6PacketTooBig(mtu=1400) / Raw(raw(quoted))
        c.same(flow, c.send(link(error)))


@case(
    "l3dsr-fragments",
    "Only the first fragment has a transport header: put together again at the backend, the checksum is right.",
)
def _(c):
    c.configure(pool("four", 3, 4, "l3dsr"), pool("six", 3, 6, "l3dsr"),
                service("a", port=53, protocol="udp", pool_name="four", dscp=5),
                service("b", (VIP6,), 53, "udp", pool_name="six", dscp=6))
    whole4, whole6 = [], []
    for client in range(1, 5):
        data = bytes(range(100)) * 20
        packet = IP(src=f"198.51.100.{client}", dst=VIP4, id=client) / UDP(sport=1024, dport=53) / Raw(data)
        whole4.append([c.send(link(part)) for part in fragment(packet, 800)])
        c.same(*whole4[-1])
        packet = (IPv6(src=f"2001:db8:c::{client:x}", dst=VIP6) / IPv6ExtHdrFragment(id=client)
                  / UDP(sport=1024, dport=53) / Raw(data))
        whole6.append([c.send(link(part)) for part in fragment6(packet, 900)])
        c.same(*whole6[-1])

    def right(frames, numbers, header_bytes):
        parts = [frames[i][14:] for i in numbers]
        header = (IP if header_bytes == 20 else IPv6)(parts[0][:header_bytes])
        segment = b"".join(part[20:] if header_bytes == 20 else part[48:] for part in parts)
        rebuilt = (IP(src=header.src, dst=header.dst) if header_bytes == 20 else IPv6(src=header.src, dst=header.dst))
        rebuilt = UDP(raw(rebuilt / UDP(sport=1024, dport=53) / Raw(segment[8:]))[-len(segment):][:8])
        return rebuilt.chksum == UDP(segment[:8]).chksum and header.dst not in (VIP4, VIP6)

    c.left("IPv4", lambda frames: all(right(frames, numbers, 20) for numbers in whole4))
    c.left("IPv6", lambda frames: all(right(frames, numbers, 40) for numbers in whole6))


@case("l3dsr-vlan", "With tags in and out, and services that the backends tell apart by DSCP alone.")
def _(c):
    on = {"a": 'mac = "0a:0b:0c:0d:0e:0f", vlan = 12', "b": 'mac = "0a:0b:0c:0d:0e:0e", vlan = 13'}
    c.configure(pool("four", 3, 4, "l3dsr", **on), service("one", pool_name="four", dscp=10),
                service("two", ("192.0.2.11",), pool_name="four", dscp=11))
    for client in range(1, 9):
        for dst in (VIP4, "192.0.2.11"):
            opened = c.send(tagged(tcp4(client, dst=dst), 100, 5, 1))
            untagged = c.send(tcp4(client, dst=dst, flags="A"))
            c.same(opened, untagged, c.send(tagged(tcp4(client, dst=dst, flags="F"), 0)))
