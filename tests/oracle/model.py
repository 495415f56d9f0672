# SPDX-License-Identifier: Apache-2.0
"""The whole path of docs/packet-path.md for one worker: a configuration, then frames in, for each its exit, backend
and bytes, and the counters at the end. It is what `guideway replay` must do, written a second time.
"""
import itertools

import answers
import choose
import exits
import forward
import icmp
import maglev
import parse
import slot
from admit import Gate
from configuration import TICKS_PER_SECOND, Configuration
from fragments import First, Fragments, Held
from match import Services
from prefixes import masked
from siphash import fragment_message, hash_messages, siphash13, source_message

STATES = {"enabled": (65535, slot.STATE_UP), "draining": (0, slot.STATE_DRAINING), "disabled": (0, slot.STATE_DOWN)}
BLOCK_PACKETS = 65536
EVENT_STATES = {"up": slot.STATE_UP, "draining": slot.STATE_DRAINING, "down": slot.STATE_DOWN}


class Decision:
    """Of packet `number`: its exit and, unless it was dropped, the frame that leaves and when. `service` is the entry
    of the configuration that it is for; `is_of_a_flow`: not a fragment or an ICMP error."""

    __slots__ = ("number", "time_ns", "exit", "backend", "frame", "hash", "service", "is_of_a_flow")

    def __init__(self, exit_name, backend=None, frame=None, hash_value=None, service=None):
        self.number = self.time_ns = None
        self.exit, self.backend, self.frame, self.hash = exit_name, backend, frame, hash_value
        self.service, self.is_of_a_flow = service, False


class Row:
    """A service as the packet path means it: one address or prefix, port and protocol."""

    def __init__(self, entry, service_id, choice):
        self.entry, self.id, self.choice = entry, service_id, choice


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
            self.chooser.weights[backend.index] = backend.weight
        self.services = Services()
        self.make_services()
        self.gate = Gate(self.configuration.hash_key)
        self.answers = answers.Answers(self.configuration.answer_rates, self.configuration.echo_to_kernel)
        self.fragments = Fragments()
        self.source_hashes = {}
        self.exits = dict.fromkeys(exits.ALL, 0)
        self.received = self.plain = self.asked = 0
        self.now = 0

    def make_services(self):
        tables, rows = {}, []
        for entry in self.configuration.services:
            which = (entry.pool, entry.table_slots)
            if which not in tables:
                tables[which] = self.make_table(*which)
            rows += [(len(address), address, bits, entry.ports, protocol, entry)
                     for address, bits, protocol in entry.rows()]
        for service_id, (_, address, bits, ports, protocol, entry) in enumerate(sorted(rows, key=lambda row: row[:5])):
            is_udp = protocol == parse.UDP
            nothing = is_udp and entry.udp in ("hash", "packet")
            follows = not nothing and (is_udp or entry.scheduler not in (choose.MAGLEV, choose.SOURCE))
            choice = choose.Service(tables[entry.pool, entry.table_slots], entry.scheduler, entry.policy, follows,
                                    nothing, entry.udp_idle if is_udp else entry.idle, entry.opening, entry.closing,
                                    is_udp and entry.udp == "packet")
            self.services.add(address, bits, ports, protocol, Row(entry, service_id, choice))

    def make_table(self, pool, slots):
        members = {b.name: b for b in self.configuration.pool(pool)}
        names, positions = maglev.build({name: b.weight for name, b in members.items()}, slots)
        indexes = [None if p is None else members[names[p]].index for p in positions]
        return [(index, index) for index in indexes]

    def apply(self, event):
        backend = self.configuration.find(event.pool, event.name)
        self.chooser.words[backend.index] = slot.health_word(event.share, EVENT_STATES[event.state])

    def spread_by(self, row, source):
        """What a flow's slot is found by where that is not its hash (the scheduler source)."""
        if row.entry.scheduler != choose.SOURCE:
            return None
        source = masked(source, row.entry.source_bits[0 if len(source) == 4 else 1])
        if source not in self.source_hashes:
            self.source_hashes[source] = siphash13(self.configuration.hash_key, source_message(source))
        return self.source_hashes[source]

    # --- what becomes of one packet -----------------------------------------------------------------------------------

    def decide(self, number, frame, packet, flow, hash_value, now):
        """The decision, or None for a fragment that is held. `packet` is what parse() said of the frame; `hash_value`
        is that of `flow`, which of an ICMP error is the quoted one."""
        if isinstance(packet, str):
            return Decision(packet)
        if packet.fragment == parse.LATER:
            return self.decide_later(number, frame, packet, now)
        if packet.is_icmp:
            return self.decide_icmp(frame, packet, flow, hash_value, now)
        decision = self.decide_packet(frame, packet, hash_value, now)
        if packet.fragment == parse.FIRST and self.services.has_address(packet.destination):
            backend = decision.backend
            generation = None if backend is None else slot.generation_of(self.chooser.word(backend))
            self.fragments.firsts[self.fragment_key(packet)] = First(decision.exit, hash_value, decision.service,
                                                                     backend, generation, now)
        return decision

    def decide_packet(self, frame, packet, hash_value, now):
        row = self.services.get(packet.destination, packet.destination_port, packet.protocol)
        if row is None:
            return Decision(exits.KERNEL_NO_SERVICE)
        entry, is_udp = row.entry, packet.protocol == parse.UDP
        opens_tcp = packet.opens and not is_udp
        if entry.access is not None and not entry.access.allows(packet.source):
            return Decision(exits.DROP_ACCESS_DENIED, service=entry)
        admit = None
        if entry.limits.any():
            admit = lambda: self.gate.refuses_flow(entry.limits, packet.source, row.id, now)
            refusal = admit() if opens_tcp else None
            if refusal:
                return Decision(refusal, service=entry)
        ends = bool(packet.flags & (parse.FIN | parse.RST))
        answer = self.chooser.choose(row.choice, hash_value, opens_tcp, is_udp, ends, now,
                                     self.spread_by(row, packet.source), admit if row.choice.follows else None)
        self.plain += answer.plain
        self.asked += not answer.plain
        if answer.backend is None:
            if answer.refusal == exits.DROP_NO_BACKEND and entry.policy == choose.REJECT:
                exit_name, sent = self.answers.reject(frame, packet, now)
                return Decision(exit_name, None, sent, hash_value, entry)
            return Decision(answer.refusal, service=entry)
        return self.forward(frame, packet, hash_value, answer.backend, entry, now)

    def forward(self, frame, packet, hash_value, index, entry, now, is_about_a_flow=False):
        backend = self.configuration.backends[index]
        exit_name, sent = forward.forward(frame, packet, hash_value, backend, entry.dscp)
        if exit_name == exits.DROP_TOO_BIG and not is_about_a_flow:
            room = backend.mtu_bytes - forward.overhead(packet, backend)
            exit_name, sent = self.answers.too_big(frame, packet, room, now)
        decision = Decision(exit_name, index, sent, hash_value, entry)
        decision.is_of_a_flow = packet.fragment == parse.WHOLE and not is_about_a_flow
        return decision

    def decide_icmp(self, frame, packet, flow, hash_value, now):
        ours = self.services.has_address(packet.destination)
        if ours:
            echo = self.answers.echo(frame, packet, now)
            if echo:
                return Decision(echo[0], None, echo[1])
        row = None if flow is None else self.services.get(flow.destination, flow.destination_port, flow.protocol)
        if row is not None:
            self.asked += 1
            answer = self.chooser.choose_for_error(row.choice, hash_value, now, self.spread_by(row, flow.source))
            if answer.backend is not None:
                return self.forward(frame, packet, hash_value, answer.backend, row.entry, now, True)
            return Decision(answer.refusal, service=row.entry)
        is_error = icmp.is_error(frame, packet)
        return Decision(exits.KERNEL_NO_SERVICE if ours and is_error else exits.KERNEL_OTHER_PROTOCOL)

    # --- fragments ----------------------------------------------------------------------------------------------------

    def fragment_key(self, packet):
        message = fragment_message(packet.source, packet.destination, packet.identification, packet.protocol)
        return siphash13(self.configuration.hash_key, message)

    def decide_later(self, number, frame, packet, now):
        if not self.services.has_address(packet.destination):
            return Decision(exits.KERNEL_NO_SERVICE)
        key = self.fragment_key(packet)
        first = self.fragments.first_of(key, now)
        if first is not None:
            return self.follow_first(frame, packet, first, now)
        if self.fragments.hold(Held(number, frame, packet, key, now)):
            return None
        return Decision(exits.DROP_FRAGMENTS_FULL)

    def follow_first(self, frame, packet, first, now):
        if exits.is_kernels(first.exit):
            return Decision(exits.KERNEL_NO_SERVICE)
        if first.exit != exits.SENT:
            return Decision(exits.DROP_FRAGMENT)
        word = self.chooser.word(first.backend)
        if slot.generation_of(word) != first.generation or slot.state_of(word) == slot.STATE_ABSENT:
            return Decision(exits.DROP_FRAGMENT)
        return self.forward(frame, packet, first.hash, first.backend, first.service, now)

    def released_by(self, packet, now):
        """Decisions about the fragments that waited for `packet`, which may be any."""
        if isinstance(packet, str) or packet.fragment != parse.FIRST or not self.fragments.held:
            return
        key = self.fragment_key(packet)
        first = self.fragments.first_of(key, now)
        if first is not None:
            for held in self.fragments.take(lambda held: held.key == key):
                yield held, self.follow_first(held.frame, held.packet, first, now)

    # --- a capture ----------------------------------------------------------------------------------------------------

    def settle(self, number, time_ns, frame, decision):
        decision.number, decision.time_ns = number, time_ns
        if exits.is_kernels(decision.exit):
            decision.frame = frame
        self.received += 1
        self.exits[decision.exit] += 1
        return decision

    def decisions(self, capture):
        """Yields decisions about (time in nanoseconds, frame) of a capture, in the order in which they are made: that
        of the capture, except for fragments that are held."""
        capture = enumerate(capture)
        pending = list(reversed(self.events))
        start_ns = time_ns = None
        # In blocks, so that hashing is done on columns.
        while block := list(itertools.islice(capture, BLOCK_PACKETS)):
            if start_ns is None:
                start_ns = block[0][1][0]
            parsed = [parse.parse(frame) for _, (_, frame) in block]
            flows = [flow_of(frame, packet) for (_, (_, frame)), packet in zip(block, parsed)]
            key = self.configuration.hash_key
            hashes = iter(hash_messages(key, [flow.message() for flow in flows if flow is not None]))
            for (number, (time_ns, frame)), packet, flow in zip(block, parsed, flows):
                since_ns = time_ns - start_ns
                while pending and pending[-1].time_ns <= since_ns:
                    self.apply(pending.pop())
                self.now = since_ns * TICKS_PER_SECOND // 10**9
                for held in self.fragments.take(lambda held: self.now >= held.deadline):
                    yield self.settle(held.number, time_ns, held.frame, Decision(exits.DROP_FRAGMENT))
                hash_value = None if flow is None else next(hashes)
                decision = self.decide(number, frame, packet, flow, hash_value, self.now)
                if decision is None:
                    continue
                yield self.settle(number, time_ns, frame, decision)
                for held, released in self.released_by(packet, self.now):
                    yield self.settle(held.number, time_ns, held.frame, released)
        for held in self.fragments.take(lambda held: True):
            yield self.settle(held.number, time_ns, held.frame, Decision(exits.DROP_FRAGMENT))

    def run(self, capture):
        """The decisions, one a packet, in the order in which they are made."""
        return list(self.decisions(capture))

    def counters(self):
        """What `guideway replay --counters` writes, line by line."""
        lines = [("received", self.received)]
        lines += [(name, count) for name, count in self.exits.items() if count]
        lines += [("plain", self.plain), ("asked", self.asked), ("flows_remembered", self.chooser.held(self.now))]
        return "".join(f"{name} {value}\n" for name, value in lines)


def flow_of(frame, packet):
    """The flow that a packet belongs to or, if it is an ICMP error, is about; None without one."""
    if isinstance(packet, str) or packet.fragment == parse.LATER:
        return None
    return icmp.flow_of_error(frame, packet) if packet.is_icmp else packet
