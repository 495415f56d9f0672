# SPDX-License-Identifier: Apache-2.0
"""Maglev tables as docs/packet-path.md ("Tables") defines them, after section 3.4 of the Maglev paper (NSDI 2016).

Slow and plain on purpose: exact integers, no running sums that could wrap. A table is a list of positions in the
sorted list of members.
"""
from siphash import siphash13

OFFSET_KEY = b"guideway-offset\0"
SKIP_KEY = b"guideway-skip\0\0\0"


def permutation_of(name, slots):
    """(offset, skip) of a backend's walk over the table."""
    data = name.encode() if isinstance(name, str) else name
    return siphash13(OFFSET_KEY, data) % slots, siphash13(SKIP_KEY, data) % (slots - 1) + 1


def quotas(weights, slots):
    """Proportional shares of the slots in whole numbers, the largest remainders rounded up, ties to the first."""
    total = sum(weights)
    result = [slots * w // total for w in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(slots * weights[i] % total), i))
    for i in by_remainder[: slots - sum(result)]:
        result[i] += 1
    return result


def populate(permutations, weights, slots):
    """Rounds over the members, each taking the next free slot of its permutation when its turn comes."""
    table = [None] * slots
    left = quotas(weights, slots)
    largest = max(weights)
    credit = [0] * len(weights)
    place = [offset for offset, _ in permutations]
    unfilled = slots
    active = [i for i in range(len(weights)) if left[i]]
    while unfilled:
        for i in active:
            credit[i] += weights[i]
            if credit[i] < largest:
                continue
            credit[i] -= largest
            skip = permutations[i][1]
            at = place[i]
            while table[at] is not None:
                at = (at + skip) % slots
            table[at] = i
            place[i] = (at + skip) % slots
            left[i] -= 1
            unfilled -= 1
        active = [i for i in active if left[i]]
    return table


def build(weights_by_name, slots):
    """The table of a pool, {name: weight}: (sorted names that have slots, positions in that list by slot)."""
    names = sorted((n for n, w in weights_by_name.items() if w), key=lambda n: n.encode())
    if not names:
        return [], [None] * slots
    weights = [weights_by_name[n] for n in names]
    return names, populate([permutation_of(n, slots) for n in names], weights, slots)
