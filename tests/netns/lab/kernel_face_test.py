# SPDX-License-Identifier: Apache-2.0
"""What no service claims goes through the kernel face, both ways: ARP, neighbour discovery, ping and TCP of the box
itself. And a backend that gets another MAC address is followed within a second."""

import subprocess
import time

import lab_case
from lab_case import lab, topology

follow_s_max = 1.0


def check_kernel_traffic(case, ours):
    net = ours.network
    backend = net.backend(1)
    topology.run(["ip", "-n", backend, "neigh", "flush", "dev", "eth0"])
    case.check(lab.ping(backend, topology.balancer_ipv4), "ARP and ping: backend to balancer")
    case.check(lab.ping(backend, topology.balancer_ipv6), "neighbour discovery and ping: backend to balancer")
    case.check(lab.ping(net.client, topology.balancer_ipv4), "ping: client to balancer, through the router")
    case.check(lab.ping(net.client, topology.balancer_ipv6), "the same over IPv6")
    case.check(lab.ping(net.balancer, topology.backend_ipv4(2)), "ping: balancer to backend")
    case.check(lab.ping(net.balancer, topology.client_ipv6), "ping: balancer to client, IPv6")
    known = topology.run(["ip", "-n", backend, "neigh", "show", topology.balancer_ipv4]).stdout
    port = topology.run(["ip", "-n", net.balancer, "link", "show", "port0"]).stdout
    mac = known.split("lladdr ")[1].split()[0] if "lladdr" in known else None
    case.check(mac and mac in port, "the kernel face answers with the port's own MAC address", (known, port))
    server = subprocess.Popen(
        ["ip", "netns", "exec", net.balancer, "/usr/bin/python3", "-m", "http.server", "8080", "--bind", "::"],
        cwd=ours.webs["b1"].folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        fetch = ["ip", "netns", "exec", net.client, "curl", "-s", "-m", "20", "--retry", "5", "--retry-connrefused"]
        got = subprocess.run([*fetch, f"http://{topology.balancer_ipv4}:8080/big"], capture_output=True)
        case.check(len(got.stdout) == 2 * 1024 * 1024, "TCP to the box itself: 2 MB through the face", len(got.stdout))
    finally:
        server.terminate()
        server.wait()


def check_mac_change(case, ours):
    ports = 300
    home = lab_case.served_by(ours.requests(count=ports, ports=ports))
    topology.Topology.sysctl(
        ours.network.backend(1), {"net.ipv4.conf.eth0.arp_notify": 1, "net.ipv6.conf.eth0.ndisc_notify": 1}
    )
    steady = ours.start_requests(count=10**6, ports=ports, rate=200, concurrency=500, timeout=8)
    time.sleep(2)
    topology.batch(["link set eth0 address 02:67:77:00:00:99"], ours.network.backend(1))
    changed_at = time.monotonic()
    time.sleep(5)
    results = steady.stop()
    own = [r for r in results if home[r["port"]] == "b1" and r["at"] > changed_at + follow_s_max]
    slow = [r for r in own if r["error"] or r["body"] != "b1" or r["seconds"] > 0.9]
    case.check(len(own) > 100 and not slow, f"{len(own)} requests from 1 s after a MAC change on reach b1", slow[:5])
    case.check_no_failures([r for r in results if home[r["port"]] != "b1"], "other backends meanwhile")
    macs = [b["mac"] for b in ours.balancer.ask("backend", "list")["backends"] if b["name"] == "b1"]
    case.check(macs == ["02:67:77:00:00:99"], "the command line shows the new address", macs)


with lab_case.running_lab() as (case, ours):
    check_kernel_traffic(case, ours)
    check_mac_change(case, ours)
