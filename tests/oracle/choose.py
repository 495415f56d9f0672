# SPDX-License-Identifier: Apache-2.0
"""Step 3 of docs/packet-path.md: which backend a packet is given, and what is remembered of it.

The flow table here is a plain dictionary without bound. Everything that is decided from outside (slots, health words,
time) is handed in, so that the replay judge, the million packets and the simulator's traces use this same text.
"""
import slot

MAGLEV, ROUND_ROBIN = "maglev", "round-robin"
DROP, FAIL_OPEN = "drop", "fail-open"
PROBATION, ESTABLISHED, CLOSING = "probation", "established", "closing"
# A deadline is set half a second late, and left alone while it is late enough: docs/packet-path.md, section 3, step 6.
SLACK_TICKS = 8


class Service:
    """What choosing needs to know of a service. `slots` is a list of (current, home), None for no backend."""

    def __init__(self, slots, scheduler=MAGLEV, policy=DROP, follows=False, remembers_nothing=False, idle=14400,
                 opening=480, closing=480):
        self.slots = slots
        self.scheduler, self.policy = scheduler, policy
        self.follows, self.remembers_nothing = follows, remembers_nothing
        self.idle, self.opening, self.closing = idle, opening, closing
        self.cursor = 0


class Flow:
    __slots__ = ("backend", "generation", "state", "deadline")


class Answer:
    """The outcome for one packet: backend (None: no backend accepts) and by which way it was found."""

    __slots__ = ("backend", "plain", "was_remembered")

    def __init__(self, backend, plain, was_remembered):
        self.backend, self.plain, self.was_remembered = backend, plain, was_remembered


class Chooser:
    def __init__(self):
        self.words = {}  # backend index -> health word; absent: 0
        self.flows = {}  # hash -> Flow

    def word(self, backend):
        return self.words.get(backend, 0)

    def recall(self, hash_value, now):
        """The remembered flow, if its time is not over."""
        flow = self.flows.get(hash_value)
        if flow is not None and now >= flow.deadline:
            del self.flows[hash_value]
            return None
        return flow

    def held(self, now):
        return sum(1 for flow in self.flows.values() if now < flow.deadline)

    def choose(self, service, hash_value, opens_tcp, is_udp, ends, now):
        """`opens_tcp`: SYN without ACK; `ends`: FIN or RST."""
        at = slot.scale(hash_value, len(service.slots))
        current, home = service.slots[at]
        if not service.follows and home == current and current is not None and slot.is_plain(self.word(current)):
            if service.remembers_nothing or self.recall(hash_value, now) is None:
                return Answer(current, True, False)

        if not service.remembers_nothing:
            flow = self.recall(hash_value, now)
            if flow is not None:
                word = self.word(flow.backend)
                if (
                    slot.generation_of(word) != flow.generation
                    or not slot.is_alive(word)
                    or (slot.state_of(word) == slot.STATE_DRAINING and opens_tcp)
                ):
                    del self.flows[hash_value]
                else:
                    self.follow(flow, service, opens_tcp, ends, now)
                    return Answer(flow.backend, False, True)

        backend, remember = None, True
        if not (opens_tcp or is_udp) and home is not None and slot.is_alive(self.word(home)):
            backend = home
        else:
            backend, remember = self.schedule(service, hash_value, at)
            if backend is None:
                return Answer(None, False, False)
        if remember and not service.remembers_nothing and (backend != home or home != current or service.follows):
            flow = Flow()
            flow.backend, flow.generation = backend, slot.generation_of(self.word(backend))
            flow.state = PROBATION
            timeout = service.closing if ends else service.opening if opens_tcp else service.idle
            flow.deadline = now + timeout + SLACK_TICKS
            self.flows[hash_value] = flow
        return Answer(backend, False, False)

    @staticmethod
    def follow(flow, service, opens_tcp, ends, now):
        """What a further packet does to the entry of its flow."""
        state = flow.state
        if ends:
            state, timeout = CLOSING, service.closing
        elif opens_tcp:
            if state == CLOSING:
                state = PROBATION
            timeout = service.opening if state == PROBATION else service.idle
        else:
            if state == PROBATION:
                state = ESTABLISHED
            timeout = service.closing if state == CLOSING else service.idle
        if state == flow.state and 0 <= flow.deadline - (now + timeout) <= SLACK_TICKS:
            return
        flow.state, flow.deadline = state, now + timeout + SLACK_TICKS

    def schedule(self, service, hash_value, at):
        """The scheduler's choice: (backend or None, whether it may be remembered)."""
        slots = len(service.slots)
        first = at
        if service.scheduler == ROUND_ROBIN:
            first = service.cursor
            service.cursor = (service.cursor + 1) % slots
        tried = first
        if self.slot_accepts(service, tried):
            return service.slots[tried][0], True
        for i in range(1, slot.PROBES_DERIVED + 1):
            tried = slot.probe_slot(hash_value, i, slots)
            if self.slot_accepts(service, tried):
                return service.slots[tried][0], True
        for i in range(1, slot.PROBES_WALKED + 1):
            tried = (first + i) % slots
            if self.slot_accepts(service, tried):
                return service.slots[tried][0], True
        if service.policy == FAIL_OPEN:
            return service.slots[first][0], False
        return None, False

    def slot_accepts(self, service, index):
        current = service.slots[index][0]
        return current is not None and slot.accepts(self.word(current), index)
