# SPDX-License-Identifier: Apache-2.0
"""guideway-dpdk moves real packets over veth: to backends, to the kernel and back, every one counted.
Needs root; prints why it is skipped without. Usage: forwarding_test.py GUIDEWAY_DPDK"""
import door
from network import run
from running import MAC_A, MAC_B, SLOTS, VIP, VIP6, Running, main, to_either, to_mac

from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import ARP, Ether


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
            bytes(eth / IP(dst=VIP) / ICMP(type=13)),
            bytes(eth / IP(src="10.9.0.2", dst=VIP) / ICMP(type=8, id=7) / b"echo"),
            bytes(eth / IP(dst=VIP) / TCP(dport=81)),
            whole[:40],
            bytes(eth / IP(dst=VIP, version=5) / TCP(dport=80)),
            bytes(eth / IP(dst=VIP, chksum=1) / TCP(dport=80)),
            bytes(eth / IP(dst=VIP) / TCP(dport=80, dataofs=2)),
        ]
        for frame in frames:
            self.client.send(frame)
        names = ["sent", "kernel_not_ip", "kernel_other_protocol", "kernel_no_service", "drop_frame_truncated",
                 "drop_ip_header_invalid", "drop_ip_checksum", "drop_l4_invalid", "answered_echo"]
        grown = lambda now: {name: now["exits"][name] - before["exits"][name] for name in names}
        after = self.counters_settle(lambda now: all(grown(now).values()))
        for name in names:
            self.assertGreaterEqual(grown(after)[name], 1, grown(after))


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


if __name__ == "__main__":
    main()
