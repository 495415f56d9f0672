# SPDX-License-Identifier: Apache-2.0
"""Step 3 of docs/packet-path.md: which backend a packet is given, and what is remembered of it.

The flow table here is a plain dictionary without bound. Everything that is decided from outside (slots, health words,
time) is handed in, so that the replay judge, the million packets and the simulator's traces use this same text.
"""
import collections

import exits
import slot

MAGLEV, ROUND_ROBIN, SOURCE = "maglev", "round-robin", "source"
RANDOM, LEAST_CONNECTIONS = "random", "least-connections"
SCHEDULERS = (MAGLEV, ROUND_ROBIN, SOURCE, RANDOM, LEAST_CONNECTIONS)
DROP, FAIL_OPEN, REJECT = "drop", "fail-open", "reject"
PROBATION, ESTABLISHED, CLOSING = "probation", "established", "closing"


def slack(timeout):
    """How late a deadline is set, in ticks, and left alone while it is late enough: section 3, step 6."""
    return max(8, timeout // 32)


class Service:
    """What choosing needs to know of a service. `slots` is a list of (current, home), None for no backend."""

    def __init__(self, slots, scheduler=MAGLEV, policy=DROP, follows=False, remembers_nothing=False, idle=14400,
                 opening=480, closing=480, per_packet=False):
        self.slots = slots
        self.scheduler, self.policy = scheduler, policy
        self.follows, self.remembers_nothing, self.per_packet = follows, remembers_nothing, per_packet
        self.idle, self.opening, self.closing = idle, opening, closing
        self.cursor = 0

    @property
    def is_consistent(self):
        return self.scheduler in (MAGLEV, SOURCE)


class Flow:
    __slots__ = ("backend", "generation", "state", "deadline")


class Answer:
    """The outcome for one packet: backend (None: no backend accepts, or `refusal`) and by which way it was found."""

    __slots__ = ("backend", "plain", "was_remembered", "refusal")

    def __init__(self, backend, plain, was_remembered, refusal=None):
        self.backend, self.plain, self.was_remembered, self.refusal = backend, plain, was_remembered, refusal


class Chooser:
    def __init__(self):
        self.words = {}  # backend index -> health word; absent: 0
        self.weights = {}  # backend index -> weight
        self.flows = {}  # hash -> Flow
        self.flows_of = collections.Counter()  # backend index -> flows that name it
        self.random_state = 0

    def word(self, backend):
        return self.words.get(backend, 0)

    def forget(self, hash_value):
        self.flows_of[self.flows.pop(hash_value).backend] -= 1

    def recall(self, hash_value, now):
        """The remembered flow, if its time is not over."""
        flow = self.flows.get(hash_value)
        if flow is not None and now >= flow.deadline:
            self.forget(hash_value)
            return None
        return flow

    def held(self, now):
        return sum(1 for flow in self.flows.values() if now < flow.deadline)

    def choose(self, service, hash_value, opens_tcp, is_udp, ends, now, spread_by=None, admit=None):
        """`opens_tcp`: SYN without ACK; `ends`: FIN or RST. `spread_by` is what the slot is found by, where that is not
        the flow's hash. `admit`, if given, is asked before a UDP packet that is not remembered is given a backend, and
        answers with an exit if it may not."""
        choice = hash_value if spread_by is None else spread_by
        at = slot.scale(choice, len(service.slots))
        current, home = service.slots[at]
        if not (service.follows or service.per_packet) and home == current and current is not None \
                and slot.is_plain(self.word(current)):
            if service.remembers_nothing or self.recall(hash_value, now) is None:
                return Answer(current, True, False)

        if not service.remembers_nothing:
            flow = self.recall(hash_value, now)
            if flow is not None:
                if self.is_lost(flow) or (opens_tcp and self.is_draining(flow.backend)):
                    self.forget(hash_value)
                else:
                    self.follow(flow, service, opens_tcp, ends, now)
                    return Answer(flow.backend, False, True)

        if admit is not None and is_udp:
            refusal = admit()
            if refusal:
                return Answer(None, False, False, refusal)
        remember = True
        if not (opens_tcp or is_udp) and home is not None and slot.is_alive(self.word(home)):
            backend = home
        else:
            backend, remember = self.schedule(service, hash_value, choice)
            if backend is None:
                return Answer(None, False, False, exits.DROP_NO_BACKEND)
        if remember and not service.remembers_nothing and (backend != home or home != current or service.follows):
            timeout = service.closing if ends else service.opening if opens_tcp else service.idle
            self.remember(hash_value, backend, now + timeout + slack(timeout))
        return Answer(backend, False, False)

    def remember(self, hash_value, backend, deadline):
        flow = Flow()
        flow.backend, flow.generation = backend, slot.generation_of(self.word(backend))
        flow.state, flow.deadline = PROBATION, deadline
        self.flows[hash_value] = flow
        self.flows_of[backend] += 1

    def is_lost(self, flow):
        word = self.word(flow.backend)
        return slot.generation_of(word) != flow.generation or not slot.is_alive(word)

    def is_draining(self, backend):
        return slot.state_of(self.word(backend)) == slot.STATE_DRAINING

    def choose_for_error(self, service, hash_value, now, spread_by=None):
        """Section 7: the backend of the flow that an ICMP error is about; nothing is changed. The answer's refusal is
        KERNEL_NO_SERVICE where nobody can know it."""
        if not service.remembers_nothing:
            flow = self.flows.get(hash_value)
            if flow is not None and now < flow.deadline and not self.is_lost(flow):
                return Answer(flow.backend, False, True)
        if not service.is_consistent:
            return Answer(None, False, False, exits.KERNEL_NO_SERVICE)
        choice = hash_value if spread_by is None else spread_by
        home = service.slots[slot.scale(choice, len(service.slots))][1]
        if home is not None and slot.is_alive(self.word(home)):
            return Answer(home, False, False)
        backend, _ = self.schedule(service, hash_value, choice)
        return Answer(backend, False, False, exits.DROP_NO_BACKEND if backend is None else None)

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
        if state == flow.state and 0 <= flow.deadline - (now + timeout) <= slack(timeout):
            return
        flow.state, flow.deadline = state, now + timeout + slack(timeout)

    def first_slot(self, service, hash_value, choice):
        slots = len(service.slots)
        if service.scheduler == ROUND_ROBIN:
            first = service.cursor
            service.cursor = (service.cursor + 1) % slots
            return first
        if service.scheduler == RANDOM:
            self.random_state = (self.random_state + slot.GOLDEN) & slot.MASK
            return slot.scale(slot.mix(self.random_state), slots)
        first = slot.scale(choice, slots)
        if service.scheduler == LEAST_CONNECTIONS:
            second = slot.probe_slot(hash_value, slot.SECOND_CHOICE, slots)
            if self.slot_accepts(service, second):
                if not self.slot_accepts(service, first):
                    return second
                one, other = service.slots[first][0], service.slots[second][0]
                if self.flows_of[other] * self.weights[one] < self.flows_of[one] * self.weights[other]:
                    return second
        return first

    def schedule(self, service, hash_value, choice):
        """The scheduler's choice: (backend or None, whether it may be remembered)."""
        slots = len(service.slots)
        tried = first = self.first_slot(service, hash_value, choice)
        if self.slot_accepts(service, tried):
            return service.slots[tried][0], True
        for i in range(1, slot.PROBES_DERIVED + 1):
            tried = slot.probe_slot(choice, i, slots)
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
