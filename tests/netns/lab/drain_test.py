# SPDX-License-Identifier: Apache-2.0
"""An operator drains, enables, re-weights, removes and adds a backend while 200 requests a second and slow downloads
run: not one fails, downloads from a leaving backend are whole, new requests go elsewhere."""

import time

import lab_case
from downloads import check_downloads, downloads_from

ports = 1200


def check_gone(case, ours, name, what):
    counts = lab_case.spread(ours.requests(count=600, first_port=40_000))
    case.check(name not in counts and len(counts) == 2, f"{what}: new requests go to the others: {counts}")


with lab_case.running_lab(closing_timeout="1s") as (case, ours):
    call = ours.balancer.call
    # The download ports are taken from a range of their own, so that the steady requests do not use them.
    home = lab_case.served_by(ours.requests(count=100, first_port=50_000, ports=100))
    original = lab_case.served_by(ours.requests(count=ports, ports=ports))
    steady = ours.start_requests(count=10**6, ports=ports, rate=200, concurrency=500, timeout=8)

    started = downloads_from(ours, "b1", home)
    call("backend", "drain", "web/b1")
    case.check(ours.balancer.wait_states({"b1": "draining"}) < 2, "drain: it takes effect at once")
    check_gone(case, ours, "b1", "drain")
    check_downloads(case, started, "b1", "drain")
    call("backend", "enable", "web/b1")
    ours.balancer.wait_states({"b1": "up"})
    counts = lab_case.spread(ours.requests(count=600, first_port=40_000))
    case.check(set(counts) == set(ours.webs), f"enable: it takes requests again: {counts}")

    started = downloads_from(ours, "b1", home, count=1)
    words = ["host", "drain", "10.0.0.11", "--timeout", "60s", "--wait", "--quiet", "3s"]
    waiting = ours.balancer.call_in_background(*words)
    ours.balancer.wait_states({"b1": "draining"})
    check_downloads(case, started, "b1", "host drain --wait")
    ended = time.monotonic()
    said, _ = waiting.communicate(timeout=60)
    waited = time.monotonic() - ended
    case.check(waiting.returncode == 0, "host drain --wait: it says when nothing is left", said)
    case.check(2 < waited < 15, f"host drain --wait: {waited:.1f} s after the last packet, with --quiet 3s")
    told = "quiet for 0 s, disabled in" in said
    case.check(told, "host drain --wait: it tells that packets come, and when it would end", said)
    call("host", "enable", "10.0.0.11")
    ours.balancer.wait_states({"b1": "up"})

    started = downloads_from(ours, "b3", home)
    call("backend", "weight", "web/b3", "3")
    time.sleep(1)
    counts = lab_case.spread(ours.requests(count=3000, first_port=30_000))
    share = counts.get("b3", 0) / 3000
    case.check(0.55 < share < 0.65, f"weight 3 of 5: b3 takes {share:.0%} of the new requests")
    check_downloads(case, started, "b3", "weight")
    call("backend", "weight", "web/b3", "1")

    started = downloads_from(ours, "b2", home)
    call("backend", "remove", "web/b2")
    time.sleep(0.5)
    check_gone(case, ours, "b2", "removal")
    check_downloads(case, started, "b2", "removal")
    call("backend", "add", "web", "10.0.0.12", "--name", "b2")
    ours.balancer.wait_states({"b2": "up"})
    counts = lab_case.spread(ours.requests(count=600, first_port=40_000))
    case.check(set(counts) == set(ours.webs), f"adding it again: it takes requests: {counts}")

    results = steady.stop()
    case.check_no_failures(results, "drain, enable, weight, removal and addition")
    time.sleep(2)
    back = lab_case.served_by(ours.requests(count=ports, ports=ports))
    case.check(back == original, "in the end the table is what it was in the beginning")

    began = time.monotonic()
    call("service", "drain", "web", "--timeout", "4s")
    ours.balancer.wait_states({name: "draining" for name in ours.webs})
    ours.balancer.wait_states({name: "down" for name in ours.webs})
    took = time.monotonic() - began
    case.check(4 <= took < 8, f"service drain --timeout 4s: disabled after {took:.1f} s")
    call("service", "enable", "web")
    ours.balancer.wait_states({name: "up" for name in ours.webs})
