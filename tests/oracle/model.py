# SPDX-License-Identifier: Apache-2.0
"""The whole path of docs/packet-path.md for one worker: a configuration, then frames in, for each its exit, backend
and bytes, and the counters at the end. It is what `guideway replay` must do, written a second time.
"""
import itertools

import choose
import exits
import maglev
import parse
import slot
from configuration import TICKS_PER_SECOND, Configuration
from forward import forward
from siphash import hash_messages

STATES = {"enabled": (65535, slot.STATE_UP), "draining": (0, slot.STATE_DRAINING), "disabled": (0, slot.STATE_DOWN)}
BLOCK_PACKETS = 65536
EVENT_STATES = {"up": slot.STATE_UP, "draining": slot.STATE_DRAINING, "down": slot.STATE_DOWN}


class Decision:
    __slots__ = ("exit", "backend", "frame", "hash")

    def __init__(self, exit_name, backend=None, frame=None, hash_value=None):
        self.exit, self.backend, self.frame, self.hash = exit_name, backend, frame, hash_value


class Event:
    """SECONDS set POOL NAME up|down|draining [share N]: applied before the first packet at or after that time."""

    def __init__(self, line):
        words = line.split()
        if len(words) not in (5, 7) or words[1] != "set" or (len(words) == 7 and words[5] != "share"):
            raise ValueError(f"not an event: {line}")
        self.time_ns = round(float(words[0]) * 10**9)
        self.pool, self.name, self.state = words[2:5]
        share = 65535 if self.state == "up" else 0
        self.share = int(words[6]) if len(words) == 7 else share


def read_events(text):
    lines = (line.strip() for line in text.splitlines())
    return sorted((Event(line) for line in lines if line and not line.startswith("#")), key=lambda e: e.time_ns)


class Model:
    def __init__(self, config_text, events_text=""):
        self.configuration = Configuration(config_text)
        self.events = read_events(events_text)
        self.chooser = choose.Chooser()
        for backend in self.configuration.backends:
            self.chooser.words[backend.index] = slot.health_word(*STATES[backend.state])
        self.services, self.addresses = {}, set()
        self.make_services()
        self.exits = dict.fromkeys(exits.ALL, 0)
        self.received = self.plain = self.asked = 0
        self.now = 0

    def make_services(self):
        tables = {}
        for entry in self.configuration.services:
            which = (entry.pool, entry.table_slots)
            if which not in tables:
                tables[which] = self.make_table(*which)
            for address in entry.addresses:
                service = choose.Service(tables[which], entry.scheduler, entry.policy, entry.follows,
                                         entry.remembers_nothing, entry.idle, entry.opening, entry.closing)
                self.services[address, entry.port, entry.protocol] = service
                self.addresses.add(address)

    def make_table(self, pool, slots):
        members = {b.name: b for b in self.configuration.pool(pool)}
        names, positions = maglev.build({name: b.weight for name, b in members.items()}, slots)
        indexes = [None if p is None else members[names[p]].index for p in positions]
        return [(index, index) for index in indexes]

    def apply(self, event):
        backend = self.configuration.find(event.pool, event.name)
        self.chooser.words[backend.index] = slot.health_word(event.share, EVENT_STATES[event.state])

    def match(self, packet):
        exact = self.services.get((packet.destination, packet.destination_port, packet.protocol))
        return exact or self.services.get((packet.destination, 0, packet.protocol))

    def decide(self, frame, packet, hash_value, now):
        """`packet` is what parse() said of the frame."""
        if isinstance(packet, str):
            return Decision(packet)
        if packet.fragment:
            of_a_service = packet.destination in self.addresses
            return Decision(exits.DROP_FRAGMENT if of_a_service else exits.KERNEL_NO_SERVICE)
        service = self.match(packet)
        if service is None:
            return Decision(exits.KERNEL_NO_SERVICE)
        is_udp = packet.protocol == parse.UDP
        ends = bool(packet.flags & (parse.FIN | parse.RST))
        answer = self.chooser.choose(service, hash_value, packet.opens and not is_udp, is_udp, ends, now)
        self.plain += answer.plain
        self.asked += not answer.plain
        if answer.backend is None:
            return Decision(exits.DROP_NO_BACKEND)
        exit_name, sent = forward(frame, packet, hash_value, self.configuration.backends[answer.backend])
        return Decision(exit_name, answer.backend, sent, hash_value)

    def decisions(self, capture):
        """Yields a decision for each (time in nanoseconds, frame) of a capture, in its order."""
        capture = iter(capture)
        pending = list(reversed(self.events))
        start_ns = None
        # In blocks, so that hashing is done on columns.
        while block := list(itertools.islice(capture, BLOCK_PACKETS)):
            if start_ns is None:
                start_ns = block[0][0]
            parsed = [parse.parse(frame) for _, frame in block]
            hashable = [p for p in parsed if not isinstance(p, str) and not p.fragment]
            hashes = iter(hash_messages(self.configuration.hash_key, [p.message() for p in hashable]))
            for (time_ns, frame), packet in zip(block, parsed):
                since_ns = time_ns - start_ns
                while pending and pending[-1].time_ns <= since_ns:
                    self.apply(pending.pop())
                hash_value = None if isinstance(packet, str) or packet.fragment else next(hashes)
                self.now = since_ns * TICKS_PER_SECOND // 10**9
                decision = self.decide(frame, packet, hash_value, self.now)
                self.received += 1
                self.exits[decision.exit] += 1
                yield decision

    def run(self, capture):
        return list(self.decisions(capture))

    def counters(self):
        """What `guideway replay --counters` writes, line by line."""
        lines = [("received", self.received)]
        lines += [(name, count) for name, count in self.exits.items() if count]
        lines += [("plain", self.plain), ("asked", self.asked), ("flows_remembered", self.chooser.held(self.now))]
        return "".join(f"{name} {value}\n" for name, value in lines)
