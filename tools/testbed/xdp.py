# SPDX-License-Identifier: Apache-2.0
"""guideway-xdp in a lab: on port0, which stays the kernel's and has the box's own addresses. What it pins lies in a BPF
filesystem of the lab's own, since `ip netns exec` hides the machine's."""

import os
import signal
import time

from testbed import processes, topology


# What native XDP takes on a veth: a packet in one buffer.
native_mtu_max = 3498


class XdpPlace:
    def __init__(self, folder, network):
        self.network = network
        # Where packets are larger guideway-xdp falls back to generic XDP, with a warning.
        self.mode = ["--native"] if network.segment_mtu <= native_mtu_max else []
        self.folder = folder
        self.ports = {"port0": "to-lb"}  # and the other end of its cable
        self.face = "port0"  # which of them has the box's addresses
        self.bpffs = folder / "bpf-xdp"
        self.pins = self.bpffs / "guideway" / "xdp"

    def prepare(self, program):
        """Turns ports from ones that only a datapath reads into ordinary interfaces."""
        if not os.path.ismount(self.bpffs):
            self.bpffs.mkdir(exist_ok=True)
            topology.run(["mount", "-t", "bpf", "bpf", self.bpffs])
        balancer = self.network.balancer
        for port, peer in self.ports.items():
            ordinary = {f"net.ipv6.conf.{port}.disable_ipv6": 0, f"net.ipv4.conf.{port}.rp_filter": 0}
            self.network.sysctl(balancer, ordinary)
            topology.batch([f"link set {port} arp on promisc off up"], balancer)
            if not self.is_attached(self.network.network, peer):
                self.make_peer_poll(program, peer)

    def make_peer_poll(self, program, device):
        """XDP_TX puts frames into the ring of a veth's peer, which is emptied in time only where the peer has an XDP
        program too (`gro on` is not enough). One that never gets a snapshot passes everything on."""
        place = ["--interface", device, "--pins", self.bpffs / device, "--door", self.folder / "peer.sock"]
        small = ["--flows-max", "1024", "--services-max", "4", "--backends-max", "4"]
        peer = processes.Process(self.folder, f"{device}-xdp")
        peer.start(self.network.network, [program, *place, *small, *self.mode])
        deadline = time.monotonic() + 15
        while not peer.times_said(" ready "):
            if peer.pid() is None or time.monotonic() > deadline:
                raise topology.LabError(f"{device} has no XDP:\n{peer.last_words()}")
            time.sleep(0.05)
        peer.signal(signal.SIGUSR2)
        peer.wait_gone(5)

    def arguments(self):
        interfaces = [word for port in self.ports for word in ("--interface", port)]
        return [*interfaces, "--pins", self.pins, "--flows-max", "65536", *self.mode]

    @staticmethod
    def is_attached(namespace, device):
        return "prog/xdp" in topology.run(["ip", "-n", namespace, "link", "show", device], check=False).stdout

    def left_behind(self):
        """What there is of a datapath that should have gone."""
        pinned = [str(path) for path in self.bpffs.glob("guideway/**/*")]
        return pinned + [f"a program on {port}" for port in self.ports if self.is_attached(self.network.balancer, port)]

    def remove(self):
        topology.run(["umount", "-l", self.bpffs], check=False)
