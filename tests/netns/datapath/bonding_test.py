# SPDX-License-Identifier: Apache-2.0
"""A port of several devices (net_bonding): two guideway-dpdk, each with one bond over the same two cables, and pings
between their kernel faces. In mode 4 (802.3ad) nothing flows before both ends agree by LACP. No cable is pulled here:
net_af_packet says of its link that it is up, whatever happens. Needs root; prints why it is skipped without.
Usage: bonding_test.py GUIDEWAY_DPDK"""
import json
import os
import signal
import subprocess
import tempfile
import time
import unittest

from network import run
from running import BINARY, main

ADDRESS = {"a": "10.9.0.1", "b": "10.9.0.2"}


class Ends:
    """Namespaces a and b with two cables between them."""

    def __init__(self):
        self.names = {end: "gwbo%d%s" % (os.getpid(), end) for end in ADDRESS}

    def __enter__(self):
        for name in self.names.values():
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        for cable in range(2):
            device = "port%d" % cable
            run("ip", "link", "add", device, "netns", self.names["a"], "type", "veth", "peer", "name", device, "netns",
                self.names["b"])
            for name in self.names.values():
                run("ip", "netns", "exec", name, "ethtool", "-K", device, "tx", "off", "rx", "off", "gso", "off", "tso",
                    "off", "gro", "off")
                run("ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv6.conf.%s.disable_ipv6=1" % device,
                    "net.ipv4.conf.%s.rp_filter=1" % device)
                run("ip", "-n", name, "link", "set", device, "arp", "off", "promisc", "on", "up")
        return self

    def __exit__(self, *_):
        for name in self.names.values():
            run("ip", "netns", "del", name, check=False)


class Bonding(unittest.TestCase):
    def setUp(self):
        self.ends = self.enterContext(Ends())
        self.directory = self.enterContext(tempfile.TemporaryDirectory())
        self.processes = {}

    def start(self, *arguments, end="a"):
        log = open("%s/%s.log" % (self.directory, end), "w+")
        self.addCleanup(log.close)
        command = ["ip", "netns", "exec", self.ends.names[end], BINARY, "--no-huge", "--memory-mb", "128", "--door",
                   "%s/%s.sock" % (self.directory, end), *arguments]
        process = subprocess.Popen(command, stderr=log)
        self.processes[end] = process
        self.addCleanup(self.stop, process, signal.SIGKILL)
        return process

    def stop(self, process, number=signal.SIGTERM):
        if process.poll() is None:
            process.send_signal(number)
        return process.wait(timeout=20)

    def said(self, end="a"):
        with open("%s/%s.log" % (self.directory, end)) as log:
            return log.read()

    def bond(self, mode, end, *arguments):
        members = []
        for cable in range(2):
            members += ["--member", "net_af_packet%d,iface=port%d" % (cable, cable)]
        process = self.start("--port", "net_bonding0,mode=%d,slave=net_af_packet0,slave=net_af_packet1" % mode,
                             *members, *arguments, end=end)
        limit = time.monotonic() + 20
        while " ready " not in self.said(end):
            self.assertIsNone(process.poll(), self.said(end))
            self.assertLess(time.monotonic(), limit, self.said(end))
            time.sleep(0.05)
        run("ip", "-n", self.ends.names[end], "addr", "add", ADDRESS[end] + "/24", "dev", "gw0")

    def received(self, count, interval_s, wait_s=1):
        """Of so many pings from a to b."""
        said = run("ip", "netns", "exec", self.ends.names["a"], "ping", "-n", "-q", "-c%d" % count, "-i%s" % interval_s,
                   "-W%d" % wait_s, ADDRESS["b"], check=False).stdout
        return int(said.split(" received")[0].split()[-1])

    def wait_for_traffic(self, patience_s):
        began = time.monotonic()
        while not self.received(1, 1):
            self.assertLess(time.monotonic() - began, patience_s, self.said("a") + self.said("b"))
        return time.monotonic() - began

    def check_bond(self, mode):
        for end in ADDRESS:
            self.bond(mode, end)
        print("mode %d: traffic after %.1f s" % (mode, self.wait_for_traffic(20)))
        self.assertEqual(self.received(50, 0.01), 50)
        for end, process in self.processes.items():
            self.assertEqual(self.stop(process), 0, self.said(end))

    def test_active_backup(self):
        self.check_bond(1)

    def test_802_3ad(self):
        self.check_bond(4)

    def test_two_workers(self):
        for end in ADDRESS:
            self.bond(1, end, "--workers", "2")
        self.wait_for_traffic(20)
        self.assertEqual(self.received(50, 0.01), 50)

    def test_the_bond_has_one_kernel_face_with_its_own_mac(self):
        self.bond(1, "a")
        links = json.loads(run("ip", "-n", self.ends.names["a"], "-j", "link").stdout)
        self.assertEqual([link["ifname"] for link in links if link["ifname"].startswith("gw")], ["gw0"])
        macs = {link["ifname"]: link["address"] for link in links}
        self.assertIn(macs["gw0"], (macs["port0"], macs["port1"]))

    def test_refusals_are_one_sentence(self):
        bond = "net_bonding0,mode=1,slave=net_af_packet0"
        for sentence, *arguments in (
            ("each slave= needs a --member", "--port", bond),
            ("net_af_packet0 is given twice", "--port", "net_af_packet0,iface=port0", "--member",
             "net_af_packet0,iface=port1"),
            ('there is no interface "nosuch"', "--port", bond, "--member", "net_af_packet0,iface=nosuch"),
        ):
            process = self.start(*arguments)
            self.assertEqual(process.wait(timeout=20), 1)
            self.assertIn(sentence, self.said())
            self.assertEqual(self.said().count("\n"), 1, self.said())


if __name__ == "__main__":
    main()
