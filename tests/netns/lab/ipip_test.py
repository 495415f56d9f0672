# SPDX-License-Identifier: Apache-2.0
"""Two of three backends are reached through IP-in-IP tunnels, one by its IPv4 and one by its IPv6 address: all four
mixes of inner and outer family. guideway-decapsulate takes the outer headers off, at one in XDP and at the other in tc,
so that no kernel lacks what this needs."""

import lab_case
import transfer
from lab_case import topology

modes = {2: "xdp", 3: "tc"}
expected = ("decapsulated_ipip", "kernel_not_tunnel")


forward = {"b2": ', forward = "ipip"', "b3": ', forward = "ipip"'}
with lab_case.running_lab(extra=forward, ipv6_backends=("b3",)) as (case, ours):
    decapsulators = transfer.Decapsulators(ours, {index: ["--mode", mode] for index, mode in modes.items()})
    with decapsulators.attached():
        for address in (topology.service_ipv4, topology.service_ipv6):
            before = [decapsulators.status(index)["outcomes"]["decapsulated_ipip"] for index in modes]
            results = ours.requests(address, count=1500, ports=1500)
            case.check_no_failures(results, f"{address}, l2 and ipip")
            counts = lab_case.spread(results)
            case.check(set(counts) == set(ours.webs), f"{address}: all answer: {counts}")
            downloads = ours.requests(address, count=9, path="/big", concurrency=9, timeout=30)
            case.check_no_failures(downloads, f"{address}: slow downloads, acknowledgements through the tunnel")
            after = [decapsulators.status(index)["outcomes"]["decapsulated_ipip"] for index in modes]
            through = [new - old for old, new in zip(before, after)]
            case.check(min(through) > 1500, f"{address}: the packets came through the tunnels: {through}")
        for index, mode in modes.items():
            counted = decapsulators.status(index)
            outcomes = counted["outcomes"]
            case.check(counted["mode"].startswith(mode), f"b{index} takes headers off in {counted['mode']}")
            case.check(counted["received"] == sum(outcomes.values()), f"b{index}: every packet is accounted for")
            refused = {name: n for name, n in outcomes.items() if n and name not in expected}
            case.check(not refused, f"b{index} refused nothing: {refused}")
