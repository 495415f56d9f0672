# SPDX-License-Identifier: Apache-2.0
"""The `lo` of a backend loses the service's address, and the tunnels of others are not taken apart. The plain check,
to the backend's own address, passes all the while; the one through the service finds both, with its reason, and finds
them well again."""

import time

import lab_case
import transfer
from lab_case import topology

plain = '{ http = "/healthz", interval = "300ms", timeout = "300ms", fall = 2, rise = 2 }'
through = plain.replace(" }", ', through = "service" }')
services = f"""
[[service]]
name = "web"
addresses = ["{topology.service_ipv4}", "{topology.service_ipv6}"]
port = 80
check = [{plain}, {through}]
backends = [
  {{ name = "b1", address = "{topology.backend_ipv4(1)}" }},
  {{ name = "b2", address = "{topology.backend_ipv4(2)}", forward = "ipip" }},
  {{ name = "b3", address = "{topology.backend_ipv6(3)}", forward = "gue" }},
]
"""


def checks_of(ours, name):
    """Of a backend: what its two checks said last."""
    one = next(one for one in ours.balancer.ask("backend", "list")["backends"] if one["name"] == name)
    return [(check["last"], check["detail"]) for check in one["checks"]["list"]]


def settled_checks_of(ours, name):
    """The same, once the direct one passed and the other one did not."""
    end = time.monotonic() + 5
    while True:
        direct, service = checks_of(ours, name)
        if (direct[0], service[0]) == ("ok", "failed") or time.monotonic() > end:
            return direct, service
        time.sleep(0.05)


def check_found(case, ours, name, what):
    took = ours.balancer.wait_states({name: "down"})
    direct, service = settled_checks_of(ours, name)
    case.check(direct[0] == "ok", f"{what}: {name}'s own address answers all the same: {direct[1]}")
    case.check(
        service == ("failed", "no connection within 300 ms"), f"{what}: found after {took:.1f} s: {service[1]}", service
    )
    texts = [event["text"] for event in ours.balancer.ask("events")["events"]]
    wanted = f"web/{name} is down: check failed (http 80 (2): no connection within 300 ms)"
    case.check(any(text.startswith(wanted) for text in texts), f"an event: {wanted}", "\n".join(texts[-12:]))
    up = sorted(name for name, state in ours.balancer.backend_states().items() if state == "up")
    case.check(up == sorted(set(ours.webs) - {name}), f"{what}: nobody else is down: {up}")
    failed = [result for result in ours.requests(count=200) if result["error"]]
    case.check(not failed, f"{what}: no client meets it", failed[:3])


def wait_warned(case, ours, wanted):
    end = time.monotonic() + 5
    while wanted not in ours.balancer.call("warnings").stdout and time.monotonic() < end:
        time.sleep(0.1)
    case.check(wanted in ours.balancer.call("warnings").stdout, f"a warning: {wanted}")


def check_own_addresses(case, ours):
    """What is sent to this machine itself never leaves it: whoever answers then is no backend."""
    service = f"{topology.service_ipv4}/32"
    own = ["ip", "-n", ours.network.balancer, "address"]
    topology.run([*own, "add", service, "dev", "lo"])
    wait_warned(case, ours, f"the service's {topology.service_ipv4} is an address of this machine")
    time.sleep(1)
    up = sorted(name for name, state in ours.balancer.backend_states().items() if state == "up")
    case.check(up == sorted(ours.webs), f"a service address that is the balancer's own takes nobody down: {up}")
    topology.run([*own, "del", service, "dev", "lo"])
    words = ["backend", "add", "web", topology.balancer_ipv4, "--name", "self", "--mac", topology.backend_mac(1)]
    ours.balancer.call(*words, "--check", "icmp,interval=300ms", "--check", "tcp,interval=300ms,through=service")
    wait_warned(case, ours, f"the backend {topology.balancer_ipv4} is this machine itself")
    state = ours.balancer.backend_states()["self"]
    case.check(state != "up", f"a backend that is the balancer itself is {state}")
    ours.balancer.call("backend", "remove", "web", "self", "--force")


with lab_case.prepared_lab() as (case, ours):
    ours.up()
    decapsulators = transfer.Decapsulators(ours, {2: ["--mode", "xdp"], 3: ["--mode", "tc", "--gue-port", "6080"]})
    with decapsulators.attached():
        ours.start_balancer(services=services)
        case.check(True, "all three ways lead to their backends: l2, ipip, gue over IPv6")

        lo = ["ip", "-n", ours.network.backend(1), "address"]
        topology.run([*lo, "del", f"{topology.service_ipv4}/32", "dev", "lo"])
        check_found(case, ours, "b1", "without the address on lo")
        topology.run([*lo, "add", f"{topology.service_ipv4}/32", "dev", "lo"])
        ours.balancer.wait_states({"b1": "up"})

    check_found_tunnels = ours.balancer.wait_states({"b2": "down", "b3": "down"})
    case.check(True, f"nobody takes the tunnels apart: found after {check_found_tunnels:.1f} s")
    for name in ("b2", "b3"):
        direct, service = settled_checks_of(ours, name)
        case.check(direct[0] == "ok" and service[0] == "failed", f"{name}: {direct[1]}, but {service[1]}")
    with decapsulators.attached():
        ours.balancer.wait_states({name: "up" for name in ours.webs})
        case.check(True, "and are well again once somebody does")
        check_own_addresses(case, ours)

    rules = topology.run(["ip", "-n", ours.network.balancer, "rule"]).stdout
    case.check("fwmark 0x6777" in rules, "marked packets have a table of their own")
    ours.balancer.control.stop()
    rules = topology.run(["ip", "-n", ours.network.balancer, "rule"]).stdout
    case.check("fwmark" not in rules, "which is gone with guidewayd", rules)
    ours.balancer.start_control()
    ours.balancer.wait_states({name: "up" for name in ours.webs})
