# SPDX-License-Identifier: Apache-2.0
"""Namespaces of this test's own, with the traps of polled veth devices seen to: a balancer with two polled ports, a
client behind the first and a server behind the second."""
import contextlib
import ctypes
import json
import os
import select
import signal
import socket
import subprocess
import tempfile
import time

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000


def run(*command, check=True):
    return subprocess.run(command, check=check, capture_output=True, text=True)


@contextlib.contextmanager
def inside(namespace):
    """Sockets made inside stay there; everything else comes back."""
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    there = os.open("/run/netns/" + namespace, os.O_RDONLY)
    try:
        if libc.setns(there, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")
        yield
    finally:
        libc.setns(before, CLONE_NEWNET)
        os.close(before)
        os.close(there)


class Wire:
    """A device's frames, out and in."""

    def __init__(self, namespace, device):
        with inside(namespace):
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
            self.socket.bind((device, 0))

    def send(self, frame):
        self.socket.send(bytes(frame))

    def receive(self, wanted, count, patience_s=5.0):
        """Frames that came in for which wanted(frame) holds, up to `count` of them."""
        frames, end = [], time.monotonic() + patience_s
        while len(frames) < count and (left := end - time.monotonic()) > 0:
            if not select.select([self.socket], [], [], left)[0]:
                break
            frame, where = self.socket.recvfrom(65536)
            if where[2] != socket.PACKET_OUTGOING and wanted(frame):
                frames.append(frame)
        return frames

    def drain(self):
        """Forgets what came so far."""
        while select.select([self.socket], [], [], 0)[0]:
            self.socket.recv(65536)


class Network:
    def __init__(self):
        tag = "gwdp%d" % os.getpid()
        self.balancer, self.client, self.server = tag + "b", tag + "c", tag + "s"
        self.names = (self.balancer, self.client, self.server)

    def __enter__(self):
        for name in self.names:
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        for port, peer in enumerate((self.client, self.server)):
            device = "port%d" % port
            run("ip", "link", "add", device, "netns", self.balancer, "type", "veth", "peer", "name", "eth0", "netns",
                peer)
            for namespace, name in ((self.balancer, device), (peer, "eth0")):
                run("ip", "netns", "exec", namespace, "ethtool", "-K", name, "tx", "off", "rx", "off", "gso", "off",
                    "tso", "off", "gro", "off")
            # The kernel still sees what a polled device receives, and must not answer it.
            run("ip", "netns", "exec", self.balancer, "sysctl", "-qw", "net.ipv6.conf.%s.disable_ipv6=1" % device,
                "net.ipv4.conf.%s.rp_filter=1" % device)
            run("ip", "-n", self.balancer, "link", "set", device, "arp", "off", "up")
            run("ip", "-n", peer, "addr", "add", "10.9.%d.2/24" % port, "dev", "eth0")
            run("ip", "-n", peer, "addr", "add", "fd09:%d::2/64" % port, "dev", "eth0", "nodad")
            run("ip", "-n", peer, "link", "set", "eth0", "up")
        return self

    def __exit__(self, *_):
        for name in self.names:
            run("ip", "netns", "del", name, check=False)

    def address_faces(self):
        for port in range(2):
            run("ip", "-n", self.balancer, "addr", "add", "10.9.%d.1/24" % port, "dev", "gw%d" % port)
            run("ip", "-n", self.balancer, "addr", "add", "fd09:%d::1/64" % port, "dev", "gw%d" % port, "nodad")

    def mac(self, namespace, device):
        return json.loads(run("ip", "-n", namespace, "-j", "link", "show", "dev", device).stdout)[0]["address"]


class Datapath:
    """A guideway-dpdk in the balancer's namespace."""

    def __init__(self, binary, network, door, *arguments, ports=("port0", "port1")):
        command = ["ip", "netns", "exec", network.balancer, binary, "--no-huge", "--memory-mb", "128", "--door", door]
        for number, device in enumerate(ports):
            command += ["--port", "net_af_packet%d,iface=%s" % (number, device)]
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(command + list(arguments), stderr=self.log)

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def wait_until_ready(self, patience_s=20):
        end = time.monotonic() + patience_s
        while time.monotonic() < end and self.process.poll() is None:
            if " ready " in self.said():
                return self
            time.sleep(0.05)
        raise AssertionError("not ready: " + self.said())

    def stop(self, number=signal.SIGTERM):
        """Exit code, and all that was said."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code, said = self.process.wait(timeout=20), self.said()
        return code, said
