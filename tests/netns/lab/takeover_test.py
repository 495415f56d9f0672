# SPDX-License-Identifier: Apache-2.0
"""guideway-xdp dies, is upgraded, leaves and returns, while 200 requests a second run, and slow downloads that only the
flow table knows the way of: not one fails, none moves. In between the program works on alone."""

import signal
import time

import lab_case
from testbed import web

ports = 1200


def program_number(ours):
    """Of the program on port0: another one has another number."""
    shown = lab_case.topology.run(["ip", "-n", ours.network.balancer, "link", "show", "port0"]).stdout
    return shown.split("prog/xdp id ")[1].split()[0]


def remembered(ours):
    return sum(worker["flows_remembered"] for worker in ours.balancer.ask("stats")["workers"])


def downloads_from(ours, name, home, count=3):
    chosen = [port for port, served in sorted(home.items()) if served == name][:count]
    started = [ours.start_requests(count=1, first_port=port, ports=1, path="/big", timeout=40) for port in chosen]
    time.sleep(0.5)
    return started


def check_steady(case, results, home, what):
    case.check_no_failures(results, what)
    moved = [result for result in results if result["body"] != home[result["port"]]]
    case.check(not moved, f"{what}: no flow moved", moved[:5])


def steady(ours):
    return ours.start_requests(count=10**6, ports=ports, rate=200, concurrency=500, timeout=8)


with lab_case.running_lab(closing_timeout="1s") as (case, ours):
    guideway = ours.balancer
    datapath = guideway.datapath
    home = lab_case.served_by(ours.requests(count=ports, ports=ports))
    sources = lab_case.served_by(ours.requests(count=100, first_port=50_000, ports=100))

    running = steady(ours)
    first = program_number(ours)
    datapath.kill()
    time.sleep(2)
    case.check(program_number(ours) == first, "kill -9 of guideway-xdp: its program is at work without it")
    guideway.start_datapath()
    case.check(program_number(ours) != first, "the next one replaces the program")
    guideway.wait_states({name: "up" for name in ours.webs})
    time.sleep(1)
    check_steady(case, running.stop(), home, "kill -9, 2 s without it, restart")

    # While b2 is down others take its flows, which then are exceptions: without memory they would go to b2 once it is
    # back.
    ours.webs["b2"].kill()
    guideway.wait_states({"b2": "down"})
    downloads = downloads_from(ours, "b2", sources)
    ours.webs["b2"].start()
    guideway.wait_states({"b2": "up"})
    held = remembered(ours)
    case.check(held >= len(downloads), f"{held} flows are remembered")
    for number, what in ((signal.SIGUSR2, "upgrade"), (signal.SIGKILL, "kill -9")):
        before = program_number(ours)
        datapath.signal(number)
        case.check(datapath.wait_gone(5), f"{what}: the process has gone")
        guideway.start_datapath()
        case.check(program_number(ours) != before, f"{what}: another program is at work")
    guideway.wait_states({name: "up" for name in ours.webs})
    results = [result for each in downloads for result in each.results()]
    case.check_no_failures(results, "upgrade and kill -9 during downloads that are remembered")
    whole = all(r["bytes"] == web.big_bytes and not r["body"].startswith("b2 ") for r in results)
    case.check(whole, "they are whole, and from where they began", results)

    time.sleep(2)
    running = steady(ours)
    for _ in range(5):
        time.sleep(0.5)
        datapath.signal(signal.SIGUSR2)
        datapath.wait_gone(5)
        guideway.start_datapath()
    guideway.wait_states({name: "up" for name in ours.webs})
    time.sleep(1)
    check_steady(case, running.stop(), home, "5 upgrades under load")
