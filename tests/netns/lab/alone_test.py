# SPDX-License-Identifier: Apache-2.0
"""The lab without a balancer: a plain route to one backend. What fails here is the lab's fault, not Guideway's."""

import lab_case
from lab_case import lab, topology

with lab_case.running_lab(balanced=False) as (case, ours):
    for address in (topology.service_ipv4, topology.service_ipv6):
        results = ours.requests(address, count=500)
        case.check_no_failures(results, f"{address}, straight to b1")
        case.check(lab_case.spread(results) == {"b1": 500}, f"{address}: b1 answers all", lab_case.spread(results))
    slow = ours.requests(count=1, path="/big", timeout=20)
    case.check_no_failures(slow, "a slow download")
    case.check(slow[0]["bytes"] == 2 * 1024 * 1024 and slow[0]["seconds"] > 5, "it is whole and slow", slow)
    case.check(lab.ping(ours.network.client, topology.backend_ipv6(3)), "the client reaches the segment")
    ours.webs["b1"].kill()
    refused = ours.requests(count=1)
    case.check("Errno 111" in (refused[0]["error"] or ""), "kill -9 leaves nobody on port 80", refused)
