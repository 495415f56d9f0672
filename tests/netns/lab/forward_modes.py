# SPDX-License-Identifier: Apache-2.0
"""Every way of forwarding as services of one lab: each on a port of its own, with one backend, known by IPv4 or by
IPv6. b1 takes headers off in XDP and knows GRE with a key, b2 in tc and GRE without."""

import dataclasses

from lab_case import topology

gre_key = 77
dscp = 10
first_port = 8001
# On two cores a transfer may keep everybody else waiting.
patient_check = '{ type = "tcp", port = 80, interval = "1s", timeout = "1s", fall = 8 }'


@dataclasses.dataclass(frozen=True)
class Mode:
    name: str
    forward: str
    outer: int  # the family of the backend's address
    overhead: int
    backend: str
    port: int
    more: str = ""  # of the pool's keys
    families: tuple = (4, 6)  # of clients
    outcome: str = None  # what guideway-decapsulate counts it as


def all_modes():
    modes = []

    def add(name, forward, outer, overhead, backend, more="", families=(4, 6), outcome=None):
        port = first_port + len(modes)
        modes.append(Mode(f"{name}-{outer}", forward, outer, overhead, backend, port, more, families, outcome))

    add("l2", "l2", 4, 0, "b1")
    for outer, ip in ((4, 20), (6, 40)):
        add("ipip", "ipip", outer, ip, "b1", outcome="decapsulated_ipip")
        add("gue0", "gue", outer, ip + 12, "b2", "gue_variant = 0", outcome="decapsulated_gue")
        add("gue1", "gue", outer, ip + 8, "b1", "gue_variant = 1", outcome="decapsulated_gue")
        add("gre", "gre", outer, ip + 4, "b2", outcome="decapsulated_gre")
        add("grekey", "gre", outer, ip + 8, "b1", f"gre_key = {gre_key}", outcome="decapsulated_gre")
        add("l3dsr", "l3dsr", outer, 0, "b2" if outer == 4 else "b1", families=(outer,), outcome="restored_l3dsr")
    return modes


def decapsulator_words():
    words = ["--gue-port", "6080"]
    for address in (topology.service_ipv4, topology.service_ipv6):
        words += ["--dscp", f"{dscp}={address}"]
    locals_ = {
        index: ["--local", topology.backend_ipv4(index), "--local", topology.backend_ipv6(index)] for index in (1, 2)
    }
    return {
        1: ["--mode", "xdp", "--gre-key", str(gre_key), *words, *locals_[1]],
        2: ["--mode", "tc", *words, *locals_[2]],
    }


def services_of(modes, protocol="tcp+udp", check=patient_check):
    """The configuration's text."""
    text = []
    for mode in modes:
        index = int(mode.backend[1:])
        address = topology.backend_ipv4(index) if mode.outer == 4 else topology.backend_ipv6(index)
        addresses = {4: topology.service_ipv4, 6: topology.service_ipv6}
        wanted = ", ".join(f'"{addresses[family]}"' for family in mode.families)
        text.append(
            f"""
[[pool]]
name = "{mode.name}"
forward = "{mode.forward}"
check = {check}
{mode.more}
backends = [{{ name = "{mode.backend}", address = "{address}" }}]

[[service]]
name = "{mode.name}"
addresses = [{wanted}]
port = {mode.port}
protocol = "{protocol}"
pool = "{mode.name}"
{f"dscp = {dscp}" if mode.forward == "l3dsr" else ""}
"""
        )
    return "".join(text)
