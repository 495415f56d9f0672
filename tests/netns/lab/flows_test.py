# SPDX-License-Identifier: Apache-2.0
"""`guideway flows` against known flows: a UDP service remembers each, a TCP service in its steady state none, and those
of slots that a change of weight moves."""

import json
import subprocess
import sys

import lab_case
from lab_case import topology

services = """\
[[pool]]
name = "servers"
check = { type = "none" }
backends = [
  { name = "b1", address = "10.0.0.11" },
  { name = "b2", address = "10.0.0.12" },
  { name = "b3", address = "10.0.0.13" },
]

[[service]]
name = "web"
address = "192.0.2.10"
port = 80
pool = "servers"

[[service]]
name = "dns"
address = "192.0.2.10"
port = 53
protocol = "udp"
pool = "servers"
"""

# One datagram from each port; nobody needs to answer.
send_datagrams = """
import socket, sys
for port in range(int(sys.argv[1]), int(sys.argv[2])):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.bind(("0.0.0.0", port))
        client.sendto(b"x", ("192.0.2.10", 53))
"""

# Connections from known ports, which say something whenever a line comes.
hold_connections = """
import socket, sys
clients = []
for port in range(31000, 31060):
    client = socket.socket()
    client.bind(("0.0.0.0", port))
    client.connect(("192.0.2.10", 80))
    clients.append(client)
print("open", flush=True)
for line in sys.stdin:
    for client in clients:
        client.send(b"x")
    print("sent", flush=True)
"""


def send(ours, first, end):
    command = ["ip", "netns", "exec", ours.network.client, sys.executable, "-c", send_datagrams, str(first), str(end)]
    topology.run(command)


def flows(ours, *words):
    lines = [json.loads(line) for line in ours.balancer.call("flows", "--json", *words).stdout.splitlines()]
    return lines[:-1], lines[-1]["end"]


def client_ports(listed):
    return sorted(int(flow["client"].rpartition(":")[2]) for flow in listed)


with lab_case.prepared_lab() as (case, ours):
    ours.up()
    ours.start_balancer(services=services)
    results = ours.requests(topology.service_ipv4, count=200, ports=200)
    case.check_no_failures(results, "web")
    listed, end = flows(ours)
    case.check(listed == [] and end["looked_at"] == 0, "a TCP service in its steady state remembers nothing", listed)

    send(ours, 30000, 30500)
    listed, end = flows(ours)
    hashes = {flow["flow"] for flow in listed}
    case.check(len(listed) == len(hashes) == 500, f"500 datagrams are 500 flows: {len(listed)}, {end}")
    case.check(all(sorted(flow["services"]) == ["dns", "web"] for flow in listed), "of backends that serve for both")
    listed, _ = flows(ours, "--client", topology.client_ipv4)
    case.check(client_ports(listed) == list(range(30000, 30500)), "each has its client's port", client_ports(listed))
    case.check({flow["services"][0] for flow in listed} == {"dns"}, "and its service")
    wrong = [
        flow
        for flow in listed[:20]
        if ours.balancer.ask("explain", "udp", flow["client"], "192.0.2.10:53")["backend"] != flow["backend"]
    ]
    case.check(not wrong, "explain names the same backends", wrong)
    listed, _ = flows(ours, "--client", f"{topology.client_ipv4}:30007", "--service", "dns")
    case.check(client_ports(listed) == [30007], "one flow is found by its port", listed)
    per_backend = {name: len(flows(ours, "--backend", f"servers/{name}")[0]) for name in ("b1", "b2", "b3")}
    remembered = {one["name"]: one["remembered"] for one in ours.balancer.ask("backend", "list")["backends"]}
    case.check(per_backend == remembered, f"as many of each backend as its gauge says: {per_backend}", remembered)
    case.check(len(flows(ours, "--limit", "17")[0]) == 17, "a limit is a limit")

    # A connection that outlives its backend's place: its slot's backend is another now.
    command = ["ip", "netns", "exec", ours.network.client, sys.executable, "-c", hold_connections]
    held = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    held.stdout.readline()
    ours.balancer.call("backend", "weight", "servers/b1", "5")
    for _ in range(2):
        held.stdin.write("go\n")
        held.stdin.flush()
        held.stdout.readline()
    listed, _ = flows(ours, "--client", topology.client_ipv4, "--service", "web")
    ports = client_ports(listed)
    are_some = 0 < len(ports) < 60 and set(ports) <= set(range(31000, 31060))
    case.check(are_some, f"of 60 connections those on slots that move are remembered: {len(ports)}", ports)
    held.stdin.close()
    held.wait()

    text = ours.balancer.call("flows", "--limit", "1")
    case.check("only exceptions are remembered" in text.stderr, "the list says what it is", text.stderr)
