# SPDX-License-Identifier: Apache-2.0
"""The frames that leave, built a second time, by Scapy: case_maker.py demands that the model's are the same.

Nothing of forward.py, rewrite.py or answers.py is used: headers are Scapy's, checksums are computed anew. Only where
Scapy cannot compute one (the rest of a fragmented packet is elsewhere, or the sender's was wrong on purpose) the
model's is taken, and held to the arithmetic of ones' complement: both sides are equal modulo 2^16 - 1."""
import ipaddress

from scapy.compat import raw
from scapy.layers.inet import ICMP, IP, TCP, UDP, in4_chksum
from scapy.layers.inet6 import ICMPv6DestUnreach, ICMPv6PacketTooBig, IPv6, in6_chksum
from scapy.layers.l2 import GRE, Dot1Q, Ether
from scapy.packet import Raw

import exits
import forward

CHECKSUM_AT = {6: 16, 17: 6, 58: 2, 1: 2}
SHIM_BYTES = {"ipip": 0, "gre": 4, "gue": 12}
EXTENSIONS = (0, 43, 44, 60)


def text_mac(mac):
    return ":".join(f"{byte:02x}" for byte in mac)


def text(address):
    return str(ipaddress.ip_address(address))


class Received:
    """A frame taken apart by Scapy, only as far as its headers."""

    def __init__(self, frame):
        self.link = Ether(frame[:14])
        self.tag = Dot1Q(frame[14:18]) if self.link.type == 0x8100 else None
        rest = frame[18:] if self.tag else frame[14:]
        self.is_ipv4 = rest[0] >> 4 == 4
        self.header = IP(rest[: (rest[0] & 15) * 4]) if self.is_ipv4 else IPv6(rest[:40])
        total = self.header.len if self.is_ipv4 else 40 + self.header.plen
        self.ip, self.padding = rest[:total], rest[total:]
        self.at, self.protocol = self.transport()

    def transport(self):
        """Where the transport header stands, and which; in a later fragment none does."""
        if self.is_ipv4:
            return self.header.ihl * 4, None if self.header.frag else self.header.proto
        at, protocol = 40, self.header.nh
        while protocol in EXTENSIONS:
            if protocol == 44 and int.from_bytes(self.ip[at + 2 : at + 4], "big") >> 3:
                return at + 8, None
            protocol, at = self.ip[at], at + (8 if protocol == 44 else 8 * (self.ip[at + 1] + 1))
        return at, protocol

    @property
    def traffic_class(self):
        return self.header.tos if self.is_ipv4 else self.header.tc


def checksum_of(header, protocol, payload):
    """What the checksum of a transport segment must be, the one in it put to zero."""
    at = CHECKSUM_AT[protocol]
    payload = payload[:at] + b"\0\0" + payload[at + 2 :]
    if isinstance(header, IP):
        plain = IP(src=header.src, dst=header.dst, proto=protocol)
        return in4_chksum(protocol, plain, payload)
    return in6_chksum(protocol, IPv6(src=header.src, dst=header.dst), payload)


def refreshed(payload, protocol, old_header, new_header, old_payload, models):
    """The segment with its checksum for the new header; `models` is what the model made of it."""
    at = CHECKSUM_AT[protocol]
    old = int.from_bytes(old_payload[at : at + 2], "big")
    if checksum_of(old_header, protocol, old_payload) == old:
        value = checksum_of(new_header, protocol, payload)
        if protocol == 17 and value == 0:
            value = 0xFFFF
    else:
        value = int.from_bytes(models[at : at + 2], "big")
        change = sum16(address_bytes(old_header) + old_payload) - sum16(address_bytes(new_header) + payload)
        assert (value - old - change) % 65535 == 0, "a checksum was not updated by what changed"
    return payload[:at] + value.to_bytes(2, "big") + payload[at + 2 :]


def address_bytes(header):
    return b"".join(ipaddress.ip_address(a).packed for a in (header.src, header.dst))


def sum16(data):
    return int.from_bytes(data + bytes(len(data) % 2), "big") % 65535


def link_to(received, backend):
    ether = Ether(src=text_mac(backend.source_mac), dst=text_mac(backend.next_hop_mac))
    if backend.vlan is None:
        return ether
    tag = received.tag
    return ether / Dot1Q(vlan=backend.vlan, prio=tag.prio if tag else 0, id=tag.id if tag else 0)


def ether_typed(link, is_ipv4, rest):
    link = link.copy()
    link.lastlayer().type = 0x0800 if is_ipv4 else 0x86DD
    return raw(link / Raw(rest))


def sent(frame, decision, backend):
    """The frame that `backend` must receive."""
    received, link = Received(frame), link_to(Received(frame), backend)
    if backend.forward == forward.L2:
        return ether_typed(link, received.is_ipv4, received.ip + received.padding)
    if backend.forward == forward.L3DSR:
        return ether_typed(link, received.is_ipv4, to_backend(received, backend, decision) + received.padding)
    inner = clamped(received, backend, decision)
    protocol = 4 if received.is_ipv4 else 41
    if backend.forward == forward.GRE:
        keys = {} if backend.gre_key is None else {"key_present": 1, "key": backend.gre_key}
        protocol, inner = 47, raw(GRE(proto=0x0800 if received.is_ipv4 else 0x86DD, **keys) / Raw(inner))
    elif backend.forward == forward.GUE:
        data = inner if backend.gue_variant == 1 else bytes([0, protocol, 0, 0]) + inner
        udp = UDP(sport=49152 + decision.hash % 16384, dport=backend.gue_port, chksum=0)
        protocol, inner = 17, raw(udp / Raw(data))
        inner = inner[:4] + len(inner).to_bytes(2, "big") + inner[6:]
    bits = 8 * len(backend.address) - backend.outer_source_bits
    entropy = decision.hash >> 32 if len(backend.address) == 4 else decision.hash
    source = int.from_bytes(backend.outer_source, "big") + entropy % 2**bits
    ends = {"src": text(source.to_bytes(len(backend.address), "big")), "dst": text(backend.address)}
    if len(backend.address) == 4:
        outer = IP(id=0, flags="DF", ttl=64, tos=received.traffic_class, proto=protocol, **ends)
    else:
        label = decision.hash % 2**20
        outer = IPv6(tc=received.traffic_class, fl=label, hlim=64, nh=protocol, **ends)
    return ether_typed(link, len(backend.address) == 4, raw(outer / Raw(inner)))


def to_backend(received, backend, decision):
    header = received.header.copy()
    header.dst = text(backend.address)
    dscp = decision.service.dscp
    if received.is_ipv4:
        header.tos = dscp * 4 + header.tos % 4
        del header.chksum
        payload_at = received.header.ihl * 4
    else:
        header.tc = dscp * 4 + header.tc % 4
        payload_at = 40
    new = raw(header) + received.ip[payload_at:]
    segment = received.ip[received.at :]
    keeps = received.protocol in (None, 1) or (received.protocol == 17 and segment[6:8] == b"\0\0")
    if keeps:
        return new
    models = decision.frame[len(decision.frame) - len(received.padding) - len(segment) :]
    return new[: received.at] + refreshed(segment, received.protocol, received.header, header, segment, models)


def room_of(received, backend):
    """The largest IP packet that fits behind the outer header."""
    if backend.forward in (forward.L2, forward.L3DSR):
        return backend.mtu_bytes
    shim = SHIM_BYTES[backend.forward]
    if backend.forward == forward.GRE and backend.gre_key is not None:
        shim += 4
    if backend.forward == forward.GUE and backend.gue_variant == 1:
        shim -= 4
    return backend.mtu_bytes - (20 if len(backend.address) == 4 else 40) - shim


def clamped(received, backend, decision):
    segment = received.ip[received.at :]
    is_whole = received.protocol == 6 and (not received.is_ipv4 or not received.header.flags.MF)
    if not backend.clamps_mss or not is_whole or not segment[13] & 2:
        return received.ip
    limit = room_of(received, backend) - (20 if received.is_ipv4 else 40) - 20
    announced = [value for name, value in TCP(segment).options if name == "MSS"]
    if not announced or announced[0] <= limit:
        return received.ip
    at = segment.index(b"\x02\x04" + announced[0].to_bytes(2, "big"), 20) + 2
    changed = segment[:at] + limit.to_bytes(2, "big") + segment[at + 2 :]
    models = decision.frame[len(decision.frame) - len(segment) :]
    header = received.header
    return received.ip[: received.at] + refreshed(changed, 6, header, header, segment, models)


def link_back(received):
    ether = Ether(src=received.link.dst, dst=received.link.src)
    if received.tag is None:
        return ether
    tag = received.tag
    return ether / Dot1Q(vlan=tag.vlan, prio=tag.prio, id=tag.id)


def ip_back(received):
    ends = {"src": received.header.dst, "dst": received.header.src}
    return IP(id=0, flags="DF", ttl=64, **ends) if received.is_ipv4 else IPv6(hlim=64, **ends)


def quote(received):
    return Raw(received.ip[:548] if received.is_ipv4 else received.ip[:1232])


def answered(frame, decision, backend):
    """The answer to `frame`; `backend` is the one that it did not fit, if so."""
    received = Received(frame)
    if decision.exit == exits.ANSWERED_ECHO:
        packet = echo_reply(received, decision)
    elif decision.exit == exits.ANSWERED_TOO_BIG:
        mtu = room_of(received, backend)
        error = ICMP(type=3, code=4, nexthopmtu=mtu) if received.is_ipv4 else ICMPv6PacketTooBig(mtu=mtu)
        packet = raw(ip_back(received) / error / quote(received))
    elif received.protocol == 17:
        error = ICMP(type=3, code=3) if received.is_ipv4 else ICMPv6DestUnreach(code=4)
        packet = raw(ip_back(received) / error / quote(received))
    else:
        packet = raw(ip_back(received) / reset(received))
    return ether_typed(link_back(received), received.is_ipv4, packet)


def echo_reply(received, decision):
    header = received.header.copy()
    header.src, header.dst = received.header.dst, received.header.src
    if received.is_ipv4:
        header.ttl = 64
        del header.chksum
    else:
        header.hlim = 64
    old = received.ip[received.at :]
    new = bytes([0 if received.is_ipv4 else 129]) + old[1:]
    models = decision.frame[len(decision.frame) - len(received.padding) - len(old) :]
    if received.is_ipv4:  # no pseudo header: Scapy computes it as that of a message
        zeroed = lambda data: data[:2] + b"\0\0" + data[4:]
        if checksum_of_icmp(zeroed(old)) == old[2:4]:
            new = new[:2] + checksum_of_icmp(zeroed(new)) + new[4:]
        else:
            value, before = (int.from_bytes(data[2:4], "big") for data in (models, old))
            assert (value - before - (sum16(old) - sum16(new))) % 65535 == 0
            new = new[:2] + models[2:4] + new[4:]
    else:
        new = refreshed(new, 58, received.header, header, old, models)
    return raw(header) + new + received.padding


def checksum_of_icmp(message):
    built = ICMP(message)
    del built.chksum
    return raw(built)[2:4]


def reset(received):
    segment = TCP(received.ip[received.at :])
    ports = {"sport": segment.dport, "dport": segment.sport}
    if segment.flags.A:
        return TCP(seq=segment.ack, ack=0, flags="R", window=0, **ports)
    payload = len(received.ip) - received.at - segment.dataofs * 4
    length = payload + (1 if segment.flags.S else 0) + (1 if segment.flags.F else 0)
    return TCP(seq=0, ack=(segment.seq + length) % 2**32, flags="RA", window=0, **ports)
