# SPDX-License-Identifier: Apache-2.0
"""Section 5 of docs/packet-path.md: what is remembered of first fragments, and the later ones that wait for theirs.

The table of first fragments is a dictionary without bound."""
import collections

REMEMBERED_TICKS = 32
HOLD_TICKS = 4
HELD_MAX, HELD_BYTES_MAX, HELD_PER_SOURCE_MAX = 256, 262144, 16


class First:
    """What became of a first fragment."""

    __slots__ = ("exit", "hash", "service", "backend", "generation", "deadline")

    def __init__(self, exit_name, hash_value, service, backend, generation, now):
        self.exit, self.hash, self.service = exit_name, hash_value, service
        self.backend, self.generation = backend, generation
        self.deadline = now + REMEMBERED_TICKS


class Held:
    __slots__ = ("number", "frame", "packet", "key", "deadline")

    def __init__(self, number, frame, packet, key, now):
        self.number, self.frame, self.packet, self.key = number, frame, packet, key
        self.deadline = now + HOLD_TICKS


class Fragments:
    def __init__(self):
        self.firsts = {}  # key -> First
        self.held = []  # in the order in which they came
        self.held_bytes, self.held_of = 0, collections.Counter()

    def first_of(self, key, now):
        first = self.firsts.get(key)
        return first if first is not None and now < first.deadline else None

    def hold(self, held):
        """False if there is no room."""
        source = held.packet.source
        if len(self.held) == HELD_MAX or self.held_of[source] == HELD_PER_SOURCE_MAX:
            return False
        if self.held_bytes + len(held.frame) > HELD_BYTES_MAX:
            return False
        self.held.append(held)
        self.held_bytes += len(held.frame)
        self.held_of[source] += 1
        return True

    def take(self, wanted):
        """Those held for which `wanted` is true, in order; they are held no longer."""
        if not self.held:
            return []
        taken = [held for held in self.held if wanted(held)]
        if taken:
            self.held = [held for held in self.held if not wanted(held)]
            for held in taken:
                self.held_bytes -= len(held.frame)
                self.held_of[held.packet.source] -= 1
        return taken
