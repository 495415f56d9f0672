# SPDX-License-Identifier: Apache-2.0
"""A backend with guideway-decapsulate, a client that is the balancer too, and one cable between them. The client's
packets for the service go into a TUN interface; what is read there goes out encapsulated, as the balancer would do
it. Answers come back over the cable, as they are."""

import contextlib
import ctypes
import fcntl
import json
import os
import pathlib
import selectors
import socket
import struct
import subprocess
import sys
import tempfile
import threading

from scapy.layers.inet import GRE, IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Raw

PROGRAM = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else None
SERVICE = {4: "192.0.2.10", 6: "2001:db8::10"}
CLIENT = {4: "10.0.0.1", 6: "fd00::1"}
BACKEND = {4: "10.0.0.2", 6: "fd00::2"}
GUE_PORT, GRE_KEY, DSCP = 6080, 77, 10

libc = ctypes.CDLL(None, use_errno=True)


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


def run(*command, check=True):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    assert done.returncode == 0 or not check, f"{command}: {done.stdout}{done.stderr}"
    return done


@contextlib.contextmanager
def inside(namespace):
    """Sockets made inside stay there."""
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    there = os.open("/run/netns/" + namespace, os.O_RDONLY)
    try:
        if libc.setns(there, 0x40000000) != 0:
            raise OSError(ctypes.get_errno(), "setns")
        yield
    finally:
        libc.setns(before, 0x40000000)
        os.close(before)
        os.close(there)


class Network:
    """`with Network() as network`: gone afterwards, whatever happens. Has a BPF filesystem of its own."""

    def __init__(self):
        tag = f"gwdc{os.getpid()}"
        self.client, self.backend = tag + "c", tag + "b"
        self.bpffs = pathlib.Path(tempfile.mkdtemp(prefix="gwdc-bpf-"))

    def __enter__(self):
        run("mount", "-t", "bpf", "bpf", self.bpffs)
        for name in (self.client, self.backend):
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
            for key in ("net.ipv4.conf.all.rp_filter", "net.ipv4.conf.default.rp_filter"):
                run("ip", "netns", "exec", name, "sysctl", "-qw", key + "=0")
        veth = ("link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", self.backend)
        run("ip", "-n", self.client, *veth)
        for name, address in ((self.client, CLIENT), (self.backend, BACKEND)):
            features = [word for key in ("rx", "tx", "sg", "tso", "gso", "gro") for word in (key, "off")]
            run("ip", "netns", "exec", name, "ethtool", "-K", "eth0", *features, check=False)
            run("ip", "-n", name, "address", "add", address[4] + "/24", "dev", "eth0")
            run("ip", "-n", name, "address", "add", address[6] + "/64", "dev", "eth0", "nodad")
            run("ip", "-n", name, "link", "set", "eth0", "up")
        for key, value in (("arp_ignore", 1), ("arp_announce", 2)):
            run("ip", "netns", "exec", self.backend, "sysctl", "-qw", f"net.ipv4.conf.all.{key}={value}")
        run("ip", "-n", self.backend, "address", "add", SERVICE[4] + "/32", "dev", "lo")
        run("ip", "-n", self.backend, "address", "add", SERVICE[6] + "/128", "dev", "lo", "nodad")
        return self

    def __exit__(self, *_):
        for name in (self.client, self.backend):
            run("ip", "netns", "del", name, check=False)
        run("umount", self.bpffs, check=False)
        self.bpffs.rmdir()

    def call(self, command, *words, check=True, interface="eth0"):
        """guideway-decapsulate in the backend's namespace."""
        return run(
            *("ip", "netns", "exec", self.backend, PROGRAM, command, "--interface", interface),
            *("--bpffs", self.bpffs, *words),
            check=check,
        )

    def attach(self, *words):
        allow = ("--allow", "10.0.0.0/24", "--allow", "fd00::/64")
        services = [word for address in SERVICE.values() for word in ("--dscp", f"{DSCP}={address}")]
        local = [word for address in BACKEND.values() for word in ("--local", address)]
        return self.call("attach", *allow, *services, *local, "--gue-port", GUE_PORT, "--gre-key", GRE_KEY, *words)

    def status(self):
        return json.loads(self.call("status", "--json").stdout)

    def mac(self, namespace):
        return json.loads(run("ip", "-n", namespace, "-j", "link", "show", "dev", "eth0").stdout)[0]["address"]


def encapsulate(packet, how, family, source=None):
    """One IP packet as the balancer would send it: `how` is ipip, gue0, gue1, gre or l3dsr."""
    version = packet[0] >> 4
    if how == "l3dsr":
        return Raw(marked(packet, version))
    protocol = {"ipip": 4 if version == 4 else 41, "gre": 47}.get(how, 17)
    if family == 4:
        outer = IP(src=source or CLIENT[4], dst=BACKEND[4], proto=protocol, flags="DF", id=0, ttl=64)
    else:
        outer = IPv6(src=source or CLIENT[6], dst=BACKEND[6], nh=protocol, hlim=64)
    inner = Raw(packet)
    if how == "gre":
        inner = GRE(proto=0x0800 if version == 4 else 0x86DD, key_present=1, key=GRE_KEY) / inner
    elif how == "gue0":
        inner = UDP(sport=50000, dport=GUE_PORT) / Raw(bytes([0, 4 if version == 4 else 41, 0, 0])) / inner
    elif how == "gue1":
        inner = UDP(sport=50000, dport=GUE_PORT) / inner
    return outer / inner


def marked(packet, version):
    """For l3dsr: to the backend, with the service's DSCP, and checksums by RFC 1624."""
    marked = bytearray(packet)
    if version == 4:
        marked[1] = DSCP << 2 | packet[1] & 3
        marked[16:20] = socket.inet_aton(BACKEND[4])
        update(marked, 10, packet[0:2] + packet[16:20], marked[0:2] + marked[16:20])
        protocol, transport = packet[9], 20
    else:
        marked[0], marked[1] = 0x60 | DSCP >> 2, DSCP << 6 & 0xFF | packet[1] & 0x3F
        marked[24:40] = socket.inet_pton(socket.AF_INET6, BACKEND[6])
        protocol, transport = packet[6], 40
    addresses = slice(16, 20) if version == 4 else slice(24, 40)
    update(marked, transport + {6: 16, 17: 6}[protocol], packet[addresses], marked[addresses])
    return bytes(marked)


def update(packet, at, old, new):
    """The checksum there, after some words that it covers changed."""
    total = ~int.from_bytes(packet[at : at + 2], "big") & 0xFFFF
    for data, flip in ((old, 0xFFFF), (new, 0)):
        total += sum(word ^ flip for word in struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    packet[at : at + 2] = (~total & 0xFFFF or 0xFFFF).to_bytes(2, "big")


class Tunnel:
    """The balancer's part, in a thread: from the client's TUN interface, encapsulated, onto the cable."""

    def __init__(self, network):
        self.how, self.family = "ipip", 4
        self.sent = 0
        self.ethernet = Ether(src=network.mac(network.client), dst=network.mac(network.backend))
        with inside(network.client):
            self.tun = os.open("/dev/net/tun", os.O_RDWR)
            fcntl.ioctl(self.tun, 0x400454CA, struct.pack("16sH22x", b"service", 0x1001))
            self.cable = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            self.cable.bind(("eth0", 0))
        # Room for the outer headers on a cable of 1500 bytes.
        run("ip", "-n", network.client, "link", "set", "service", "mtu", "1400", "up")
        for family in (4, 6):
            run("ip", "-n", network.client, "route", "add", SERVICE[family], "dev", "service", "src", CLIENT[family])
        self.wake, self.woken = os.pipe()
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def work(self):
        with selectors.DefaultSelector() as selector:
            selector.register(self.tun, selectors.EVENT_READ)
            selector.register(self.wake, selectors.EVENT_READ)
            while all(key.fd == self.tun for key, _ in selector.select()):
                packet = os.read(self.tun, 65536)
                # Multicast housekeeping of the interface itself is not for the service.
                if packet[0] >> 4 == 6 and packet[24] == 0xFF:
                    continue
                self.ethernet.type = 0x86DD if self.family == 6 else 0x0800
                self.cable.send(bytes(self.ethernet / encapsulate(packet, self.how, self.family)))
                self.sent += 1

    def stop(self):
        os.write(self.woken, b"x")
        self.thread.join()
        self.cable.close()
        for descriptor in (self.tun, self.wake, self.woken):
            os.close(descriptor)


class Servers:
    """An echoing TCP and UDP server on the service addresses of the backend."""

    def __init__(self, network):
        self.sockets, self.connections = {}, 0
        with inside(network.backend):
            for family, domain in ((4, socket.AF_INET), (6, socket.AF_INET6)):
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    server = socket.socket(domain, kind)
                    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    server.bind((SERVICE[family], 80))
                    if kind == socket.SOCK_STREAM:
                        server.listen(64)
                    self.sockets[family, kind] = server
                    threading.Thread(target=self.serve, args=(server, kind), daemon=True).start()

    def serve(self, server, kind):
        while True:
            try:
                if kind == socket.SOCK_DGRAM:
                    server.sendto(*server.recvfrom(65536))
                    continue
                connection = server.accept()[0]
                threading.Thread(target=self.echo, args=(connection,), daemon=True).start()
            except OSError:
                return

    @staticmethod
    def echo(connection):
        with connection:
            while data := connection.recv(65536):
                connection.sendall(data)

    def stop(self):
        for server in self.sockets.values():
            server.close()


def need_root():
    if os.geteuid() != 0:
        skip("network namespaces need root")
    if not os.path.exists("/dev/net/tun"):
        skip("the encapsulating end needs /dev/net/tun")
