# SPDX-License-Identifier: Apache-2.0
"""guideway-xdp in a lab: on port0, which stays the kernel's and has the box's own addresses. What it pins lies in a BPF
filesystem of the lab's own, since `ip netns exec` hides the machine's."""

import os
import signal
import time

from testbed import processes, topology


class XdpPlace:
    def __init__(self, folder, network):
        self.network = network
        self.folder = folder
        self.bpffs = folder / "bpf-xdp"
        self.pins = self.bpffs / "guideway" / "xdp"

    def prepare(self, program):
        """Turns port0 from one that only a datapath reads into an ordinary interface."""
        if not os.path.ismount(self.bpffs):
            self.bpffs.mkdir(exist_ok=True)
            topology.run(["mount", "-t", "bpf", "bpf", self.bpffs])
        balancer = self.network.balancer
        self.network.sysctl(balancer, {"net.ipv6.conf.port0.disable_ipv6": 0, "net.ipv4.conf.port0.rp_filter": 0})
        topology.batch(["link set port0 arp on promisc off"], balancer)
        if not self.is_attached(self.network.network, "to-lb"):
            self.make_peer_poll(program)

    def make_peer_poll(self, program):
        """XDP_TX puts frames into the ring of a veth's peer, which is emptied in time only where the peer has an XDP
        program too (`gro on` is not enough). One that never gets a snapshot passes everything on."""
        place = ["--interface", "to-lb", "--pins", self.bpffs / "peer", "--door", self.folder / "peer.sock"]
        small = ["--flows-max", "1024", "--services-max", "4", "--backends-max", "4"]
        peer = processes.Process(self.folder, "peer-xdp")
        peer.start(self.network.network, [program, *place, *small, "--native"])
        deadline = time.monotonic() + 15
        while not peer.times_said(" ready "):
            if peer.pid() is None or time.monotonic() > deadline:
                raise topology.LabError(f"the peer of port0 has no XDP:\n{peer.last_words()}")
            time.sleep(0.05)
        peer.signal(signal.SIGUSR2)
        peer.wait_gone(5)

    def arguments(self):
        return ["--interface", "port0", "--pins", self.pins, "--flows-max", "65536", "--native"]

    @staticmethod
    def is_attached(namespace, device):
        return "prog/xdp" in topology.run(["ip", "-n", namespace, "link", "show", device], check=False).stdout

    def left_behind(self):
        """What there is of a datapath that should have gone."""
        pinned = [str(path) for path in self.bpffs.glob("guideway/**/*")]
        return pinned + (["a program on port0"] if self.is_attached(self.network.balancer, "port0") else [])

    def remove(self):
        topology.run(["umount", "-l", self.bpffs], check=False)
