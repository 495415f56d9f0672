# SPDX-License-Identifier: Apache-2.0
"""Real TCP and UDP sockets through all that guideway-decapsulate takes off or restores, in every family mix, attached
as native XDP and to tc, there also behind the kernel's merging of packets (GRO)."""

import hashlib
import os
import socket
import unittest

import backend
from backend import CLIENT, SERVICE


class Traffic:
    """What each way of attaching has to carry; the classes below say which way."""

    mode, attached_as = None, None

    @classmethod
    def setUpClass(cls):
        cls.network = backend.Network()
        cls.enterClassContext(cls.network)
        said = cls.network.attach("--mode", cls.mode).stdout
        assert cls.attached_as in said, said
        cls.tunnel = backend.Tunnel(cls.network)
        cls.addClassCleanup(cls.tunnel.stop)
        cls.servers = backend.Servers(cls.network)
        cls.addClassCleanup(cls.servers.stop)

    def client(self, family, kind):
        with backend.inside(self.network.client):
            client = socket.socket(socket.AF_INET if family == 4 else socket.AF_INET6, kind)
        self.addCleanup(client.close)
        client.settimeout(5)
        client.bind((CLIENT[family], 0))
        client.connect((SERVICE[family], 80))
        return client

    def talk(self, family):
        """Through the tunnel and back: a TCP connection with more than a window, and datagrams of all lengths."""
        client = self.client(family, socket.SOCK_STREAM)
        sent, received = os.urandom(300_000), hashlib.sha256()
        for begin in range(0, len(sent), 30_000):
            client.sendall(sent[begin : begin + 30_000])
            left = len(sent[begin : begin + 30_000])
            while left:
                data = client.recv(left)
                self.assertTrue(data, "the connection ended early")
                received.update(data)
                left -= len(data)
        self.assertEqual(received.hexdigest(), hashlib.sha256(sent).hexdigest())
        client.close()
        client = self.client(family, socket.SOCK_DGRAM)
        for length in (0, 1, 17, 18, 19, 500, 1300):
            datagram = os.urandom(length)
            client.send(datagram)
            self.assertEqual(client.recv(65536), datagram)

    def carry(self, how, outcome):
        self.tunnel.how = how
        for around in (4, 6):
            self.tunnel.family = around
            for inside in (4, 6) if how != "l3dsr" else (around,):
                with self.subTest(outer=around, inner=inside):
                    before, sent_before = self.network.status(), self.tunnel.sent
                    self.talk(inside)
                    after = self.network.status()
                    through = after["outcomes"][outcome] - before["outcomes"][outcome]
                    self.check_number(through, self.tunnel.sent - sent_before, how)
                    self.assertEqual(after["received"], sum(after["outcomes"].values()))
                    drops = [count for name, count in after["outcomes"].items() if name.startswith("drop_")]
                    self.assertEqual(sum(drops), 0)

    def check_number(self, through, sent, how):
        """Every packet of the talk came through this tunnel; a last FIN or ACK may still be on its way."""
        self.assertGreater(through, 200)
        self.assertLess(abs(through - sent), 8)

    def test_ipip(self):
        self.carry("ipip", "decapsulated_ipip")

    def test_gue_variant_0(self):
        self.carry("gue0", "decapsulated_gue")

    def test_gue_variant_1(self):
        self.carry("gue1", "decapsulated_gue")

    def test_gre(self):
        self.carry("gre", "decapsulated_gre")

    def test_l3dsr(self):
        self.carry("l3dsr", "restored_l3dsr")


class NativeXdpTest(Traffic, unittest.TestCase):
    mode, attached_as = "xdp", "xdp-native"


class TcTest(Traffic, unittest.TestCase):
    mode, attached_as = "tc", "(tc)"


class TcBehindGroTest(Traffic, unittest.TestCase):
    """The kernel may have made few large packets of many small ones before tc sees them, tunnel headers and all."""

    mode, attached_as = "tc", "(tc)"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        enter = ("ip", "netns", "exec", cls.network.backend)
        backend.run(*enter, "ethtool", "-K", "eth0", "gro", "on")
        # Packets that come one by one wait for each other.
        for key, value in (("gro_flush_timeout", 2_000_000), ("napi_defer_hard_irqs", 2)):
            backend.run(*enter, "sh", "-c", f"echo {value} > /sys/class/net/eth0/{key}")

    def check_number(self, through, sent, how):
        if how in ("ipip", "l3dsr"):
            self.assertLess(through, 0.7 * sent, "nothing was merged, so nothing was tested")
        self.assertLess(through, sent + 8)


if __name__ == "__main__":
    backend.need_root()
    unittest.main(warnings="ignore")
