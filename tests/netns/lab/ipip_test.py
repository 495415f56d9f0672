# SPDX-License-Identifier: Apache-2.0
"""Two of three backends are reached through IP-in-IP tunnels, one by its IPv4 and one by its IPv6 address: all four
mixes of inner and outer family. They decapsulate in user space, so that no kernel lacks what this needs."""

import json
import pathlib
import subprocess

import lab_case
from lab_case import topology

decapsulator = pathlib.Path(__file__).with_name("decapsulate.py")


def start_decapsulator(ours, index):
    process = subprocess.Popen(
        ["ip", "netns", "exec", ours.network.backend(index), "/usr/bin/python3", str(decapsulator)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    if process.stdout.readline().strip() != "ready":
        raise topology.LabError(f"the decapsulator of b{index} did not start")
    return process


def received_packets(ours, index):
    """Packets that came out of the tunnel of a backend."""
    shown = topology.run(["ip", "-json", "-s", "-n", ours.network.backend(index), "link", "show", "decap0"]).stdout
    return json.loads(shown)[0]["stats64"]["rx"]["packets"]


forward = {"b2": ', forward = "ipip"', "b3": ', forward = "ipip"'}
with lab_case.running_lab(extra=forward, ipv6_backends=("b3",)) as (case, ours):
    decapsulators = []
    try:
        decapsulators = [start_decapsulator(ours, index) for index in (2, 3)]
        before = [received_packets(ours, index) for index in (2, 3)]
        for address in (topology.service_ipv4, topology.service_ipv6):
            results = ours.requests(address, count=1500, ports=1500)
            case.check_no_failures(results, f"{address}, l2 and ipip")
            counts = lab_case.spread(results)
            case.check(set(counts) == set(ours.webs), f"{address}: all answer: {counts}")
            downloads = ours.requests(address, count=9, path="/big", concurrency=9, timeout=30)
            case.check_no_failures(downloads, f"{address}: slow downloads, acknowledgements through the tunnel")
        through = [received_packets(ours, index) - old for index, old in zip((2, 3), before)]
        case.check(min(through) > 1500, f"the packets came through the tunnels: {through}")
    finally:
        for process in decapsulators:
            process.terminate()
            process.wait()
