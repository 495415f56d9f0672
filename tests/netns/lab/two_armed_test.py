# SPDX-License-Identifier: Apache-2.0
"""guideway-xdp between two links: requests come in by port0 from a router that is not on the servers' segment, and
leave by port1 (XDP_REDIRECT). All are answered, in fair parts, through an upgrade too."""

import signal
import time

import lab_case
from lab_case import balancer, topology

inner_ipv4, outer_ipv4 = "10.1.0.1", "10.1.0.2"
inner_ipv6, outer_ipv6 = "fd01::1", "fd01::2"
ports = 1200


def make_second_arm(ours):
    net = ours.network
    batch = topology.batch
    batch(["link set to-lb nomaster"], net.network)
    batch([f"address add {outer_ipv4}/30 dev to-lb", f"address add {outer_ipv6}/64 dev to-lb nodad"], net.network)
    net.cable(net.balancer, "port1", "to-lb1")
    ours.balancer.xdp.ports["port1"] = "to-lb1"
    ours.balancer.xdp.face = "port1"
    ours.balancer.xdp.prepare(balancer.program("guideway-xdp"))
    batch([f"address add {inner_ipv4}/30 dev port0", f"address add {inner_ipv6}/64 dev port0 nodad"], net.balancer)


def sent_by(ours, device):
    """Packets that came out of a port, at the other end of its cable."""
    path = f"/sys/class/net/{device}/statistics/rx_packets"
    return int(topology.run(["ip", "netns", "exec", ours.network.network, "cat", path]).stdout)


with lab_case.prepared_lab() as (case, ours):
    ours.up()
    make_second_arm(ours)
    ours.balancer.write_config()
    ours.balancer.start()
    ours.network.route_service(inner_ipv4, inner_ipv6)
    ours.balancer.wait_states({name: "up" for name in ours.webs})
    shown = [(port["number"], port["name"]) for port in ours.balancer.ask("status")["datapath"]["ports"]]
    case.check(shown == [(0, "port0"), (1, "port1")], "the datapath has two ports", shown)

    for address in (topology.service_ipv4, topology.service_ipv6):
        before = [sent_by(ours, device) for device in ("to-lb", "to-lb1")]
        results = ours.requests(address, count=3000, ports=3000)
        case.check_no_failures(results, address)
        counts = lab_case.spread(results)
        case.check(all(800 < counts.get(name, 0) < 1200 for name in ours.webs), f"{address}: a fair spread: {counts}")
        by_port0, by_port1 = [sent_by(ours, d) - was for d, was in zip(("to-lb", "to-lb1"), before)]
        case.check(by_port1 > 4 * 3000 and by_port0 < 500, f"{address}: they left by port1: {by_port0}, {by_port1}")
    downloads = ours.requests(count=6, path="/big", concurrency=6, timeout=30)
    case.check_no_failures(downloads, "slow downloads")

    home = lab_case.served_by(ours.requests(count=ports, ports=ports))
    steady = ours.start_requests(count=10**6, ports=ports, rate=200, concurrency=500, timeout=8)
    for number in (signal.SIGUSR2, signal.SIGKILL):
        time.sleep(1)
        ours.balancer.datapath.signal(number)
        ours.balancer.datapath.wait_gone(5)
        ours.balancer.start_datapath()
    time.sleep(1)
    results = steady.stop()
    case.check_no_failures(results, "upgrade and kill -9")
    case.check(all(r["body"] == home[r["port"]] for r in results), "upgrade and kill -9: no flow moved")
