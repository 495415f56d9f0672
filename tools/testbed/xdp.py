# SPDX-License-Identifier: Apache-2.0
"""guideway-xdp in a lab: on port0, which stays the kernel's and has the box's own addresses. What it pins lies in a BPF
filesystem of the lab's own, since `ip netns exec` hides the machine's."""

import os

from testbed import topology


class XdpPlace:
    def __init__(self, folder, network):
        self.network = network
        self.bpffs = folder / "bpf"
        self.pins = self.bpffs / "guideway" / "xdp"

    def prepare(self):
        """Turns port0 from one that only a datapath reads into an ordinary interface."""
        if not os.path.ismount(self.bpffs):
            self.bpffs.mkdir(exist_ok=True)
            topology.run(["mount", "-t", "bpf", "bpf", self.bpffs])
        balancer = self.network.balancer
        self.network.sysctl(balancer, {"net.ipv6.conf.port0.disable_ipv6": 0, "net.ipv4.conf.port0.rp_filter": 0})
        topology.batch(["link set port0 arp on promisc off"], balancer)
        # What XDP sends towards a veth arrives only where the peer polls, which this makes it do.
        topology.run(["ip", "netns", "exec", self.network.network, "ethtool", "-K", "to-lb", "gro", "on"])

    def arguments(self):
        return ["--interface", "port0", "--pins", self.pins, "--flows-max", "65536", "--native"]

    def is_attached(self):
        shown = topology.run(["ip", "-n", self.network.balancer, "link", "show", "port0"], check=False).stdout
        return "prog/xdp" in shown

    def left_behind(self):
        """What there is of a datapath that should have gone."""
        pinned = [str(path) for path in self.bpffs.glob("guideway/**/*")]
        return pinned + (["a program on port0"] if self.is_attached() else [])

    def remove(self):
        topology.run(["umount", "-l", self.bpffs], check=False)
