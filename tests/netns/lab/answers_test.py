# SPDX-License-Identifier: Apache-2.0
"""What the balancer answers by itself: echo requests to service addresses, also when every backend is down, and
refusals of a service that has nobody left, which clients feel at once and not after a timeout."""

import time

import lab_case
import transfer
from lab_case import lab, topology

refused_s_max = 1.0
services = """
[[service]]
name = "alive"
addresses = ["{v4}", "{v6}"]
port = 80
backends = [{{ name = "b1", address = "{b1}" }}, {{ name = "b2", address = "{b2}" }}]
check = {{ http = "/healthz", interval = "200ms", timeout = "200ms", fall = 2, rise = 1 }}

[[service]]
name = "refuses"
addresses = ["{v4}", "{v6}"]
port = 81
protocol = "tcp+udp"
when_none = "reject"
backends = [{{ name = "b1", address = "{b1}" }}]
check = {{ type = "tcp", port = 9, interval = "500ms" }}

[[service]]
name = "drops"
addresses = ["{v4}", "{v6}"]
port = 82
backends = [{{ name = "b1", address = "{b1}" }}]
check = {{ type = "tcp", port = 9, interval = "500ms" }}
""".format(
    v4=topology.service_ipv4, v6=topology.service_ipv6, b1=topology.backend_ipv4(1), b2=topology.backend_ipv4(2)
)
curl_refused, curl_timeout = 7, 28


def check_echo(case, ours, when):
    before = lab_case.exits(ours.balancer)["answered_echo"]
    for address in (topology.service_ipv4, topology.service_ipv6):
        case.check(lab.ping(ours.network.client, address), f"ping {address} is answered, once, {when}")
        for size in ("0", "1400"):
            ping = ["ping", "-n", "-c1", "-W1", "-s", size, "-M", "do", address]
            done = topology.run(["ip", "netns", "exec", ours.network.client, *ping], check=False)
            case.check("1 received" in done.stdout, f"and with {size} bytes", done.stdout)
    answered = lab_case.exits(ours.balancer)["answered_echo"] - before
    case.check(answered == 10, f"the balancer answered {answered} of 10, and no backend did")


def curl(ours, family, port):
    began = time.monotonic()
    url = transfer.url_of(family, port, "")
    code = topology.run(["ip", "netns", "exec", ours.network.client, "curl", "-s", "-m2", url], check=False).returncode
    return code, time.monotonic() - began


def check_refusals(case, ours, port, what):
    before = lab_case.exits(ours.balancer)["answered_reject"]
    for family in (4, 6):
        code, seconds = curl(ours, family, port)
        case.check(
            code == curl_refused and seconds < refused_s_max,
            f"{what}, IPv{family}, TCP: refused after {seconds:.2f} s",
            f"curl ends with {code}",
        )
        if port == 81:
            result = transfer.Transfers(ours).datagrams(family, port, lengths=(100,))[0]
            case.check(
                "refused" in str(result["error"]) and result["seconds"] < refused_s_max,
                f"{what}, IPv{family}, UDP: refused after {result['seconds']:.2f} s",
                result,
            )
    refused = lab_case.exits(ours.balancer)["answered_reject"] - before
    case.check(refused >= (4 if port == 81 else 2), f"the balancer refused {refused} packets")


with lab_case.prepared_lab(backends=2) as (case, ours):
    ours.up()
    ours.start_balancer(services=services, up=("alive/b1", "alive/b2"))
    check_echo(case, ours, "while backends are up")
    case.check(curl(ours, 4, 80)[0] == 0, "the service itself is served")
    check_refusals(case, ours, 81, 'when_none = "reject"')
    for family in (4, 6):
        code, _ = curl(ours, family, 82)
        case.check(code == curl_timeout, f'when_none = "drop", IPv{family}: silence, as asked for', code)
    for web in ours.webs.values():
        web.kill()
    ours.balancer.wait_states({"b1": "down", "b2": "down"})
    check_echo(case, ours, "with every backend down")
