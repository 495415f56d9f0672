# SPDX-License-Identifier: Apache-2.0
"""Slow downloads that are under way while something happens: whether they came whole, and from whom they began with."""

import time

from lab_case import topology
from testbed import web


def downloads_from(ours, name, home, count=3):
    """Slow downloads that are under way when this returns, all from the named backend."""
    chosen = [port for port, served in sorted(home.items()) if served == name][:count]
    started = [ours.start_requests(count=1, first_port=port, ports=1, path="/big", timeout=30) for port in chosen]
    show = ["ip", "netns", "exec", ours.network.client, "ss", "-tnH", "state", "established"]
    end = time.monotonic() + 10
    while not all(f":{port} " in topology.run(show).stdout for port in chosen):
        if time.monotonic() > end:
            raise topology.LabError(f"downloads from ports {chosen} did not begin")
        time.sleep(0.05)
    return started


def check_downloads(case, started, name, what):
    results = [result for each in started for result in each.results()]
    case.check_no_failures(results, f"{what}: downloads from {name}")
    case.check(
        all(r["bytes"] == web.big_bytes and r["body"] == f"{name} sends this slowly" for r in results),
        f"{what}: they are whole and from {name}",
        results,
    )
