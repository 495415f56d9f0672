# SPDX-License-Identifier: Apache-2.0
"""A seeded mixed capture: conversations to services of every kind, options, extension headers, VLAN tags, fragments in
any order, ICMP errors and echo, ARP, strangers, truncated frames, wrong checksums and mutated bytes.
"""
import heapq
import ipaddress
import random
import struct

import frames
from frames import ACK, FIN, PSH, RST, SYN
from prefixes import filled

START_NS = 1_700_000_000 * 10**9
SECONDS = 120
OPTION_SETS = (b"\x02\x04\x05\xb4", b"\x02\x04\x05\xb4\x01\x03\x03\x07", b"\x01\x02\x04\x23\x28\x01\x01\x01",
               b"\x01\x01\x08\x0a" + bytes(8), b"\x03\x03\x0e\x02\x04\xff\xff\x00", b"\x08\x09\x01\x01\x02\x04\x23\x28",
               b"\x02\x03\x01\x02\x04\x10\x00\x00", b"\x00\x00\x00\x00\x02\x04\x23\x28")
ERRORS4 = ((3, 0), (3, 3), (3, 4), (11, 0), (12, 0), (5, 0), (4, 0))
ERRORS6 = ((1, 0), (1, 4), (2, 0), (3, 0), (4, 1), (5, 0), (127, 0))


class Target:
    """What flows are for: addresses (or prefixes), ports (first, last; (0, 0) for any), a protocol."""

    def __init__(self, addresses, ports, protocol):
        networks = [ipaddress.ip_network(address) for address in addresses]
        self.networks = [(network.network_address.packed, network.prefixlen) for network in networks]
        self.ports, self.protocol = ports, protocol


class Flow:
    """One conversation: addresses, ports, protocol, and a TCP flow's age."""

    __slots__ = ("source", "destination", "ports", "protocol", "seen")

    def __init__(self, chance, targets):
        target = chance.choice(targets)
        self.protocol, self.seen = target.protocol, 0
        prefix, bits = chance.choice(target.networks)
        self.destination = filled(prefix, bits, chance.getrandbits(128))
        # Half of the sources are of a few networks, so that access lists and limits have something to count.
        crowd = chance.random() < 0.5
        if len(self.destination) == 4:
            last = bytes((chance.randrange(4), chance.randrange(64))) if crowd else chance.randbytes(2)
            self.source = b"\xc6\x33" + last
        else:
            last = bytes((0, chance.randrange(4))) + bytes(7) + bytes((chance.randrange(64),))
            self.source = b"\x20\x01\x0d\xb8\x00\x0c" + (last if crowd else chance.randbytes(10))
        first, last = target.ports
        port = chance.randint(first, last) if last else chance.randrange(65536)
        self.ports = struct.pack(">HH", chance.randrange(1024, 65536), port)


class Traffic:
    def __init__(self, seed, packets, targets, kinds, bursts=False, shared_addresses=("192.0.2.10", "2001:db8::10")):
        """`kinds`: the share of each kind of packet, by the name of its method. `bursts`: packets come in bursts with
        seconds between them, instead of evenly over two minutes."""
        self.random = random.Random(seed)
        self.packets, self.targets, self.bursts = packets, targets, bursts
        self.strangers = [Target(["192.0.2.99", "2001:db8::99"], (80, 80), 6), Target(shared_addresses, (81, 81), 6),
                          Target(shared_addresses, (80, 80), 17), Target(["192.0.2.12"], (53, 53), 6)]
        self.flows = [Flow(self.random, self.targets) for _ in range(max(100, packets // 20))]
        limit, self.kinds = 0, []
        for name, share in kinds.items():
            limit += share
            self.kinds.append((limit, getattr(self, name)))
        self.due = []  # a heap of (number of the packet that it comes before, tie-breaker, frame)
        self.number = 0

    # --- packets of flows ---------------------------------------------------------------------------------------------

    def transport(self, flow, payload):
        if flow.protocol == 17:
            value = self.random.choice((0, 0, 0x1234, 0xFFFF, self.random.getrandbits(16)))
            return frames.udp(flow.ports, payload, value)
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
        options = self.random.choice(OPTION_SETS) if flags & SYN and r < 0.5 else b""
        return frames.tcp(flow.ports, flags, payload, options)

    def packet(self, flow, payload=None, **more):
        """A well-formed packet of a flow; sometimes with options or extension headers, with padding, with a tag."""
        draw = self.random.random()
        if payload is None:
            payload = bytes(int(draw * 1000) % 24)
        data = self.transport(flow, payload)
        tos = int(draw * 65536) & 0xFF if draw < 0.2 else 0
        if len(flow.destination) == 4:
            options = b"\x01" * (4 * self.random.randrange(1, 11)) if 0.3 < draw < 0.35 else b""
            frame = frames.ipv4(flow.source, flow.destination, flow.protocol, data, tos, options, **more)
        else:
            protocol = flow.protocol
            if 0.3 < draw < 0.4:
                protocol, data = self.extended(protocol, data, self.random.randrange(1, 11))
            frame = frames.ipv6(flow.source, flow.destination, protocol, data, tos, int(draw * 2**20))
        if 0.5 < draw < 0.55:
            frame += bytes(6)
        return frames.tagged(frame, self.random.getrandbits(16)) if 0.6 < draw < 0.7 else frame

    def extended(self, protocol, data, count):
        """Extension headers in front of `data`: (first next header, payload)."""
        for _ in range(count):
            kind = self.random.choice((0, 43, 44, 60, 60))
            if kind == 44:
                header = bytes((protocol, 0, 0, self.random.choice((0, 0, 2, 6)))) + b"\x00\x00\x00\x09"
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

    def large(self):
        size = self.random.choice((1400, 1412, 1420, 1428, 1432, 1440, 1452, 1460, 1472)) + self.random.randrange(-2, 3)
        flow = self.random.choice(self.flows)
        if len(flow.source) == 4:
            return self.packet(flow, bytes(size), fragment=self.random.choice((0, frames.DONT_FRAGMENT)))
        return self.packet(flow, bytes(size))

    # --- fragments ----------------------------------------------------------------------------------------------------

    def later(self, frame, packets):
        heapq.heappush(self.due, (self.number + packets, self.random.random(), frame))

    def datagram(self):
        """The fragments of a packet of a flow: in order, or not, or not all of them, and others in between."""
        chance = self.random
        new = Flow(chance, chance.choice((self.targets,) * 5 + (self.strangers,)))
        flow = chance.choice((new, chance.choice(self.flows)))
        data = self.transport(flow, chance.randbytes(chance.choice((64, 200, 1000, 3000))))
        edges = {chance.randrange(1, len(data) // 8 + 1) * 8 for _ in range(chance.randrange(1, 5))} - {len(data)}
        edges = sorted(edges)
        parts = frames.fragments(flow.source, flow.destination, flow.protocol, data, edges, chance.getrandbits(32),
                                 chance.choice((0, 0, 0, 8, 64)))
        order = chance.random()
        if order < 0.4:
            chance.shuffle(parts)
        elif order < 0.5:
            parts.append(parts.pop(0))
        elif order < 0.55:
            parts.pop(0)
        elif order < 0.6:
            parts.insert(1, parts[0])
        if chance.random() < 0.1:
            parts = [frames.tagged(part, chance.getrandbits(16)) for part in parts]
        for place, part in enumerate(parts[1:], 1):
            self.later(part, place * chance.choice((0, 1, 1, 5)))
        return parts[0] if parts else self.conversation()

    def orphans(self):
        """More later fragments of one source than may wait."""
        flow = Flow(self.random, self.targets)
        for number in range(20):
            parts = frames.fragments(flow.source, flow.destination, flow.protocol, bytes(64), [32], number)
            self.later(parts[1], number // 4)
        return parts[1]

    def fragment(self):
        """A fragment alone, of anything."""
        flow = Flow(self.random, self.random.choice((self.targets, self.strangers)))
        offset, more = self.random.randrange(0, 3) * 64, self.random.randrange(2)
        data = self.transport(flow, bytes(16))
        if len(flow.destination) == 4:
            return frames.ipv4(flow.source, flow.destination, flow.protocol, data, fragment=more << 13 | offset)
        header = bytes((flow.protocol, 0)) + struct.pack(">HI", offset << 3 | more, 77)
        return frames.ipv6(flow.source, flow.destination, 44, header + data)

    # --- ICMP ---------------------------------------------------------------------------------------------------------

    def reply(self, flow):
        """The IP packet that a backend would send back, as an error quotes it."""
        chance = self.random
        ports = flow.ports[2:] + flow.ports[:2]
        data = frames.udp(ports, bytes(40)) if flow.protocol == 17 else frames.tcp(ports, ACK, bytes(20))
        if len(flow.source) == 4:
            options = b"\x01" * 4 * chance.choice((0, 0, 0, 1, 10))
            fragment = chance.choice((0, 0, frames.DONT_FRAGMENT, frames.MORE_FRAGMENTS, 5))
            return frames.ipv4(flow.destination, flow.source, flow.protocol, data, 0, options, fragment)[14:]
        protocol = flow.protocol
        if chance.random() < 0.3:
            protocol, data = self.extended(protocol, data, chance.randrange(1, 10))
        elif chance.random() < 0.1:
            data = bytes((protocol, 0)) + struct.pack(">HI", chance.choice((1, 8, 9)), 5) + data
            protocol = 44
        return frames.ipv6(flow.destination, flow.source, protocol, data)[14:]

    def error(self):
        chance = self.random
        flow = chance.choice(self.flows)
        if chance.random() < 0.1:
            flow = Flow(chance, chance.choice((self.targets, self.strangers)))
        quoted = bytearray(self.reply(flow))
        draw = chance.random()
        if draw < 0.1:
            del quoted[chance.randrange(len(quoted) + 1) :]
        elif draw < 0.2:
            quoted[chance.randrange(len(quoted))] = chance.randrange(256)
        elif draw < 0.5:
            del quoted[(20 if len(flow.source) == 4 else 40) + chance.choice((3, 4, 8)) :]
        kind, code = chance.choice(ERRORS4 if len(flow.source) == 4 else ERRORS6)
        router = flow.source[:-1] + b"\xfe"
        destination = Flow(chance, self.targets).destination if chance.random() < 0.05 else flow.destination
        if len(destination) != len(router):
            destination = flow.destination
        if draw > 0.97:
            quoted += bytes(1460)
        frame = frames.icmp(router, destination, kind, code, struct.pack(">I", 1400) + bytes(quoted))
        return frames.tagged(frame, chance.getrandbits(16)) if chance.random() < 0.1 else frame

    def echo(self):
        chance = self.random
        flow = Flow(chance, chance.choice((self.targets, self.targets, self.strangers)))
        kind = (8 if len(flow.source) == 4 else 128) + (chance.random() < 0.1)
        data = bytes(chance.choice((0, 4, 56)))
        frame = frames.icmp(flow.source, flow.destination, kind, chance.random() < 0.05, data)
        draw = chance.random()
        if draw < 0.1:
            return frames.tagged(frame, chance.getrandbits(16))
        if draw < 0.2:
            return frame + bytes(5)
        if draw < 0.3:  # to or from a group of the link
            frame = bytearray(frame)
            frame[chance.choice((0, 6))] |= 1
        return bytes(frame)

    # --- everything else ----------------------------------------------------------------------------------------------

    def other_protocol(self):
        flow = Flow(self.random, self.targets)
        protocol = self.random.choice((1, 2, 4, 41, 47, 50, 58, 59, 89, 132))
        return frames.ip(flow.source, flow.destination, protocol, b"\x08\x00" + bytes(22))

    def not_ip(self):
        if self.random.random() < 0.5:
            return frames.tagged(frames.tagged(self.conversation(), 5), self.random.getrandbits(16))
        types = (b"\x08\x06", b"\x81\x00", b"\x88\xcc", b"\x88\xa8", b"\x00\x26")
        return frames.LINK + self.random.choice(types) + bytes(46)

    def cut(self):
        frame = self.conversation()
        return frame[: self.random.randrange(1, len(frame))]

    def wrong_checksum(self):
        frame = bytearray(self.conversation())
        frame[24 + self.random.randrange(2)] ^= 1 << self.random.randrange(8)
        return bytes(frame)

    def mutated(self):
        """One to three bytes set to anything, mostly in the headers; half of the time with the checksum put right."""
        chance = self.random
        kinds = (self.conversation, self.fragment, self.other_protocol, self.error, self.error, self.echo)
        frame = bytearray(chance.choice(kinds)())
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(min(len(frame), 14 + 100))
            frame[at] = chance.choice((0, 1, 4, 5, 6, 17, 43, 44, 60, 255, chance.randrange(256)))
        at = 18 if frame[12:14] == b"\x81\x00" else 14
        end = at + (frame[at] & 15) * 4
        if frame[at - 2 : at] == b"\x08\x00" and at + 20 <= end <= len(frame) and chance.random() < 0.5:
            frame[at + 10 : at + 12] = b"\x00\x00"
            frame[at + 10 : at + 12] = (65535 - int.from_bytes(frame[at:end], "big") % 65535).to_bytes(2, "big")
        return bytes(frame)

    def draw(self):
        if self.due and self.due[0][0] <= self.number:
            return heapq.heappop(self.due)[2]
        share = self.random.random() * self.kinds[-1][0]
        return next(make for limit, make in self.kinds if share < limit)()

    def frames(self):
        """Yields (time in nanoseconds, frame)."""
        step_ns, now_ns = SECONDS * 10**9 // self.packets, 0
        for self.number in range(self.packets):
            yield START_NS + now_ns // 1000 * 1000, self.draw()
            if self.bursts:
                now_ns += self.random.randrange(5 * 10**9) if self.random.random() < 0.02 else 10**6
            else:
                now_ns += step_ns
