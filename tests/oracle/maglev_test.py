#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Holds maglev.py to the paper's example and to what a table promises, and the control plane's builder to maglev.py.

Usage: maglev_test.py MAGLEV_DUMP, the program of maglev_dump.cc.
"""
import random
import subprocess
import sys
import unittest

import numpy

import maglev

MAGLEV_DUMP = None
NO_MEMBER = 0xFFFFFFFF
PRIMES = (251, 257, 1009, 4093, 16381)
PAPER = ((3, 4), (0, 2), (3, 1))  # offset and skip of B0, B1, B2 in Table 1 of the paper


def dump(lines):
    """The tables that the control plane's builder makes of these lines."""
    said = subprocess.run([MAGLEV_DUMP], input="\n".join(lines).encode(), capture_output=True, check=True).stdout
    numbers = numpy.frombuffer(said, dtype="<u4")
    tables, at = [], 0
    for line in lines:
        slots = int(line.split()[1])
        tables.append(numbers[at : at + slots].tolist())
        at += slots
    assert at == len(numbers)
    return tables


def random_pool(source):
    count = source.choice((1, 2, 3, 5, 10, 50, 200))
    weigh = source.choice((
        lambda: 1,
        lambda: source.randint(1, 5),
        lambda: source.choice((0, 1, 100)),
        lambda: source.randint(0, 65535),
        lambda: source.choice((1, 65535)),
    ))
    letters = "abcdefghijklmnopqrstuvwxyzABCXYZ0123456789-.:_"
    names = set()
    while len(names) < count:
        names.add("".join(source.choices(letters, k=source.randint(1, 40))))
    names = list(names)
    source.shuffle(names)
    return {name: weigh() for name in names}


class ThePapersExample(unittest.TestCase):
    def test_before_and_after_the_removal(self):
        self.assertEqual(maglev.populate(PAPER, (1, 1, 1), 7), [1, 0, 1, 0, 2, 2, 0])
        # Without B1, which was the second: B2 is the second then.
        self.assertEqual(maglev.populate((PAPER[0], PAPER[2]), (1, 1), 7), [0, 0, 0, 0, 1, 1, 1])

    def test_the_builder_gives_the_same(self):
        triples = [f"{offset} {skip} 1" for offset, skip in PAPER]
        tables = dump(["populate 7 " + " ".join(triples), "populate 7 " + " ".join((triples[0], triples[2]))])
        self.assertEqual(tables, [[1, 0, 1, 0, 2, 2, 0], [0, 0, 0, 0, 1, 1, 1]])


class WhatTheModelPromises(unittest.TestCase):
    def test_equal_weights_differ_by_one_slot_at_most(self):
        for count in (1, 3, 10, 97, 251):
            _, table = maglev.build({f"b{i}": 1 for i in range(count)}, 251)
            shares = [table.count(i) for i in range(count)]
            self.assertLessEqual(max(shares) - min(shares), 1)

    def test_weights_are_met_to_less_than_one_slot(self):
        source = random.Random(7)
        for _ in range(30):
            weights = {f"b{i}": source.randint(1, 1000) for i in range(source.randint(1, 20))}
            names, table = maglev.build(weights, 1009)
            total = sum(weights.values())
            for position, name in enumerate(names):
                self.assertLess(abs(table.count(position) * total - 1009 * weights[name]), total)

    def test_order_of_mention_does_not_matter(self):
        first = maglev.build({"a": 1, "b": 2, "c": 3}, 251)
        self.assertEqual(first, maglev.build({"c": 3, "a": 1, "b": 2}, 251))


class TheBuilderAgrees(unittest.TestCase):
    def compare(self, pools):
        """`pools`: (weights by name, slots). The builder answers by position in the order given."""
        lines = [f"build {slots} " + " ".join(f"{n} {w}" for n, w in pool.items()) for pool, slots in pools]
        for (pool, slots), found in zip(pools, dump(lines)):
            names, positions = maglev.build(pool, slots)
            given = list(pool)
            expected = [NO_MEMBER if p is None else given.index(names[p]) for p in positions]
            self.assertEqual(found, expected, f"{slots} slots, pool {pool}")

    def test_random_pools(self):
        source = random.Random(20160316)
        self.compare([(random_pool(source), source.choice(PRIMES)) for _ in range(300)])

    def test_the_default_size(self):
        self.compare([({f"192.0.2.{i}": 1 for i in range(100)}, 65537), ({"a": 1, "b": 2, "c": 65535}, 65537)])

    def test_a_large_table_where_32_bits_would_wrap(self):
        self.compare([({f"web-{i:03}": 1 + i % 3 for i in range(200)}, 655373)])

    def test_as_many_backends_as_slots(self):
        self.compare([({f"b{i}": 1 for i in range(251)}, 251)])


if __name__ == "__main__":
    MAGLEV_DUMP = sys.argv.pop(1)
    unittest.main(verbosity=2)
