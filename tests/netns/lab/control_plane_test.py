# SPDX-License-Identifier: Apache-2.0
"""The control plane may die at any time: no request fails, an edit that was acknowledged is not lost, and a file with
a mistake changes nothing. The datapath may die too: it is published to again as soon as it is back."""

import time

import lab_case

ports = 1200

with lab_case.running_lab() as (case, ours):
    guideway = ours.balancer
    home = lab_case.served_by(ours.requests(count=ports, ports=ports))
    steady = ours.start_requests(count=10**6, ports=ports, rate=200, concurrency=500, timeout=8)

    guideway.control.kill()
    time.sleep(2)
    guideway.start_control()
    guideway.wait_states({name: "up" for name in ours.webs})
    time.sleep(1)
    during = steady.stop()
    case.check_no_failures(during, "kill -9 of the control plane, 2 s without one, restart")
    moved = [result for result in during if result["body"] != home[result["port"]]]
    case.check(not moved, "nobody noticed: every flow is where it was", moved[:5])

    steady = ours.start_requests(count=10**6, ports=ports, rate=200, concurrency=500, timeout=8)
    before = guideway.ask("service", "list")
    good = guideway.config.read_text()
    guideway.config.write_text(good.replace('address = "10.0.0.12"', 'address = "10.0.0.1200"'))
    refused = guideway.call("config", "apply", str(guideway.config), check=False)
    said = refused.stdout + refused.stderr
    case.check(refused.returncode != 0, "an invalid file is refused with an exit code", refused.returncode)
    case.check("lab.toml" in said and "address" in said, "the message names file and key", said)
    line = 1 + next(i for i, text in enumerate(guideway.config.read_text().splitlines()) if "10.0.0.1200" in text)
    case.check(f":{line}" in said, f"and the line, {line}", said)
    time.sleep(1)
    names = [service["name"] for service in guideway.ask("service", "list")["services"]]
    case.check(names == [service["name"] for service in before["services"]], "the old configuration stays")
    case.check(
        guideway.call("config", "check", str(guideway.config), check=False).returncode != 0, "check says no, too"
    )
    guideway.config.write_text(good)
    case.check(
        guideway.call("config", "apply", str(guideway.config), check=False).returncode == 0, "a good file is taken"
    )
    time.sleep(0.5)
    case.check_no_failures(steady.stop(), "reload with an invalid file, and then with a good one")

    lost = []
    for weight in (7, 2, 9, 4, 1):
        guideway.call("backend", "weight", "web/b2", str(weight))
        guideway.control.kill()
        guideway.start_control()
        found = [b["weight"] for b in guideway.ask("backend", "list")["backends"] if b["name"] == "b2"]
        if found != [weight]:
            lost.append((weight, found))
    case.check(not lost, "kill -9 right after the prompt returns loses no edit, 5 times", lost)
    guideway.wait_states({name: "up" for name in ours.webs})

    guideway.datapath.kill()
    time.sleep(0.5)
    guideway.start_datapath()
    began = time.monotonic()
    while time.monotonic() < began + 10:
        if not any(result["error"] for result in ours.requests(count=30, timeout=1)):
            break
    seconds = time.monotonic() - began
    case.check(seconds < 8, f"a new datapath serves again after {seconds:.1f} s")
    guideway.wait_states({name: "up" for name in ours.webs})
    again = lab_case.served_by(ours.requests(count=ports, ports=ports))
    case.check(again == home, "every flow goes where it went before, on the new datapath")
