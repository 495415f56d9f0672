# SPDX-License-Identifier: Apache-2.0
"""A backend dies: only requests that were its own fail, for no longer than fall x interval + 1 s; its share moves, no
other flow does; and it gets exactly its own flows back. Once by kill -9 of nginx, once by pulling its cable."""

import time

import lab_case
from lab_case import balancer

ports = 1500
rate = 200


def die_and_return(case, ours, victim, die, revive):
    home = lab_case.served_by(ours.requests(count=ports, ports=ports))
    case.check(len(home) == ports, f"{victim}: every source port has a backend")

    running = ours.start_requests(count=10**6, ports=ports, rate=rate, concurrency=1000, timeout=8)
    time.sleep(1)
    died_at = time.monotonic()
    die()
    seconds = ours.balancer.wait_states({victim: "down"})
    case.note(f"{victim} is seen down after {seconds:.2f} s")
    time.sleep(ports / rate + 1)
    results = running.stop()

    failed = [result for result in results if result["error"]]
    strangers = [result for result in failed if home[result["port"]] != victim]
    case.check(not strangers, f"{victim} dies: no request to another backend fails ({len(failed)} fail)", strangers[:5])
    late = [result for result in failed if result["at"] > died_at + balancer.failover_s_max]
    last = max((result["at"] for result in failed), default=died_at) - died_at
    sentence = f"{victim} dies: the last request that fails began after {last:.2f} s"
    case.check(not late, f"{sentence}, {balancer.failover_s_max} s are allowed", late[:5])
    moved = [r for r in results if not r["error"] and home[r["port"]] != victim and r["body"] != home[r["port"]]]
    case.check(not moved, f"{victim} dies: no flow of another backend moves", moved[:5])
    settled = [result for result in results if result["at"] > died_at + balancer.failover_s_max]
    heirs = {result["body"] for result in settled if home[result["port"]] == victim}
    case.check(heirs == set(ours.webs) - {victim}, f"{victim} dies: the others share its flows", heirs)

    revive()
    seconds = ours.balancer.wait_states({victim: "up"})
    case.note(f"{victim} is seen up after {seconds:.2f} s")
    # The exceptions that its flows were meanwhile end with their closing timeout.
    time.sleep(2)
    again = ours.requests(count=ports, ports=ports)
    case.check_no_failures(again, f"{victim} is back")
    changed = [port for port, name in lab_case.served_by(again).items() if name != home[port]]
    case.check(not changed, f"{victim} is back: every flow is where it was before", changed[:5])


with lab_case.running_lab(closing_timeout="1s") as (case, ours):
    die_and_return(case, ours, "b2", ours.webs["b2"].kill, ours.webs["b2"].start)
    die_and_return(case, ours, "b3", lambda: ours.network.pull_cable(3), lambda: ours.network.plug_cable(3))
