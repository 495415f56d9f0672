# SPDX-License-Identifier: Apache-2.0
"""VLANs on the segment. b1 is reached untagged, b2 in VLAN 5 only, once directly and once through a tunnel. First the
router sends the clients' packets untagged, then in VLAN 5 too: a tag that came is taken off for b1 and put on again for
b2, and what the balancer answers itself goes back in the VLAN. The ends of the VLAN are programs of the lab, since not
every kernel has VLAN interfaces."""

import contextlib
import sys
import time

import lab_case
import transfer
from lab_case import lab, topology
from testbed import processes
from transfer import megabyte

vlan = 5
router_ipv4, router_ipv6 = "10.0.5.254", "fd00:5::254"
backend_ipv4, backend_ipv6 = "10.0.5.12", "fd00:5::12"
ports = {"untagged": 8001, "tagged": 8002, "tagged-ipip-4": 8003, "tagged-ipip-6": 8004}
service = """
[[service]]
name = "{name}"
addresses = ["{v4}", "{v6}"]
port = {port}
check = {{ type = "tcp", port = 80, interval = "500ms" }}
forward = "{forward}"
backends = [{{ {backend} }}]
"""


def services():
    at_b2 = f'mac = "{topology.backend_mac(2)}", vlan = {vlan}'
    backends = {
        "untagged": f'name = "b1", address = "{topology.backend_ipv4(1)}"',
        "tagged": f'name = "b2", address = "{backend_ipv4}", {at_b2}',
        "tagged-ipip-4": f'name = "b2", address = "{backend_ipv4}", {at_b2}',
        "tagged-ipip-6": f'name = "b2", address = "{backend_ipv6}", {at_b2}',
    }
    return "".join(
        service.format(
            name=name,
            v4=topology.service_ipv4,
            v6=topology.service_ipv6,
            port=ports[name],
            forward="ipip" if "ipip" in name else "l2",
            backend=backend,
        )
        for name, backend in backends.items()
    )


@contextlib.contextmanager
def tagging(ours, ends):
    """`ends`: namespace -> the device whose frames are tagged. Gives each a vlan5."""
    program = lab.traffic_program.with_name("vlan.py")
    started = []
    try:
        for namespace, device in ends.items():
            process = processes.Process(ours.folder, f"vlan-{namespace}")
            started.append(process)
            words = ["--device", device, "--vlan", str(vlan), "--tap", "vlan5"]
            process.start(namespace, [sys.executable, "-u", program, *words])
        end = time.monotonic() + 10
        while any("tagging" not in process.last_words() for process in started):
            if time.monotonic() > end or any(process.pid() is None for process in started):
                raise topology.LabError("\n".join(process.last_words() for process in started))
            time.sleep(0.05)
        yield
    finally:
        for process in started:
            process.kill()


def address_the_vlan(ours):
    """b2 leaves the segment for the VLAN; the router is its way out there."""
    router, b2 = ours.network.network, ours.network.backend(2)
    topology.batch([f"address add {router_ipv4}/24 dev vlan5", f"address add {router_ipv6}/64 dev vlan5 nodad"], router)
    ours.network.sysctl(router, {"net.ipv4.conf.vlan5.send_redirects": 0})
    keys = ("arp_ignore", 1), ("arp_announce", 2), ("rp_filter", 0)
    ours.network.sysctl(b2, {f"net.ipv4.conf.vlan5.{key}": value for key, value in keys})
    topology.batch(
        [
            "address flush dev eth0",
            f"address add {backend_ipv4}/24 dev vlan5",
            f"address add {backend_ipv6}/64 dev vlan5 nodad",
            f"route replace default via {router_ipv4}",
            f"route replace default via {router_ipv6}",
        ],
        b2,
    )


def route_service_tagged(ours):
    """To the balancer's MAC address, in the VLAN: its own kernel has no interface there that would answer ARP."""
    mac = topology.run(["ip", "netns", "exec", ours.network.balancer, "cat", "/sys/class/net/port0/address"]).stdout
    commands = []
    for address, hop in ((topology.service_ipv4, "10.0.5.1"), (topology.service_ipv6, "fd00:5::1")):
        commands.append(f"neigh replace {hop} lladdr {mac.strip()} dev vlan5 nud permanent")
        commands.append(f"route replace {address} via {hop} dev vlan5")
    topology.batch(commands, ours.network.network)


def check_traffic(case, ours, transfers, how):
    for name, port in ports.items():
        for family in (4, 6):
            wrong = transfers.upload(family, port, megabyte) or transfers.download(family, port, megabyte)
            case.check(wrong is None, f"{how}, {name}, IPv{family}: 1 MB up and down", wrong)
    for address in (topology.service_ipv4, topology.service_ipv6):
        case.check(lab.ping(ours.network.client, address), f"{how}: ping {address} is answered, once")


with lab_case.prepared_lab(backends=2) as (case, ours):
    transfer.Transfers.make_data(ours.folder, megabyte)
    for web in ours.webs.values():
        web.ports = [80, *ports.values()]
    ours.up()
    transfers = transfer.Transfers(ours)
    decapsulators = transfer.Decapsulators(ours, {2: ["--mode", "tc"]}, interface="vlan5")
    with tagging(ours, {ours.network.network: "br0", ours.network.backend(2): "eth0"}):
        address_the_vlan(ours)
        with decapsulators.attached():
            ours.start_balancer(services=services())
            check_traffic(case, ours, transfers, "received untagged")
            route_service_tagged(ours)
            before = lab_case.exits(ours.balancer)
            check_traffic(case, ours, transfers, "received tagged")
            after = lab_case.exits(ours.balancer)
            grown = {name: after[name] - before[name] for name in ("sent", "answered_echo")}
            case.check(grown["sent"] > 1000 and grown["answered_echo"] == 6, f"tagged frames were counted: {grown}")
