#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Holds siphash.py to published vectors and to CPython's own SipHash-1-3, and then the C header to siphash.py.

Usage: siphash_test.py HASH_DUMP [COUNT]: compares COUNT random flows (2,000,000) hashed by the program of hash_dump.cc.
"""
import os
import random
import subprocess
import sys
import unittest

import numpy

import siphash
import siphash_vectors
import slot
from prefixes import masked

HASH_DUMP = None
COUNT = 2_000_000
RECORD = numpy.dtype([("flow", "u1", 40), ("hash", "<u8"), ("slot", "<u4"), ("probe", "<u4"), ("source", "<u8"),
                      ("limit", "<u8"), ("fragment", "<u8"), ("source_bits", "<u4"), ("service_id", "<u4"),
                      ("identification", "<u4"), ("zero", "<u4")])
MESSAGES = 200_000


class PublishedVectors(unittest.TestCase):
    def check(self, rounds, vectors):
        for length, expected in enumerate(vectors):
            found = siphash.siphash(*rounds, siphash_vectors.KEY, bytes(range(length)))
            self.assertEqual(found, expected, f"SipHash-{rounds[0]}-{rounds[1]} of {length} bytes")

    def test_siphash_2_4(self):
        self.check((2, 4), siphash_vectors.SIPHASH_2_4)

    def test_siphash_1_3(self):
        self.check((1, 3), siphash_vectors.SIPHASH_1_3)

    def test_python_hashes_bytes_by_the_same_function(self):
        if sys.hash_info.algorithm != "siphash13":
            self.skipTest(f"this Python hashes by {sys.hash_info.algorithm}")
        # PYTHONHASHSEED=0 means a key of zeros; hash() returns the value as signed and never -1.
        messages = [bytes([i * 7 % 256]) * i for i in range(1, 100)]
        program = f"print(*[hash(m) % 2**64 for m in {messages!r}])"
        environment = {**os.environ, "PYTHONHASHSEED": "0"}
        said = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True)
        expected = [int(word) for word in said.stdout.split()]
        self.assertEqual([siphash.siphash13(bytes(16), m) for m in messages], expected)

    def test_columns_agree_with_the_plain_function(self):
        source = random.Random(1)
        key = source.randbytes(16)
        messages = [source.randbytes(source.choice((0, 1, 7, 8, 14, 38, 63))) for _ in range(5000)]
        self.assertEqual(siphash.hash_messages(key, messages), [siphash.siphash13(key, m) for m in messages])


def dump(count, seed):
    """(key, records) of so many random flows, as the header hashes them."""
    key = random.Random(seed).randbytes(16)
    done = subprocess.run([HASH_DUMP, str(count), str(seed)], input=key, capture_output=True, check=True)
    return key, numpy.frombuffer(done.stdout, dtype=RECORD)


class TheHeaderAgrees(unittest.TestCase):
    def test_sources_limits_and_fragments(self):
        key, records = dump(MESSAGES, 19700101)
        self.assertEqual(len(records), MESSAGES)
        messages = {"source": [], "limit": [], "fragment": []}
        for record in records:
            flow, is_ipv4 = record["flow"].tobytes(), record["flow"][37] == 4
            source, destination = (flow[at : at + (4 if is_ipv4 else 16)] for at in (0, 16))
            network = masked(source, int(record["source_bits"]))
            identification = int(record["identification"]).to_bytes(2 if is_ipv4 else 4, "little")
            messages["source"].append(siphash.source_message(network))
            messages["limit"].append(siphash.limit_message(network, int(record["service_id"])))
            messages["fragment"].append(siphash.fragment_message(source, destination, identification, flow[36]))
        for name, listed in messages.items():
            wrong = [i for i, value in enumerate(siphash.hash_messages(key, listed)) if value != records[name][i]]
            self.assertEqual(wrong[:1], [], f"{name}: {len(wrong)} differ, the first is {records[wrong[:1]]}")
        self.assertEqual({len(message) for message in messages["fragment"]}, {17, 37})

    def test_millions_of_flows(self):
        key, records = dump(COUNT, 20240229)
        self.assertEqual(len(records), COUNT)
        flows = records["flow"]
        compared = 0
        for family, address_bytes in ((4, 4), (6, 16)):
            chosen = records[flows[:, 37] == family]
            fields = chosen["flow"]
            # Source, destination, and the six bytes from the ports to the family: the message as on the wire.
            messages = numpy.concatenate(
                (fields[:, :address_bytes], fields[:, 16 : 16 + address_bytes], fields[:, 32:38]), axis=1
            )
            expected = siphash.siphash13_columns(key, messages, messages.shape[1])
            wrong = numpy.flatnonzero(expected != chosen["hash"])
            first = messages[wrong[:1]].tobytes().hex()
            self.assertEqual(len(wrong), 0, f"family {family}: first difference at {first}")
            scaled = (expected >> numpy.uint64(32)) * numpy.uint64(65537) >> numpy.uint64(32)
            self.assertTrue((scaled == chosen["slot"]).all(), "slots")
            for value, probe in zip(expected[:20000].tolist(), chosen["probe"][:20000].tolist()):
                self.assertEqual(slot.probe_slot(value, 3, 5000011), probe)
            compared += len(chosen)
        self.assertEqual(compared, COUNT)
        print(f"{compared} flows agree", file=sys.stderr)


class TheArithmeticOfSlots(unittest.TestCase):
    def test_scale_covers_the_table_and_stays_inside(self):
        self.assertEqual(slot.scale(0, 251), 0)
        self.assertEqual(slot.scale(2**64 - 1, 251), 250)
        self.assertEqual(slot.scale(2**63, 65537), 32768)

    def test_mix_is_a_bijection_that_keeps_zero(self):
        self.assertEqual(slot.mix(0), 0)
        inverse_1, inverse_2 = pow(0xC4CEB9FE1A85EC53, -1, 2**64), pow(0xFF51AFD7ED558CCD, -1, 2**64)
        for value in (1, 2, 12345, 2**63, 2**64 - 1):
            x = slot.mix(value)
            x = (x ^ (x >> 33)) * inverse_1 % 2**64
            x = (x ^ (x >> 33)) * inverse_2 % 2**64
            self.assertEqual(x ^ (x >> 33), value)

    def test_shares_accept_their_part_of_the_slots(self):
        up = lambda share: slot.health_word(share, slot.STATE_UP)
        slots = range(65537)
        self.assertEqual(sum(slot.accepts(up(65535), s) for s in slots), 65537)
        self.assertEqual(sum(slot.accepts(up(0), s) for s in slots), 0)
        self.assertAlmostEqual(sum(slot.accepts(up(32768), s) for s in slots) / 65537, 0.5, delta=0.01)


if __name__ == "__main__":
    HASH_DUMP = sys.argv.pop(1)
    if len(sys.argv) > 1:
        COUNT = int(sys.argv.pop(1))
    unittest.main(verbosity=2)
