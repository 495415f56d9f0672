# SPDX-License-Identifier: Apache-2.0
"""Attaching and detaching guideway-decapsulate: what stays, what goes, what is refused, and that only the sources that
were allowed get a packet through."""

import json
import os
import pathlib
import select
import socket
import subprocess
import time
import unittest

import backend
from backend import BACKEND, CLIENT, SERVICE
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Dot1Q, Ether


class OperationTest(unittest.TestCase):
    def setUp(self):
        self.network = backend.Network()
        self.enterContext(self.network)

    def pins(self):
        return sorted(str(path) for path in self.network.bpffs.rglob("*") if not path.name.endswith(".debug"))

    def shown(self):
        """What the kernel tells of the interface: programs, qdiscs, filters."""
        name = self.network.backend
        link = backend.run("ip", "-n", name, "-d", "link", "show", "dev", "eth0").stdout
        return "\n".join(
            [
                "xdp" if "prog/xdp" in link else "",
                backend.run("tc", "-n", name, "qdisc", "show", "dev", "eth0").stdout,
                backend.run("tc", "-n", name, "filter", "show", "dev", "eth0", "ingress", check=False).stdout,
            ]
        )

    def refuse(self, *words, **how):
        done = self.network.call(*words, check=False, **how)
        self.assertEqual((done.returncode, done.stdout, done.stderr.count("\n")), (1, "", 1), done)
        return done.stderr

    def test_detach_leaves_nothing_behind(self):
        before = self.shown()
        for mode in ("xdp", "tc", "auto"):
            self.network.attach("--mode", mode)
            self.assertNotEqual(self.shown(), before)
            self.assertTrue(self.pins())
            self.network.call("detach")
            self.assertEqual(self.shown(), before, mode)
            self.assertEqual(self.pins(), [], mode)

    def test_other_peoples_clsact_stays(self):
        """Made before: not ours. Used by somebody since: not only ours any more."""
        name = self.network.backend
        qdisc = ("tc", "-n", name, "qdisc", "add", "dev", "eth0", "clsact")
        elsewhere = ("tc", "-n", name, "filter", "add", "dev", "eth0", "egress", "bpf", "direct-action", "pinned")
        for made_before in (True, False):
            if made_before:
                backend.run(*qdisc)
            self.network.attach("--mode", "tc")
            if not made_before:
                filters = backend.run("tc", "-n", name, "-j", "filter", "show", "dev", "eth0", "ingress").stdout
                program = next(one["options"]["prog"]["id"] for one in json.loads(filters) if "options" in one)
                pin = self.network.bpffs / "somebody"
                backend.run("bpftool", "prog", "pin", "id", program, pin)
                backend.run(*elsewhere, pin)
                pin.unlink()
            self.network.call("detach")
            self.assertIn("clsact", self.shown())
            self.assertNotIn("decapsulate", self.shown())
            self.assertEqual(self.pins(), [])
            backend.run("tc", "-n", name, "qdisc", "del", "dev", "eth0", "clsact")

    def test_refusals(self):
        self.assertIn("nothing is attached to eth0", self.refuse("detach"))
        self.assertIn("nothing is attached to eth0", self.refuse("status"))
        self.network.attach("--mode", "tc")
        said = self.refuse("attach", "--allow", "10.0.0.1")
        self.assertIn("already attached to eth0 (tc)", said)
        self.assertIn("detach --interface eth0", said)
        self.assertEqual(self.network.status()["mode"], "tc")

    def test_no_privilege(self):
        as_nobody = ["setpriv", "--reuid=65534", "--clear-groups", "--bounding-set=-all"]
        command = [backend.PROGRAM, "attach", "--interface", "lo", "--allow", "10.0.0.1", "--bpffs", self.network.bpffs]
        done = subprocess.run([*as_nobody, *map(str, command)], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr.count("\n")), (1, 1), done)
        self.assertIn("run it as root", done.stderr)

    def test_generic_xdp_is_a_stated_fallback(self):
        said = self.network.call("attach", "--mode", "xdp", "--allow", "10.0.0.1", interface="lo").stdout
        self.assertIn("xdp-generic", said)
        self.assertIn("not as native XDP: the driver of lo", said)
        self.network.call("detach", interface="lo")
        said = self.network.call("attach", "--allow", "10.0.0.1", interface="lo").stdout
        self.assertIn("attached to lo (tc)", said)
        self.network.call("detach", interface="lo")

    def test_status_tells_the_settings(self):
        self.network.attach("--mode", "tc")
        status = self.network.status()
        self.assertEqual(sorted(status["allow"]), ["10.0.0.0/24", "fd00::/64"])
        self.assertEqual((status["gue_port"], status["gre_key"]), (backend.GUE_PORT, backend.GRE_KEY))
        self.assertEqual(status["dscp"], [f"{backend.DSCP}={SERVICE[4]}", f"{backend.DSCP}={SERVICE[6]}"])
        self.assertEqual(sorted(status["local"]), [BACKEND[4] + "/32", BACKEND[6] + "/128"])
        self.assertTrue(status["attached"])
        self.assertIn("decapsulated_ipip", self.network.call("status").stdout)

    def test_status_sees_that_somebody_took_it_off(self):
        self.network.attach("--mode", "tc")
        backend.run("tc", "-n", self.network.backend, "qdisc", "del", "dev", "eth0", "clsact")
        self.assertFalse(self.network.status()["attached"])
        # What is left of it does not stand in the way.
        self.network.attach("--mode", "tc")
        self.assertTrue(self.network.status()["attached"])
        self.network.call("detach")
        self.assertEqual(self.pins(), [])

    def test_pins_of_interfaces_that_are_gone_go(self):
        name = self.network.backend
        backend.run("ip", "-n", name, "link", "add", "old0", "type", "veth", "peer", "name", "old1")
        self.network.call("attach", "--allow", "10.0.0.1", interface="old0")
        backend.run("ip", "-n", name, "link", "del", "old0")
        self.network.attach()
        self.network.call("detach")
        self.assertEqual(self.pins(), [])

    def test_two_interfaces_at_once(self):
        self.network.attach("--mode", "tc")
        self.network.call("attach", "--allow", "10.9.0.0/16", "--mode", "tc", interface="lo")
        self.assertEqual(len({str(pathlib.Path(pin).parent) for pin in self.pins() if pin.endswith("counters")}), 2)
        self.network.call("detach", interface="lo")
        self.assertEqual(self.network.status()["allow"][0], "10.0.0.0/24")
        self.network.call("detach")
        self.assertEqual(self.pins(), [])

    def test_only_allowed_sources_get_through(self):
        with backend.inside(self.network.backend):
            server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            server.bind((SERVICE[4], 80))
        with backend.inside(self.network.client):
            cable = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            cable.bind(("eth0", 0))
        self.addCleanup(server.close)
        self.addCleanup(cable.close)
        ethernet = Ether(src=self.network.mac(self.network.client), dst=self.network.mac(self.network.backend))
        for mode in ("xdp", "tc"):
            self.network.attach("--mode", mode)
            for source, text in (("10.0.9.9", b"from a stranger"), (CLIENT[4], b"from the balancer")):
                inner = bytes(IP(src="198.51.100.2", dst=SERVICE[4]) / UDP(sport=9, dport=80) / text)
                cable.send(bytes(ethernet / backend.encapsulate(inner, "ipip", 4, source=source)))
            self.assertTrue(select.select([server], [], [], 5)[0], "nothing came through")
            self.assertEqual(server.recv(100), b"from the balancer")
            outcomes = self.network.status()["outcomes"]
            self.assertEqual((outcomes["kernel_source"], outcomes["decapsulated_ipip"]), (1, 1), mode)
            self.network.call("detach")
            # And without it nobody does: this kernel has no tunnel device there.
            cable.send(bytes(ethernet / backend.encapsulate(inner, "ipip", 4)))
            self.assertFalse(select.select([server], [], [], 0.2)[0])

    def test_a_tagged_frame_belongs_to_another_interface(self):
        ethernet = Ether(src=self.network.mac(self.network.client), dst=self.network.mac(self.network.backend))
        inner = bytes(IP(src="198.51.100.2", dst=SERVICE[4]) / UDP(sport=9, dport=80) / b"tagged")
        with backend.inside(self.network.client):
            cable = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            cable.bind(("eth0", 0))
        self.addCleanup(cable.close)
        for mode in ("xdp", "tc"):
            self.network.attach("--mode", mode)
            cable.send(bytes(ethernet / Dot1Q(vlan=5) / backend.encapsulate(inner, "ipip", 4)))
            cable.send(bytes(ethernet / backend.encapsulate(inner, "ipip", 4)))
            end = time.monotonic() + 5
            while not (outcomes := self.network.status()["outcomes"])["decapsulated_ipip"] and time.monotonic() < end:
                time.sleep(0.05)
            self.assertEqual(outcomes["decapsulated_ipip"], 1, mode)
            self.assertGreaterEqual(outcomes["kernel_not_tunnel"], 1, mode)
            self.network.call("detach")

    def test_the_backends_own_addresses_go_on_working(self):
        for mode in ("xdp", "tc"):
            self.network.attach("--mode", mode)
            for family in (4, 6):
                command = ("ip", "netns", "exec", self.network.client, "ping", "-c", "1", "-W", "3", BACKEND[family])
                backend.run(*command)
            self.network.call("detach")


if __name__ == "__main__":
    backend.need_root()
    os.environ["LC_ALL"] = "C"
    unittest.main(warnings="ignore")
