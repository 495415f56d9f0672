# SPDX-License-Identifier: Apache-2.0
"""control_bench.py measures what it says: a small box of it. No time is judged."""

import json
import os
import pathlib
import subprocess
import sys
import unittest

bench = pathlib.Path(__file__).resolve().parent / "control_bench.py"


def run(*arguments):
    command = [sys.executable, bench, "--build", build, *arguments]
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)


class ControlBench(unittest.TestCase):
    def test_every_measurement_is_there(self):
        done = run("--services", 5, "--backends", 3, "--edits", 3, "--patience", 60)
        self.assertEqual(done.returncode, 0, done.stderr)
        results = json.loads(done.stdout)
        self.assertGreater(results["cold_start"]["first_packet_s"], 0)
        self.assertGreater(results["restart"]["first_packet_s"], 0)
        self.assertGreater(results["edit_ms"]["median"], 0)
        self.assertGreaterEqual(results["edit_ms"]["worst"], results["edit_ms"]["median"])
        self.assertGreater(results["apply_s"], 0)

    def test_a_start_with_light_input_is_measured_too(self):
        if os.geteuid() != 0:
            self.skipTest("a network namespace needs root")
        done = run("--services", 5, "--backends", 3, "--edits", 3, "--patience", 60, "--input", "light")
        self.assertEqual(done.returncode, 0, done.stderr)
        results = json.loads(done.stdout)
        self.assertEqual(results["input"], "light")
        self.assertGreater(results["cold_start"]["first_packet_s"], 0)

    def test_what_cannot_be_measured_is_a_sentence(self):
        done = run("--build", bench.parent, "--services", 1, "--backends", 1)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "^control_bench: .*guideway-dpdk")


if __name__ == "__main__":
    build = pathlib.Path(sys.argv[1]).resolve().parents[2]
    del sys.argv[1:]
    unittest.main()
