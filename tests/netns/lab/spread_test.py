# SPDX-License-Identifier: Apache-2.0
"""10,000 requests over three backends, IPv4 and IPv6: none fails, the spread is not rejected at 1 %, the command line
foretells where each goes, and nothing is remembered. Key, names and source ports are fixed, so the spread is the same
on every run."""

import lab_case
from lab_case import topology

# Chi-square with two degrees of freedom exceeds this in 1 % of all fair spreads.
chi_square_max = 9.21

with lab_case.running_lab() as (case, ours):
    for address, source in (
        (topology.service_ipv4, topology.client_ipv4 + ":{}"),
        (topology.service_ipv6, "[" + topology.client_ipv6 + "]:{}"),
    ):
        results = ours.requests(address, count=10_000, ports=10_000, concurrency=32)
        case.check_no_failures(results, address)
        counts = lab_case.spread(results)
        expected = len(results) / 3
        chi_square = sum((counts.get(name, 0) - expected) ** 2 / expected for name in ours.webs)
        case.check(chi_square < chi_square_max, f"{address}: {counts} is a fair spread, chi-square {chi_square:.2f}")
        served = lab_case.served_by(results)
        destination = f"[{address}]:80" if ":" in address else f"{address}:80"
        foretold = {}
        for port in range(lab_case.first_port, lab_case.first_port + 25):
            foretold[port] = ours.balancer.explain("tcp", source.format(port), destination)
        wrong = {port: (said, served.get(port)) for port, said in foretold.items() if said != served.get(port)}
        case.check(not wrong, f"{address}: explain names the backend that answered, for 25 flows", wrong)

    stats = ours.balancer.ask("stats")
    remembered = sum(worker["flows_inserted"] for worker in stats["workers"])
    case.check(remembered == 0, "in the steady state of a Maglev service nothing is remembered", remembered)
    opened = {backend["name"]: backend["opened"] for backend in stats["backends"]}
    case.check(sum(opened.values()) >= 20_000, "each request was counted at its backend", opened)

    told = ours.balancer.metrics()
    prefix = "guideway_worker_"
    if ours.balancer.xdp:
        case.check(prefix + "cycles_total" not in told, "XDP measures no load, and none is told")
    else:
        load = told[prefix + "busy_cycles_total"] / told[prefix + "cycles_total"]
        case.check(0 < load < 1, f"the worker tells its load, {load:.2f}")
        bursts, packets = told[prefix + "burst_packets_count"], told[prefix + "burst_packets_sum"]
        case.check(0 < bursts <= packets, f"{packets:.0f} packets came in {bursts:.0f} bursts")
        timed, latency_s = told[prefix + "latency_seconds_count"], told[prefix + "latency_seconds_sum"]
        case.check(
            0 < timed < bursts and 0 < latency_s / timed < 1,
            f"{timed:.0f} of them were timed: {latency_s / max(timed, 1) * 1e6:.1f} us on average",
        )
