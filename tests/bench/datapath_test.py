# SPDX-License-Identifier: Apache-2.0
"""tools/bench measures what it says: a moment of it, without huge pages. No time is judged."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree

root = pathlib.Path(__file__).resolve().parents[2]


def bench(*arguments):
    command = [str(word) for word in (sys.executable, root / "tools/bench", *arguments)]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


class Bench(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def measure(self, *points, flows_max=512):
        done = bench(
            "--build", build, "--out", self.folder, "--no-huge", "--rounds", 1, "--seconds", 0.05,
            "--flows-max", flows_max, "--only", *points,
        )  # fmt: skip
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return {point["name"]: point for point in json.loads((self.folder / "results.json").read_text())["points"]}

    def test_every_packet_goes_where_its_point_says(self):
        measured = self.measure("kind=icmp-error", "kind=no-service", "forward=gue")
        self.assertEqual(set(measured["kind=icmp-error"]["exits"]), {"sent"})
        self.assertEqual(set(measured["kind=no-service"]["exits"]), {"drop_kernel_full"})
        self.assertEqual(set(measured["forward=gue"]["exits"]), {"sent"})
        # Whatever is remembered of a start would be looked up with every packet.
        self.assertEqual(measured["forward=gue"]["remembered"], 0)
        for point in measured.values():
            self.assertEqual(set(point["ns"]), {"testpmd io", "testpmd macswap", "guideway"})
            self.assertTrue(all(ns > 0 for ns in point["ns"].values()), point)
        xml.etree.ElementTree.parse(self.folder / "results.svg")
        table = (self.folder / "results.txt").read_text()
        self.assertTrue(all(name in table for name in measured), table)
        compared = bench("--compare", self.folder, self.folder)
        self.assertEqual(compared.returncode, 0, compared.stderr)
        self.assertEqual(compared.stdout.count("+0.0 ns"), len(measured), compared.stdout)

    def test_ordinary_pages_hold_as_many_flows_as_a_point_has(self):
        self.assertGreater(self.measure("flows=64k", flows_max=1 << 16)["flows=64k"]["ns"]["guideway"], 0)

    @unittest.skipUnless(os.geteuid() == 0, "only root reserves huge pages")
    def test_ended_early_it_leaves_nothing_behind(self):
        pages = pathlib.Path("/sys/kernel/mm/hugepages/hugepages-2048kB")
        free, reserved = (int((pages / name).read_text()) for name in ("free_hugepages", "nr_hugepages"))
        command = [sys.executable, root / "tools/bench", "--build", build, "--out", self.folder, "--only", "flows=1"]
        with subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE) as run:
            deadline = time.monotonic() + 60
            while run.poll() is None and int((pages / "nr_hugepages").read_text()) == reserved:
                self.assertLess(time.monotonic(), deadline, f"no huge pages were reserved; {free} were free")
                time.sleep(0.01)
            if run.poll() is not None:
                self.skipTest(f"huge pages cannot be had: {run.stderr.read().decode()}")
            run.terminate()
            self.assertEqual(run.wait(60), 128 + signal.SIGTERM, run.stderr.read().decode())
        self.assertEqual(int((pages / "nr_hugepages").read_text()), reserved)

    def test_what_cannot_be_measured_is_a_sentence(self):
        done = bench("--build", self.folder, "--only", "flows=1", "--no-huge")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"^tools/bench: .*guideway-dpdk")
        done = bench("--only", "flows=7")
        self.assertEqual(done.returncode, 1)
        self.assertIn("--list", done.stderr)


if __name__ == "__main__":
    if shutil.which("dpdk-testpmd") is None:
        print("skipped: dpdk-testpmd is not installed (tools/install_dependencies.sh)")
        sys.exit(77)
    build = pathlib.Path(sys.argv[1]).resolve().parents[2]
    del sys.argv[1:]
    unittest.main()
