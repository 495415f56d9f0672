# SPDX-License-Identifier: Apache-2.0
"""guideway-dpdk starts in one step or says in one sentence why not, and leaves nothing behind.
Needs root; prints why it is skipped without. Usage: start_test.py GUIDEWAY_DPDK"""
import os
import signal
import tempfile
import time
import unittest

import door
from network import Datapath, Network, Wire, run
from running import BINARY, main

from scapy.layers.l2 import ARP, Ether


class StartAndStop(unittest.TestCase):
    def setUp(self):
        self.network = Network()
        self.addCleanup(self.network.__exit__)
        self.network.__enter__()
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.door = self.directory.name + "/new/door.sock"

    def start(self, *arguments, **how):
        datapath = Datapath(BINARY, self.network, self.door, *arguments, **how)
        self.addCleanup(datapath.stop, signal.SIGKILL)
        return datapath

    def fails(self, sentence, *arguments, **how):
        datapath = self.start(*arguments, **how)
        code, said = datapath.process.wait(timeout=20), datapath.said()
        self.assertEqual(code, 1, said)
        self.assertIn(sentence, said)
        self.assertEqual(said.count("\n"), 1, said)

    def test_leaves_cleanly_and_takes_over_what_a_dead_one_left(self):
        first = self.start().wait_until_ready()
        self.fails("door socket %s is in use" % self.door)
        code, said = first.stop(signal.SIGTERM)
        self.assertEqual(code, 0, said)
        self.assertFalse(os.path.exists(self.door))
        self.assertNotIn("gw0", run("ip", "-n", self.network.balancer, "link").stdout)

        killed = self.start().wait_until_ready()
        killed.stop(signal.SIGKILL)
        self.assertTrue(os.path.exists(self.door))
        third = self.start().wait_until_ready()
        self.assertEqual(third.stop(signal.SIGINT)[0], 0)

    def test_each_failure_is_one_sentence(self):
        self.fails("--port is required", ports=())
        self.fails("neither a PCI address", "--port", "eth0", ports=())
        self.fails('there is no interface "nosuch"', ports=("nosuch",))
        self.fails("needs to know its interface", "--port", "net_af_packet0", ports=())
        self.fails("DPDK has no driver of that name", "--port", "net_nosuch0", ports=())
        self.fails("has 1 queue pair, 2 workers need one each", "--workers", "2", "--port",
                   "net_af_packet0,iface=port0,qpairs=1", ports=())
        self.fails("workers need a core each", "--workers", "64")
        self.fails("names 1 interfaces for 2 ports", "--kernel-face", "edge0")
        self.fails("an interface of that name exists", "--kernel-face", "port0,edge1")
        self.fails("core 999 is not among", "--main-core", "999")
        self.fails("there is no port", "--port", "0000:7f:00.0", ports=())
        self.fails("cannot allocate", "--rx-descriptors", "32768", "--tx-descriptors", "32768")

    def test_a_kernel_that_answers_twice_is_noticed(self):
        _, said = self.start().wait_until_ready().stop()
        self.assertNotIn("warning", said)
        lb = self.network.balancer
        run("ip", "-n", lb, "link", "set", "port0", "arp", "on")
        run("ip", "-n", lb, "addr", "add", "10.9.0.9/24", "dev", "port0")
        run("ip", "netns", "exec", lb, "sysctl", "-qw", "net.ipv4.conf.port0.rp_filter=0",
            "net.ipv4.conf.all.rp_filter=0")
        _, said = self.start().wait_until_ready().stop()
        for part in ("ip addr flush port0", "ip link set port0 arp off", "net.ipv4.conf.port0.rp_filter=1"):
            self.assertIn(part, said)

    def test_jumbo_frames(self):
        datapath = self.start("--mtu", "9000", "--rx-descriptors", "128", "--tx-descriptors", "128").wait_until_ready()
        self.network.address_faces()
        for namespace, device in ((self.network.balancer, "port0"), (self.network.client, "eth0")):
            run("ip", "-n", namespace, "link", "set", device, "mtu", "9000")
        for _ in range(2):  # the first finds the neighbour
            said = run("ip", "netns", "exec", self.network.client, "ping", "-c1", "-w3", "-s8900", "-Mdo", "10.9.0.1",
                       check=False).stdout
        self.assertIn("1 received", said)
        self.assertEqual(datapath.stop()[0], 0)

    def test_one_core_is_enough(self):
        datapath = self.start("--cores", "0", "--main-core", "0", "--kernel-face", "edge", "--busy-poll")
        datapath.wait_until_ready()
        with door.Controller(self.door) as controller:
            self.assertEqual(controller.hello().ports[0]["kernel_face"], "edge0")
            controller.publish(1, [], [], {})
        self.assertEqual(datapath.stop()[0], 0)

    def test_without_kernel_face_packets_for_the_kernel_are_counted(self):
        datapath = self.start("--no-kernel-face", ports=("port0",)).wait_until_ready()
        with door.Controller(self.door) as controller:
            controller.hello()
            self.assertEqual(controller.ports[0]["kernel_face"], "")
            wire = Wire(self.network.client, "eth0")
            for _ in range(10):
                wire.send(Ether(dst="ff:ff:ff:ff:ff:ff") / ARP(pdst="10.9.0.1"))
            end = time.monotonic() + 5
            while (counters := controller.read_counters())["exits"]["drop_kernel_full"] < 10 and time.monotonic() < end:
                time.sleep(0.01)
            self.assertGreaterEqual(counters["exits"]["drop_kernel_full"], 10)
            self.assertTrue(controller.counters_add_up())
        self.assertEqual(datapath.stop()[0], 0)


if __name__ == "__main__":
    main()
