# SPDX-License-Identifier: Apache-2.0
"""All checks fail although every server is well: somebody mistyped their path. A pool that knows panic goes on serving
and says so; one without it is down. And a backend whose server comes and goes is held longer each time."""

import time

import lab_case

panic_percent = 50


def apply(ours, old, new):
    ours.balancer.config.write_text(ours.balancer.config.read_text().replace(old, new))
    ours.balancer.call("config", "apply", ours.balancer.config)


def shown(ours, name):
    return next(one for one in ours.balancer.ask("backend", "list")["backends"] if one["name"] == name)


def wait_reason(case, ours, name, reason, seconds=10):
    end = time.monotonic() + seconds
    while shown(ours, name)["reason"] != reason and time.monotonic() < end:
        time.sleep(0.05)
    one = shown(ours, name)
    return case.check(one["reason"] == reason, f"{name} is {one['state']} ({one['reason']}), {reason} was wanted")


def check_panic(case, ours):
    apply(ours, "slow_start =", f"panic_percent = {panic_percent}\nslow_start =")
    home = lab_case.served_by(ours.requests(count=600, ports=600))
    steady = ours.start_requests(count=10**6, first_port=30_000, ports=1000, rate=100, timeout=8)
    apply(ours, 'http = "/healthz"', 'http = "/upload/mistyped"')
    for name in ours.webs:
        wait_reason(case, ours, name, "panic")
    case.check(shown(ours, "b1")["operational"] == "check failed", "the truth is still shown beside it")
    case.check("is in panic" in ours.balancer.call("status").stdout, "status warns of it")
    case.check_no_failures(steady.stop(), "while all checks begin to fail")
    again = lab_case.served_by(ours.requests(count=600, ports=600))
    case.check(again == home, "in panic every flow is where it was")
    apply(ours, f"panic_percent = {panic_percent}", "panic_percent = 0")
    for name in ours.webs:
        wait_reason(case, ours, name, "check failed")
    failed = [result for result in ours.requests(count=20, timeout=1) if result["error"]]
    case.check(len(failed) == 20, "without panic nobody serves")
    apply(ours, 'http = "/upload/mistyped"', 'http = "/healthz"')
    ours.balancer.wait_states({name: "up" for name in ours.webs})


def check_flapping(case, ours):
    """Its first fall was that of all, above."""
    for fall in (2, 3):
        ours.webs["b2"].kill()
        ours.balancer.wait_states({"b2": "down"})
        fell = time.monotonic()
        ours.webs["b2"].start()
        if fall == 2:
            ours.balancer.wait_states({"b2": "up"})
    wait_reason(case, ours, "b2", "held")
    case.check("held" in ours.balancer.call("status").stdout, "status warns of it")
    ours.balancer.wait_states({"b2": "up"}, seconds=20)
    held = time.monotonic() - fell
    case.check(9 < held < 12, f"the third fall holds b2 for 10 s: it was up again after {held:.1f} s")
    counts = lab_case.spread(ours.requests(count=600, first_port=40_000))
    case.check(set(counts) == set(ours.webs), f"and it takes requests again: {counts}")


with lab_case.running_lab(closing_timeout="1s") as (lab_state, lab_itself):
    check_panic(lab_state, lab_itself)
    check_flapping(lab_state, lab_itself)
