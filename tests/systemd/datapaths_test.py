# SPDX-License-Identifier: Apache-2.0
"""guideway-dpdk and guideway-xdp tell systemd what they should and stay within their units' filters. Needs root; prints
why it is skipped without. Usage: datapaths_test.py PROGRAM..."""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

import unit_file

programs = {pathlib.Path(path).name: path for path in sys.argv[1:]}
del sys.argv[1:]


def run(*command):
    subprocess.run(list(map(str, command)), check=True, capture_output=True)


class Datapaths(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.folder = pathlib.Path(directory.name)
        self.door = self.folder / "door.sock"
        self.namespace = f"gwu{os.getpid()}"
        run("ip", "netns", "add", self.namespace)
        self.addCleanup(run, "ip", "netns", "del", self.namespace)

    def obeys(self, unit, name, *arguments):
        if not {"guideway-dpdk", "guideway-xdp", name} <= set(programs):
            self.skipTest("guideway-dpdk and guideway-xdp are not both built here")
        # Which gives it a /sys of its own, without the BPF filesystem.
        inside = ["ip", "netns", "exec", self.namespace,
                  "sh", "-c", 'mount -t bpf bpf /sys/fs/bpf && exec "$@"', "sh"]
        folders = {str(pathlib.Path(path).parent) for path in programs.values()}
        datapath = unit_file.Watched(self.folder, [programs[name], *arguments], inside=inside,
                                     refused=["iopl"], PATH=":".join([*folders, os.environ["PATH"]]))
        self.addCleanup(datapath.close)
        datapath.hears("STATUS=1 ports, ")
        datapath.hears("READY=1")
        datapath.hears("WATCHDOG=1")
        datapath.hears("WATCHDOG=1")
        datapath.process.send_signal(signal.SIGTERM)
        datapath.hears("STOPPING=1")
        self.assertEqual(datapath.process.wait(timeout=30), 0, datapath.said())
        unit_file.check_calls(self, unit, datapath)

    def dpdk(self):
        return ["--no-huge", "--workers", 1, "--flows-max", 1024]

    def xdp(self):
        run("ip", "-n", self.namespace, "link", "add", "left", "type", "veth", "peer", "name", "right")
        for name in ("left", "right"):
            run("ip", "-n", self.namespace, "link", "set", name, "up")
        return ["--flows-max", 1024]

    def test_dpdk(self):
        self.obeys("guideway-dpdk.service", "guideway-dpdk", "--door", self.door, *self.dpdk(), "--port", "net_null0")

    def test_xdp(self):
        self.obeys("guideway-xdp.service", "guideway-xdp", "--door", self.door, *self.xdp(), "--interface", "left")

    def test_the_one_that_serves_its_ports(self):
        for datapath, port, rest in (("dpdk", "net_null0", self.dpdk()), ("xdp", "left", self.xdp())):
            with self.subTest(datapath):
                self.obeys("guideway-datapath.service", "guideway", "datapath", "start", "--datapath", datapath,
                           "--port", port, "--door", self.door, "--", *rest)


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("skipped: needs root")
        sys.exit(77)
    unittest.main()
