# SPDX-License-Identifier: Apache-2.0
"""What the tests of this folder share: a running guideway-dpdk with two backends that can be published to it."""
import os
import signal
import sys
import tempfile
import time
import unittest

import door
from network import Datapath, Network, Wire

from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether

BINARY = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else None
VIP, VIP6 = "10.99.0.1", "fd99::1"
MAC_A, MAC_B = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
SLOTS = 251


def to_mac(mac):
    raw = bytes.fromhex(mac.replace(":", ""))
    return lambda frame: frame[:6] == raw


def to_either(frame):
    return to_mac(MAC_A)(frame) or to_mac(MAC_B)(frame)


class Running(unittest.TestCase):
    """One datapath for the tests of a class; each test has a fresh controller and a higher generation."""

    arguments = ()

    @classmethod
    def setUpClass(cls):
        cls.network = Network()
        cls.addClassCleanup(cls.network.__exit__)
        cls.network.__enter__()
        cls.directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.directory.cleanup)
        cls.door = cls.directory.name + "/door.sock"
        cls.datapath = Datapath(BINARY, cls.network, cls.door, *cls.arguments)
        cls.addClassCleanup(cls.datapath.stop, signal.SIGKILL)
        cls.datapath.wait_until_ready()
        cls.network.address_faces()
        cls.balancer_mac = cls.network.mac(cls.network.balancer, "port0")
        cls.egress_mac = cls.network.mac(cls.network.balancer, "port1")
        cls.client_mac = cls.network.mac(cls.network.client, "eth0")
        cls.client = Wire(cls.network.client, "eth0")
        cls.server = Wire(cls.network.server, "eth0")

    def setUp(self):
        self.controller = door.Controller(self.door).hello()
        self.addCleanup(self.controller.close)
        self.generation = self.controller.generation + 1
        self.server.drain()

    def balance(self, services=None, health=(door.UP, door.UP), port=1, slots=None, flags=1):
        """Two backends behind port 1 share one table."""
        services = services or [door.service(VIP, 80), door.service(VIP6, 80, service_id=1)]
        backends = [
            door.backend(index, "10.9.1.%d" % (10 + index), mac, self.egress_mac, port=port, flags=flags)
            for index, mac in enumerate((MAC_A, MAC_B))
        ]
        for index, state in enumerate(health):
            self.controller.set_health(index, door.health_word(state))
        table_id = self.generation  # a new one each time
        self.controller.publish(self.generation, services, backends,
                                {table_id: slots or [slot % 2 for slot in range(SLOTS)]} if services else {})
        self.generation += 1

    def frame(self, source_port, flags="S", destination=VIP, size=0, port=80, layer=TCP):
        ip = IPv6(src="fd09:0::2", dst=destination) if ":" in destination else IP(src="10.9.0.2", dst=destination)
        flags = {} if layer is UDP else {"flags": flags}
        inner = layer(sport=source_port, dport=port, **flags)
        return bytes(Ether(src=self.client_mac, dst=self.balancer_mac) / ip / inner / (b"x" * size))

    def send_flows(self, ports, **how):
        for source_port in ports:
            self.client.send(self.frame(source_port, **how))

    def counters_settle(self, wanted, patience_s=5):
        end = time.monotonic() + patience_s
        while not wanted(counters := self.controller.read_counters()) and time.monotonic() < end:
            time.sleep(0.01)
        return counters

    def tearDown(self):
        self.assertTrue(self.controller.counters_add_up(), self.controller.read_counters())



def main():
    if os.geteuid() != 0:
        print("skipped: network namespaces need root")
        sys.exit(77)
    if not os.path.exists("/dev/net/tun"):
        print("skipped: the kernel face needs /dev/net/tun")
        sys.exit(77)
    unittest.main(module="__main__", warnings="ignore")
