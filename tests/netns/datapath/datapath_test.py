# SPDX-License-Identifier: Apache-2.0
"""guideway-dpdk end to end: real packets over veth, a hand-made controller at its door.
Needs root; prints why it is skipped without. Usage: datapath_test.py GUIDEWAY_DPDK"""
import os
import signal
import socket
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import door  # noqa: E402
from network import Datapath, Network, Wire, run  # noqa: E402

from scapy.layers.inet import ICMP, IP, TCP, UDP  # noqa: E402
from scapy.layers.inet6 import IPv6  # noqa: E402
from scapy.layers.l2 import ARP, Ether  # noqa: E402

BINARY = None
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
        inner = layer(sport=source_port, dport=port) if layer is UDP else layer(sport=source_port, dport=port, flags=flags)
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
        time.sleep(0.05)
        counters = self.controller.read_counters()
        self.assertEqual(counters["received_packets"], sum(counters["exits"].values()), counters)


class KernelFace(Running):
    def ping(self, namespace, address):
        run("ip", "netns", "exec", namespace, "ping", "-c1", "-w2", address, check=False)  # finds the neighbour
        return run("ip", "netns", "exec", namespace, "ping", "-c20", "-i0.01", "-w5", address, check=False).stdout

    def test_ping_both_ways_over_both_ports_in_both_families(self):
        for port, peer in enumerate((self.network.client, self.network.server)):
            for there, address in ((peer, "10.9.%d.1"), (peer, "fd09:%d::1"), (self.network.balancer, "10.9.%d.2"),
                                   (self.network.balancer, "fd09:%d::2")):
                with self.subTest(port=port, frm=there, to=address % port):
                    said = self.ping(there, address % port)
                    self.assertIn("20 packets transmitted, 20 received, 0% packet loss", said)

    def test_the_interface_is_the_ports_twin(self):
        for number, port in enumerate(self.controller.ports):
            face = port["kernel_face"]
            self.assertEqual(face, "gw%d" % number)
            self.assertEqual(self.network.mac(self.network.balancer, face), port["mac"])
            self.assertEqual(port["mac"], self.network.mac(self.network.balancer, "port%d" % number))
            self.assertEqual(port["mtu"], 1500)

    def test_tcp_to_the_box_goes_to_its_kernel(self):
        listener = run("ip", "netns", "exec", self.network.client, "/usr/bin/python3", "-c", (
            "import socket; s = socket.create_connection(('10.9.0.1', 9), 3)"), check=False)
        self.assertIn("ConnectionRefusedError", listener.stderr)  # the kernel's RST came back


class Forwarding(Running):
    def test_frames_reach_the_backends_and_every_one_is_counted(self):
        self.balance()
        before = self.controller.read_counters()
        self.send_flows(range(1000, 1200))
        self.send_flows(range(1000, 1100), destination=VIP6)
        got = self.server.receive(to_either, 300)
        self.assertEqual(len(got), 300)
        for raw in got:
            self.assertEqual(Ether(raw).src, self.egress_mac)
        self.assertTrue(all(sum(to_mac(mac)(raw) for raw in got) > 100 for mac in (MAC_A, MAC_B)))
        after = self.counters_settle(lambda now: now["exits"]["sent"] - before["exits"]["sent"] >= 300)
        self.assertEqual(after["exits"]["sent"] - before["exits"]["sent"], 300)
        self.assertEqual(after["services"][0] - before["services"][0], 200)
        self.assertEqual(after["services"][1] - before["services"][1], 100)
        self.assertEqual(sum(after["backends"].values()) - sum(before["backends"].values()), 300)

    def test_nothing_but_the_addresses_is_changed(self):
        self.balance()
        sent = self.frame(4000, flags="PA", size=700)
        self.client.send(sent)
        got = self.server.receive(to_either, 1)
        self.assertEqual(len(got), 1)
        self.assertEqual(got[0][12:], sent[12:])

    def test_a_flow_stays_where_it_is(self):
        self.balance()
        for _ in range(20):
            self.send_flows([5000, 5001, 5002], flags="A")
        places = {}
        for raw in self.server.receive(to_either, 60):
            packet = Ether(raw)
            places.setdefault(packet[TCP].sport, set()).add(packet.dst)
        self.assertEqual([len(places[port]) for port in (5000, 5001, 5002)], [1, 1, 1])

    def test_health_takes_effect_at_once(self):
        self.balance()
        self.controller.set_health(0, door.health_word(door.DOWN))
        self.send_flows(range(2000, 2100))
        got = self.server.receive(to_either, 100)
        self.assertEqual([to_mac(MAC_B)(raw) for raw in got], [True] * 100)
        self.controller.set_health(0, door.health_word(door.UP))
        self.send_flows(range(2200, 2300))
        got = self.server.receive(to_either, 100)
        self.assertGreater(sum(to_mac(MAC_A)(raw) for raw in got), 10)

    def test_no_backend_left_is_a_named_drop(self):
        self.balance(health=(door.DOWN, door.DOWN))
        before = self.controller.read_counters()["exits"]["drop_no_backend"]
        self.send_flows(range(2000, 2010))
        after = self.counters_settle(lambda now: now["exits"]["drop_no_backend"] - before >= 10)
        self.assertEqual(after["exits"]["drop_no_backend"] - before, 10)

    def test_a_port_that_does_not_exist_is_a_named_drop(self):
        self.balance(port=7)
        before = self.controller.read_counters()["exits"]["drop_unresolved"]
        self.send_flows(range(2000, 2010))
        after = self.counters_settle(lambda now: now["exits"]["drop_unresolved"] - before >= 10)
        self.assertEqual(after["exits"]["drop_unresolved"] - before, 10)

    def test_an_unresolved_backend_is_a_named_drop(self):
        self.balance(flags=0)
        before = self.controller.read_counters()["exits"]["drop_unresolved"]
        self.send_flows(range(2000, 2010))
        after = self.counters_settle(lambda now: now["exits"]["drop_unresolved"] - before >= 10)
        self.assertEqual(after["exits"]["drop_unresolved"] - before, 10)

    def test_ipip_wraps_the_packet(self):
        for index in range(2):
            self.controller.set_health(index, door.health_word(door.UP))
        backends = [door.backend(0, "10.9.1.10", MAC_A, self.egress_mac, port=1, forward=1, outer_source="10.9.1.1")]
        self.controller.publish(self.generation, [door.service(VIP, 80), door.service(VIP6, 80, service_id=1)],
                                backends, {self.generation: [0] * SLOTS})
        for destination in (VIP, VIP6):
            inner = self.frame(3000, destination=destination, size=100)
            self.client.send(inner)
            got = self.server.receive(to_either, 1)
            self.assertEqual(len(got), 1)
            outer = Ether(got[0])
            self.assertEqual((outer[IP].src, outer[IP].dst), ("10.9.1.1", "10.9.1.10"))
            self.assertEqual(got[0][34:], inner[14:])

    def test_remembered_flows_can_be_asked_for(self):
        follows = 1
        self.balance(services=[door.service(VIP, 53, protocol=17, flags=follows)])
        self.send_flows([6000], port=53, layer=UDP)
        self.assertEqual(len(self.server.receive(to_either, 1)), 1)
        answer = self.controller.find_flow("10.9.0.2", 6000, VIP, 53, 17)
        self.assertEqual(answer["remembered"], 1)
        self.assertIn(answer["backend"], (0, 1))
        self.assertGreater(answer["remaining"], 0)
        self.assertEqual(self.controller.find_flow("10.9.0.2", 6001, VIP, 53, 17)["remembered"], 0)

    def test_all_sorts_of_frames_are_accounted_for(self):
        self.balance()
        before = self.controller.read_counters()
        whole = self.frame(7000)
        # No fragments: the kernel puts them together before net_af_packet sees them.
        eth = Ether(src=self.client_mac, dst=self.balancer_mac)
        frames = [
            whole,
            bytes(eth / ARP(pdst="10.9.0.77")),
            bytes(eth / IP(dst=VIP) / ICMP()),
            bytes(eth / IP(dst=VIP) / TCP(dport=81)),
            whole[:40],
            bytes(eth / IP(dst=VIP, version=5) / TCP(dport=80)),
            bytes(eth / IP(dst=VIP, chksum=1) / TCP(dport=80)),
            bytes(eth / IP(dst=VIP) / TCP(dport=80, dataofs=2)),
        ]
        for frame in frames:
            self.client.send(frame)
        names = ["sent", "kernel_not_ip", "kernel_other_protocol", "kernel_no_service", "drop_frame_truncated",
                 "drop_ip_header_invalid", "drop_ip_checksum", "drop_l4_invalid"]
        grown = lambda now: {name: now["exits"][name] - before["exits"][name] for name in names}
        after = self.counters_settle(lambda now: all(grown(now).values()))
        for name in names:
            self.assertGreaterEqual(grown(after)[name], 1, grown(after))


class Door(Running):
    def rejected(self, act, sentence):
        with self.assertRaises(door.Answer) as caught:
            act()
        self.assertEqual(caught.exception.kind, door.REJECTED)
        self.assertIn(sentence, caught.exception.reason)

    def refused(self, act, sentence):
        with self.assertRaises(door.Answer) as caught:
            act()
        self.assertEqual(caught.exception.kind, door.REFUSED)
        self.assertIn(sentence, caught.exception.reason)

    def test_welcome_tells_all(self):
        self.assertEqual(self.controller.datapath, "guideway-dpdk")
        self.assertEqual([port["name"] for port in self.controller.ports], ["net_af_packet0", "net_af_packet1"])
        self.assertEqual(len(self.controller.health), self.controller.backends_max * 8)

    def test_bad_snapshots_are_rejected_and_change_nothing(self):
        self.balance()
        g = self.generation
        service, backend = door.service(VIP, 80), door.backend(0, "10.9.1.10", MAC_A, self.egress_mac, port=1)
        offer = self.controller.offer_snapshot
        good = lambda **how: door.sealed(door.snapshot(g, [service], [backend], [g - 1], **how))
        for act, sentence in (
            (lambda: offer(g, door.sealed(door.snapshot(g, [service], [backend], [g - 1]), seals=0)), "not sealed"),
            (lambda: offer(g, good(magic=1)), "magic"),
            (lambda: offer(g, good(abi=9)), "abi_version"),
            (lambda: offer(g + 1, good()), "memory holds generation %d" % g),
            (lambda: offer(g - 1, door.sealed(door.snapshot(g - 1, [], [], []))), "generation must be above"),
            (lambda: offer(g, door.sealed(door.snapshot(g, [service], [backend], [77777]))), "77777"),
            (lambda: offer(g, door.sealed(door.snapshot(g, [door.service(VIP, 80, table=3)], [backend], [g - 1]))), "table"),
            (lambda: offer(g, door.sealed(b"short")), "length"),
            (lambda: offer(g, door.sealed(b"")), "empty"),
            (lambda: offer(g, os.open("/dev/null", os.O_RDONLY)), "not sealed"),
            (lambda: self.controller.offer_table(9, door.sealed(door.table(9, [0] * 250))), "slot_count"),
            (lambda: self.controller.offer_table(9, door.sealed(door.table(8, [0] * 251))), "memory holds table 8"),
            (lambda: self.controller.offer_table(9, door.sealed(door.table(9, [1 << 30] * 251))), "backend"),
            (lambda: self.controller.offer_table(9, door.sealed(door.table(9, [0] * 251), seals=0)), "not sealed"),
        ):
            with self.subTest(sentence=sentence):
                self.rejected(act, sentence)
        self.controller.close()
        self.controller = door.Controller(self.door).hello()
        self.addCleanup(self.controller.close)
        self.assertEqual(self.controller.generation, g - 1)
        self.send_flows(range(8000, 8020))
        self.assertEqual(len(self.server.receive(to_either, 20)), 20)

    def test_messages_that_make_no_sense_are_refused(self):
        self.controller.close()
        hello = b"\1\0\0\0\0\0\0\0"
        for act, sentence in (
            (lambda c: c.exchange(door.HELLO, hello, magic=7), "magic"),
            (lambda c: c.exchange(door.HELLO, hello, version=2), "protocol version 2"),
            (lambda c: c.exchange(door.HELLO, hello, length=99), "99 bytes"),
            (lambda c: c.exchange(door.HELLO, hello + b"more"), "Hello has"),
            (lambda c: c.exchange(77, hello), "type 77"),
            (lambda c: c.exchange(door.WELCOME, hello), "type 2"),
            (lambda c: c.exchange(door.SNAPSHOT, b"\0" * 8, [os.open("/dev/null", os.O_RDONLY)]), "must be Hello"),
            (lambda c: c.exchange(door.HELLO, hello, [os.open("/dev/null", os.O_RDONLY)]), "file descriptors"),
            (lambda c: c.hello(abi=7), "ABI version 7"),
            (lambda c: c.hello().hello(), "second Hello"),
            (lambda c: c.hello().exchange(door.TABLE, b"\0" * 8), "file descriptors"),
            (lambda c: c.exchange(door.HELLO, b"\0" * 4070), "Hello has"),
            (lambda c: c.exchange(door.HELLO, b"\0" * 8000), "longer than"),
        ):
            with self.subTest(sentence=sentence), door.Controller(self.door) as controller:
                self.refused(lambda: act(controller), sentence)
                with self.assertRaises((ConnectionResetError, BrokenPipeError)):
                    controller.read()
        self.controller = door.Controller(self.door).hello()
        self.addCleanup(self.controller.close)

    def test_one_controller_at_a_time(self):
        with door.Controller(self.door) as second:
            self.refused(second.read, "another controller is connected (process %d)" % os.getpid())
        self.controller.close()
        self.controller = door.Controller(self.door).hello()
        self.addCleanup(self.controller.close)

    def test_the_death_of_the_controller_costs_nothing(self):
        self.balance()
        child = os.fork()
        if child == 0:
            time.sleep(0.2)
            os._exit(0)
        self.controller.socket.shutdown(socket.SHUT_RDWR)
        self.controller.close()
        os.waitpid(child, 0)
        self.send_flows(range(9000, 9100))
        self.assertEqual(len(self.server.receive(to_either, 100)), 100)
        # Whoever comes next finds the generation and the health as they were.
        self.controller = door.Controller(self.door).hello()
        self.addCleanup(self.controller.close)
        self.assertEqual(self.controller.generation, self.generation - 1)
        self.send_flows(range(9100, 9200))
        self.assertEqual(len(self.server.receive(to_either, 100)), 100)

    def test_tables_are_kept_as_long_as_a_snapshot_names_them(self):
        self.balance()
        kept = self.generation - 1
        offer = self.controller.offer_snapshot
        self.controller.offer_table(kept, os.open("/dev/null", os.O_RDONLY))  # held: accepted without a look
        offer(self.generation, door.sealed(door.snapshot(self.generation, [], [], [])))
        self.rejected(lambda: self.controller.offer_table(kept, os.open("/dev/null", os.O_RDONLY)), "not sealed")

    def test_counters_cannot_be_written_nor_memory_resized(self):
        with self.assertRaises(PermissionError):
            __import__("mmap").mmap(self.controller.counters_fd, 4096)
        for fd in (self.controller.counters_fd, self.controller.health_fd):
            with self.assertRaises(PermissionError):
                os.ftruncate(fd, 0)


class TwoWorkers(Running):
    arguments = ("--workers", "2")

    def test_both_work_and_nothing_is_lost(self):
        self.assertEqual(self.controller.worker_count, 2)
        self.balance()
        before = self.controller.read_counters()["exits"]["sent"]
        for first in range(1000, 3000, 100):
            self.send_flows(range(first, first + 100))
            self.assertEqual(len(self.server.receive(to_either, 100)), 100)
        after = self.counters_settle(lambda now: now["exits"]["sent"] - before >= 2000)
        self.assertEqual(after["exits"]["sent"] - before, 2000)
        self.assertIn("1 received", run("ip", "netns", "exec", self.network.client, "ping", "-c1", "-w3", "10.9.0.1",
                                        check=False).stdout)


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
        self.fails("iface=nosuch", ports=("nosuch",))
        self.fails("has 1 queue pair, 2 workers need one each", "--workers", "2", "--port",
                   "net_af_packet0,iface=port0,qpairs=1", ports=())
        self.fails("workers need a core each", "--workers", "64")
        self.fails("names 1 interfaces for 2 ports", "--kernel-face", "edge0")
        self.fails("an interface of that name exists", "--kernel-face", "port0,edge1")
        self.fails("core 999 is not among", "--main-core", "999")
        self.fails("there is no port", "--port", "0000:7f:00.0", ports=())
        self.fails("cannot allocate", "--rx-descriptors", "32768", "--tx-descriptors", "32768")

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
            self.assertEqual(counters["received_packets"], sum(counters["exits"].values()))
        self.assertEqual(datapath.stop()[0], 0)


if __name__ == "__main__":
    BINARY = os.path.abspath(sys.argv.pop(1))
    if os.geteuid() != 0:
        print("skipped: network namespaces need root")
        sys.exit(77)
    if not os.path.exists("/dev/net/tun"):
        print("skipped: the kernel face needs /dev/net/tun")
        sys.exit(77)
    unittest.main(warnings="ignore")
