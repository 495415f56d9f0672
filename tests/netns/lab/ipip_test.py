# SPDX-License-Identifier: Apache-2.0
"""Two of three backends are reached through IP-in-IP tunnels, one by its IPv4 and one by its IPv6 address: all four
mixes of inner and outer family. guideway-decapsulate takes the outer headers off, at one in XDP and at the other in tc,
so that no kernel lacks what this needs."""

import contextlib
import json

import lab_case
from lab_case import balancer, topology

modes = {2: "xdp", 3: "tc"}
expected = ("decapsulated_ipip", "kernel_not_tunnel")


class Decapsulators:
    """guideway-decapsulate on b2 and b3; all that they pin is in a BPF filesystem of this lab's own."""

    def __init__(self, ours):
        self.ours = ours
        self.bpffs = ours.folder / "bpf"

    def call(self, index, command, *words):
        inside = ["ip", "netns", "exec", self.ours.network.backend(index)]
        program = [balancer.program("guideway-decapsulate"), command, "--interface", "eth0", "--bpffs", self.bpffs]
        return topology.run([*inside, *program, *words]).stdout

    @contextlib.contextmanager
    def attached(self):
        self.bpffs.mkdir()
        topology.run(["mount", "-t", "bpf", "bpf", self.bpffs])
        try:
            for index, mode in modes.items():
                allow = ["--allow", topology.balancer_ipv4, "--allow", topology.balancer_ipv6]
                self.call(index, "attach", "--mode", mode, *allow)
            yield
            for index in modes:
                self.call(index, "detach")
        finally:
            topology.run(["umount", self.bpffs], check=False)
            self.bpffs.rmdir()

    def counters(self, index):
        return json.loads(self.call(index, "status", "--json"))


forward = {"b2": ', forward = "ipip"', "b3": ', forward = "ipip"'}
with lab_case.running_lab(extra=forward, ipv6_backends=("b3",)) as (case, ours):
    decapsulators = Decapsulators(ours)
    with decapsulators.attached():
        for address in (topology.service_ipv4, topology.service_ipv6):
            before = [decapsulators.counters(index)["outcomes"]["decapsulated_ipip"] for index in modes]
            results = ours.requests(address, count=1500, ports=1500)
            case.check_no_failures(results, f"{address}, l2 and ipip")
            counts = lab_case.spread(results)
            case.check(set(counts) == set(ours.webs), f"{address}: all answer: {counts}")
            downloads = ours.requests(address, count=9, path="/big", concurrency=9, timeout=30)
            case.check_no_failures(downloads, f"{address}: slow downloads, acknowledgements through the tunnel")
            after = [decapsulators.counters(index)["outcomes"]["decapsulated_ipip"] for index in modes]
            through = [new - old for old, new in zip(before, after)]
            case.check(min(through) > 1500, f"{address}: the packets came through the tunnels: {through}")
        for index, mode in modes.items():
            counted = decapsulators.counters(index)
            outcomes = counted["outcomes"]
            case.check(counted["mode"].startswith(mode), f"b{index} takes headers off in {counted['mode']}")
            case.check(counted["received"] == sum(outcomes.values()), f"b{index}: every packet is accounted for")
            refused = {name: n for name, n in outcomes.items() if n and name not in expected}
            case.check(not refused, f"b{index} refused nothing: {refused}")
