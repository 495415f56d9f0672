#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The judge must be able to say no: cases whose expectation is damaged in one place must each be refused.

Usage: judge_test.py GUIDEWAY CASES
"""
import pathlib
import shutil
import sys
import tempfile
import unittest

import judge
import pcap

GUIDEWAY, CASES = None, None
CASE = "icmp-to-kernel"  # has kernel.pcap; the other one has events and frames that are sent
SENT_CASE = "down-backend-moves-only-its-own-flows"
HELD_CASE, ANSWER_CASE = "fragments-out-of-order", "reject-tcp-syn"


class DamagedCases(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="guideway-judge-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def damaged(self, name, file, damage):
        case = self.folder / name
        shutil.copytree(CASES / name, case)
        self.assertEqual(judge.judge(GUIDEWAY, case), [])
        damage(case / file)
        return judge.judge(GUIDEWAY, case)

    def change_frames(self, change):
        def damage(path):
            packets = pcap.read(path)
            change(packets)
            pcap.write(path, packets)

        return damage

    def test_one_bit_of_a_sent_frame(self):
        def flip(packets):
            time, frame = packets[40]
            packets[40] = time, frame[:-1] + bytes([frame[-1] ^ 1])

        self.assertIn("out.pcap: frame 40 differs", self.damaged(SENT_CASE, "out.pcap", self.change_frames(flip))[0])

    def test_two_frames_in_the_other_order(self):
        def swap(packets):
            packets[3], packets[4] = packets[4], packets[3]

        self.assertIn("frame 3 differs", self.damaged(SENT_CASE, "out.pcap", self.change_frames(swap))[0])

    def test_the_order_of_fragments_that_waited(self):
        def swap(packets):
            packets[0], packets[1] = packets[1], packets[0]

        self.assertIn("frame 0 differs", self.damaged(HELD_CASE, "out.pcap", self.change_frames(swap))[0])

    def test_an_answer(self):
        def cut(packets):
            packets[-1] = packets[-1][0], packets[-1][1][:-1]

        self.assertIn("differs", self.damaged(ANSWER_CASE, "out.pcap", self.change_frames(cut))[0])

    def test_a_frame_too_many(self):
        problems = self.damaged(CASE, "kernel.pcap", self.change_frames(lambda packets: packets.append(packets[0])))
        self.assertIn("kernel.pcap", problems[0])

    def test_another_time(self):
        def later(packets):
            packets[0] = packets[0][0] + 1000, packets[0][1]

        self.assertIn("time", self.damaged(CASE, "kernel.pcap", self.change_frames(later))[0])

    def test_a_counter(self):
        def raise_plain(path):
            path.write_text(path.read_text().replace("plain ", "plain 1"))

        self.assertIn("plain is", self.damaged(SENT_CASE, "counters.txt", raise_plain)[0])

    def test_an_event(self):
        problems = self.damaged(SENT_CASE, "events.txt", lambda path: path.write_text("1 set web a down\n"))
        self.assertIn("out.pcap", problems[0])

    def test_a_mistake_in_the_configuration(self):
        problems = self.damaged(SENT_CASE, "config.toml", lambda path: path.write_text("nonsense = 1\n"))
        self.assertIn("ended with 1", problems[0])


if __name__ == "__main__":
    GUIDEWAY, CASES = sys.argv.pop(1), pathlib.Path(sys.argv.pop(1))
    unittest.main(verbosity=2)
