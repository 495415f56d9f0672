# SPDX-License-Identifier: Apache-2.0
"""A pool of two loses its quorum and a backup serves in its place, and gives the place back: new requests go where they
should, downloads that are under way stay where they began, both times. Programs are told of the quorum."""

import time

import lab_case
from downloads import check_downloads, downloads_from
from testbed import topology

check = '{ http = "/healthz", interval = "500ms", timeout = "500ms", fall = 2, rise = 2 }'
services = """
[[service]]
name = "web"
addresses = ["{ipv4}", "{ipv6}"]
port = 80
closing_timeout = "1s"
check = {check}
quorum = 2
quorum_up = ["{hook}", "again"]
quorum_down = "{hook}"
backup_pool = "sorry"
backends = [
  {{ name = "b1", address = "{b1}" }},
  {{ name = "b2", address = "{b2}" }},
]

[[pool]]
name = "sorry"
check = {check}
backends = [{{ name = "b3", address = "{b3}" }}]
"""


def write_hook(folder):
    hook = folder / "hook"
    line = "$GUIDEWAY_POOL $GUIDEWAY_QUORUM $GUIDEWAY_SERVE $1"
    hook.write_text(f'#!/bin/sh\necho "{line}" >>{folder}/told\necho told\n')
    hook.chmod(0o755)
    return hook


def told(ours):
    file = ours.balancer.folder / "told"
    return [line.split() for line in file.read_text().splitlines()] if file.exists() else []


def wait_served_by(case, ours, pool, seconds=10):
    began = time.monotonic()
    while ours.balancer.ask("service", "show", "web")["served_by"] != pool and time.monotonic() - began < seconds:
        time.sleep(0.05)
    took = time.monotonic() - began
    return case.check(took < seconds, f"pool {pool} serves after {took:.1f} s")


def wait_told(case, ours, wanted, sentence, seconds=15):
    end = time.monotonic() + seconds
    while [state for _, state, *_ in told(ours)] != wanted and time.monotonic() < end:
        time.sleep(0.05)
    said = [state for _, state, *_ in told(ours)]
    case.check(said == wanted, sentence, said)


def check_metrics(case, ours, backup_serves, serving_up):
    told_now = ours.balancer.metrics()
    found = tuple(told_now[f"guideway_service_{name}"] for name in ("backup_serves", "serving_backends_up"))
    case.check(found == (backup_serves, serving_up), f"metrics tell of the pool that serves: {found}")


def who_serves(ours):
    return set(lab_case.spread(ours.requests(count=300, first_port=40_000)))


with lab_case.prepared_lab() as (case, ours):
    ours.up()
    addresses = {f"b{number}": topology.backend_ipv4(number) for number in (1, 2, 3)}
    hook = write_hook(ours.balancer.folder)
    ours.start_balancer(
        services=services.format(
            check=check, hook=hook, ipv4=topology.service_ipv4, ipv6=topology.service_ipv6, **addresses
        )
    )
    home = lab_case.served_by(ours.requests(count=200, first_port=50_000, ports=200))
    case.check(set(home.values()) == {"b1", "b2"}, "the backup costs nobody anything while it is not needed")
    check_metrics(case, ours, 0, 2)

    started = downloads_from(ours, "b1", home)
    ours.webs["b2"].kill()
    wait_served_by(case, ours, "sorry")
    time.sleep(0.3)
    case.check(who_serves(ours) == {"b3"}, "below the quorum new requests go to the backup")
    warned = "pool sorry serves in the place of pool web" in ours.balancer.call("status").stdout
    case.check(warned, "status warns of it")
    check_metrics(case, ours, 1, 1)
    serves = ours.balancer.ask("backend", "show", "sorry/b3")["services"]
    case.check(serves == ["web"], f"the backup's backend serves {serves}")
    check_downloads(case, started, "b1", "the backup takes over")
    said = told(ours)
    case.check(said == [["web", "up", "2", "again"], ["web", "down", "1"]], "the hook was told, each time once", said)
    texts = [event["text"] for event in ours.balancer.ask("events")["events"]]
    for wanted in (
        f"pool web: {hook}, told that its quorum is lost, ended well: told",
        "pool web is below its quorum: pool sorry serves",
    ):
        case.check(wanted in texts, f"an event: {wanted}", "\n".join(texts[-20:]))

    ours.balancer.control.stop()
    ours.balancer.start_control()
    wait_served_by(case, ours, "sorry", seconds=2)
    case.check(who_serves(ours) == {"b3"}, "a restart of guidewayd changes nothing")

    # A pool that a guidewayd has not known has 5 s to show its quorum.
    wait_told(case, ours, ["up", "down", "down"], "a guidewayd that was restarted tells the hook how it is")
    moved = lab_case.served_by(ours.requests(count=200, first_port=50_000, ports=200))
    started = downloads_from(ours, "b3", moved)
    ours.webs["b2"].start()
    wait_served_by(case, ours, "web")
    time.sleep(0.3)
    case.check(who_serves(ours) == {"b1", "b2"}, "with its quorum the pool has its new requests again")
    check_downloads(case, started, "b3", "the pool is back")
    wait_told(case, ours, ["up", "down", "down", "up"], "so the hook was told")

    for name in ("b1", "b2", "b3"):
        ours.webs[name].kill()
    ours.balancer.wait_states({name: "down" for name in ours.webs})
    wait_served_by(case, ours, "web", seconds=15)
    ours.webs["b1"].start()
    ours.balancer.wait_states({"b1": "up"}, seconds=20)
    case.check(who_serves(ours) == {"b1"}, "with nobody's quorum the pool serves with what is left")
