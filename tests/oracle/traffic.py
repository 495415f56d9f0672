# SPDX-License-Identifier: Apache-2.0
"""A seeded mixed capture, as fast as Python can: conversations to services of every kind, options, extension headers,
fragments, ICMP, ARP, strangers, truncated frames, wrong checksums and mutated bytes. Frames are made of struct and
bytes, not of Scapy, which would need half an hour for a million.
"""
import ipaddress
import random
import struct

LINK = bytes.fromhex("020000000002020000000001")
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
SECONDS = 120

CONFIG = """# SPDX-License-Identifier: Apache-2.0
hash_key = "c0ffee00c0ffee11c0ffee22c0ffee33"
tunnel_source = ["192.0.2.253", "2001:db8::fd"]

[[pool]]
name = "l2"
check = "none"
backends = ["203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4", "203.0.113.5", "203.0.113.6", "203.0.113.7"]

[[pool]]
name = "mixed"
check = "none"
forward = "ipip"
backends = [
  { name = "four-1", address = "203.0.113.21" },
  { name = "four-2", address = "203.0.113.22", weight = 3 },
  { name = "six-1", address = "2001:db8:b::1" },
  { name = "six-2", address = "2001:db8:b::2", weight = 2 },
  { name = "direct", address = "203.0.113.23", forward = "l2" },
  { name = "leaving", address = "203.0.113.24", state = "draining" },
  { name = "off", address = "203.0.113.25", state = "disabled" },
]

[[pool]]
name = "small"
check = "none"
backends = ["203.0.113.41", "2001:db8:b::41"]

"""

# name, addresses, port, protocol, pool, more
SERVICES = (
    ("web", ("192.0.2.10", "2001:db8::10"), 80, "tcp", "l2", ""),
    ("tls", ("192.0.2.10", "2001:db8::10"), 443, "tcp", "mixed", 'idle_timeout = "20s"\nclosing_timeout = "5s"\n'),
    ("any", ("192.0.2.11",), 0, "tcp", "mixed", "table_slots = 1009\n"),
    ("exact", ("192.0.2.11",), 8080, "tcp", "l2", "table_slots = 1009\n"),
    ("dns", ("192.0.2.10", "2001:db8::53"), 53, "udp", "mixed", 'idle_timeout = "10s"\n'),
    ("hash", ("192.0.2.12", "2001:db8::12"), 0, "udp", "l2", 'udp = "hash"\n'),
    ("turns", ("192.0.2.13", "2001:db8::13"), 80, "tcp", "l2", 'scheduler = "round-robin"\nidle_timeout = "30s"\n'),
    ("open", ("192.0.2.14", "2001:db8::14"), 80, "tcp", "small", 'when_none = "fail-open"\n'),
    ("shut", ("192.0.2.15", "2001:db8::15"), 80, "tcp", "small", "table_slots = 251\n"),
)

STATES = ("up",) * 20 + ("up share 30000", "up share 65000", "draining", "down", "down")


def configuration():
    text = CONFIG
    for name, addresses, port, protocol, pool, more in SERVICES:
        listed = ", ".join(f'"{address}"' for address in addresses)
        text += f'[[service]]\nname = "{name}"\naddresses = [{listed}]\nport = {port}\nprotocol = "{protocol}"\n'
        text += f'pool = "{pool}"\n{more}\n'
    return text


def events(seed):
    """Health that changes every half second or so; the pool "small" is all down now and then."""
    source = random.Random(seed)
    names = [("l2", f"203.0.113.{i}") for i in range(1, 8)]
    names += [("mixed", name) for name in ("four-1", "four-2", "six-1", "six-2", "direct")]
    lines = []
    for half in range(4, SECONDS * 2):
        pool, name = source.choice(names)
        lines.append(f"{half / 2} set {pool} {name} {source.choice(STATES)}")
        if half % 20 == 0:
            for name in ("203.0.113.41", "2001:db8:b::41"):
                lines.append(f"{half / 2} set small {name} {'down' if half % 40 else 'up'}")
    return "\n".join(lines) + "\n"


def ipv4(source, destination, protocol, payload, tos=0, options=b"", fragment=0x4000, ttl=64):
    header_bytes = 20 + len(options)
    header = struct.pack(">BBHHHBBH4s4s", 0x40 | header_bytes // 4, tos, header_bytes + len(payload), 7, fragment, ttl,
                         protocol, 0, source, destination) + options
    checksum = 65535 - int.from_bytes(header, "big") % 65535
    return b"%b\x08\x00%b%b%b%b" % (LINK, header[:10], checksum.to_bytes(2, "big"), header[12:], payload)


def ipv6(source, destination, protocol, payload, tos=0, label=0):
    return b"%b\x86\xdd%b%b%b%b" % (
        LINK, struct.pack(">IHBB", 6 << 28 | tos << 20 | label, len(payload), protocol, 64), source, destination,
        payload)


class Flow:
    """One conversation: family, addresses, ports, and a TCP flow's age."""

    __slots__ = ("source", "destination", "ports", "protocol", "seen")

    def __init__(self, source, targets):
        addresses, port, self.protocol = source.choice(targets)
        self.destination = source.choice(addresses)
        if len(self.destination) == 4:
            self.source = b"\xc6\x33" + source.randbytes(2)
        else:
            self.source = b"\x20\x01\x0d\xb8\x00\x0c" + source.randbytes(10)
        self.ports = struct.pack(">HH", source.randrange(1024, 65536), port or source.randrange(65536))
        self.seen = 0


class Traffic:
    def __init__(self, seed, packets, services=SERVICES):
        """`services`: (name, addresses, port, protocol, ...) of those that most packets are for."""
        self.random = random.Random(seed)
        self.packets = packets
        packed = lambda texts: [ipaddress.ip_address(text).packed for text in texts]
        self.targets = [(packed(addresses), port, 6 if protocol == "tcp" else 17)
                        for _, addresses, port, protocol, *_ in services]
        self.strangers = [(packed(["192.0.2.99", "2001:db8::99"]), 80, 6), (packed(["192.0.2.10"]), 81, 6),
                          (packed(["192.0.2.10", "2001:db8::10"]), 80, 17), (packed(["192.0.2.12"]), 53, 6)]
        self.flows = [Flow(self.random, self.targets) for _ in range(max(100, packets // 20))]
        # What a packet is: the limits of its share of a random number from 0 to 1.
        self.kinds = ((0.80, self.conversation), (0.85, self.single), (0.88, self.stranger), (0.90, self.fragment),
                      (0.92, self.other_protocol), (0.93, self.not_ip), (0.95, self.cut), (0.96, self.wrong_checksum),
                      (0.99, self.mutated), (1.01, self.large))

    def transport(self, flow, payload):
        if flow.protocol == 17:
            return b"%b%b\x00\x00%b" % (flow.ports, (8 + len(payload)).to_bytes(2, "big"), payload)
        r = self.random.random()
        if flow.seen == 0 and r < 0.9:
            flags = SYN
        elif r < 0.92:
            flags = ACK if r < 0.6 else ACK | PSH
        elif r < 0.96:
            flags = FIN | ACK
        elif r < 0.98:
            flags = RST
        else:
            flags = self.random.choice((SYN, SYN, SYN | ACK, SYN | FIN, 0, 0x3F))
        flow.seen += 1
        rest = b"\xff\xff\x00\x00\x00\x00" + payload
        return b"%b\x00\x00\x00\x01\x00\x00\x00\x02\x50%b%b" % (flow.ports, bytes((flags,)), rest)

    def packet(self, flow, payload=None, **more):
        """A well-formed packet of a flow; sometimes with options or extension headers, and with padding."""
        draw = self.random.random()
        if payload is None:
            payload = bytes(int(draw * 1000) % 24)
        data = self.transport(flow, payload)
        tos = int(draw * 65536) & 0xFF if draw < 0.2 else 0
        if len(flow.destination) == 4:
            options = b"\x01" * (4 * self.random.randrange(1, 11)) if 0.3 < draw < 0.35 else b""
            frame = ipv4(flow.source, flow.destination, flow.protocol, data, tos, options, **more)
        else:
            protocol = flow.protocol
            if 0.3 < draw < 0.4:
                protocol, data = self.extended(protocol, data, self.random.randrange(1, 11))
            frame = ipv6(flow.source, flow.destination, protocol, data, tos, int(draw * 2**20))
        return frame + bytes(6) if 0.5 < draw < 0.55 else frame

    def extended(self, protocol, data, count):
        """Extension headers in front of `data`: (first next header, payload)."""
        for _ in range(count):
            kind = self.random.choice((0, 43, 44, 60, 60))
            if kind == 44:
                header = bytes((protocol, 0, 0, 0)) + b"\x00\x00\x00\x09"
            else:
                words = self.random.choice((0, 0, 1, 2))
                header = bytes((protocol, words)) + bytes(6 + 8 * words)
            protocol, data = kind, header + data
        return protocol, data

    def conversation(self):
        return self.packet(self.random.choice(self.flows))

    def single(self):
        return self.packet(Flow(self.random, self.targets))

    def stranger(self):
        return self.packet(Flow(self.random, self.strangers))

    def fragment(self):
        flow = Flow(self.random, self.random.choice((self.targets, self.strangers)))
        offset, more = self.random.randrange(0, 3) * 64, self.random.randrange(2)
        data = self.transport(flow, bytes(16))
        if len(flow.destination) == 4:
            return ipv4(flow.source, flow.destination, flow.protocol, data, fragment=more << 13 | offset)
        header = bytes((flow.protocol, 0)) + struct.pack(">HI", offset << 3 | more, 77)
        return ipv6(flow.source, flow.destination, 44, header + data)

    def other_protocol(self):
        flow = Flow(self.random, self.targets)
        protocol = self.random.choice((1, 2, 4, 41, 47, 50, 58, 59, 89, 132))
        make = ipv4 if len(flow.destination) == 4 else ipv6
        return make(flow.source, flow.destination, protocol, b"\x08\x00" + bytes(22))

    def not_ip(self):
        return LINK + self.random.choice((b"\x08\x06", b"\x81\x00", b"\x88\xcc", b"\x00\x26")) + bytes(46)

    def cut(self):
        frame = self.conversation()
        return frame[: self.random.randrange(1, len(frame))]

    def wrong_checksum(self):
        frame = bytearray(self.conversation())
        frame[24 + self.random.randrange(2)] ^= 1 << self.random.randrange(8)
        return bytes(frame)

    def mutated(self):
        """One to three bytes set to anything, mostly in the headers; half of the time with the checksum put right."""
        frame = bytearray(self.random.choice((self.conversation, self.fragment, self.other_protocol))())
        for _ in range(self.random.randrange(1, 4)):
            at = self.random.randrange(min(len(frame), 14 + 60))
            frame[at] = self.random.choice((0, 1, 4, 5, 6, 17, 43, 44, 60, 255, self.random.randrange(256)))
        end = 14 + (frame[14] & 15) * 4
        if frame[12:14] == b"\x08\x00" and 34 <= end <= len(frame) and self.random.random() < 0.5:
            frame[24:26] = b"\x00\x00"
            frame[24:26] = (65535 - int.from_bytes(frame[14:end], "big") % 65535).to_bytes(2, "big")
        return bytes(frame)

    def large(self):
        size = self.random.choice((1400, 1420, 1440, 1452, 1460, 1472)) + self.random.randrange(-2, 3)
        return self.packet(self.random.choice(self.flows), bytes(size))

    def frames(self):
        """Yields (time in nanoseconds, frame)."""
        start_ns = 1_700_000_000 * 10**9
        step_ns = SECONDS * 10**9 // self.packets
        draw, kinds = self.random.random, self.kinds
        for number in range(self.packets):
            share = draw()
            for limit, make in kinds:
                if share < limit:
                    yield start_ns + number * step_ns // 1000 * 1000, make()
                    break
