# SPDX-License-Identifier: Apache-2.0
"""No black holes on the way. The segment's links are no larger than the client's, so a client's full packets do not fit
into a tunnel: the balancer says so, in both families, and uploads go on in smaller packets. mss_clamp shortens what
backends send. Then the client's link gets smaller than the segment's: what the router says about the backends'
packets comes back to the service address, and has to reach the backend that sent them, in every mode."""

import concurrent.futures
import dataclasses
import subprocess
import sys
import time

import forward_modes
import lab_case
import transfer
from lab_case import topology
from transfer import megabyte

small_hop_mtu = 1300
plain = forward_modes.all_modes()
clamped = dataclasses.replace(
    next(mode for mode in plain if mode.name == "gue0-6"), name="clamped-6", port=8090, more="mss_clamp = true"
)
modes = [*plain, clamped]
both = """
[[service]]
name = "both"
addresses = ["{}", "{}"]
port = 80
backends = [{{ name = "b1", address = "{}" }}, {{ name = "b2", address = "{}" }}]
check = {{ type = "tcp", interval = "500ms" }}
""".format(
    topology.service_ipv4, topology.service_ipv6, topology.backend_ipv4(1), topology.backend_ipv4(2)
)


def check_uploads(case, ours, transfers):
    for mode in modes:
        for family in mode.families:
            transfer.forget_path_mtu(ours.network.client)
            before = lab_case.exits(ours.balancer)["answered_too_big"]
            wrong = transfers.upload(family, mode.port, 5 * megabyte, patience_s=15)
            said = lab_case.exits(ours.balancer)["answered_too_big"] - before
            what = f"{mode.name}, IPv{family} client: an upload through a tunnel that full packets do not fit"
            if mode.overhead == 0:
                what = f"{mode.name}, IPv{family} client: an upload without a tunnel"
            case.check(wrong is None, what, wrong)
            quiet = mode.overhead == 0
            case.check((said == 0) == quiet, f"{mode.name}: told {said} times, {'never' if quiet else 'at least once'}")


def check_clamp(case, ours):
    """The backend believes that the client takes no more than fits the tunnel."""
    talk = "import socket, sys, time; s = socket.create_connection((sys.argv[1], int(sys.argv[2]))); time.sleep(60)"
    for family in (4, 6):
        inside = ["ip", "netns", "exec", ours.network.client, sys.executable, "-c", talk]
        with subprocess.Popen([*inside, transfer.service[family], str(clamped.port)]) as client:
            command = ["ip", "netns", "exec", ours.network.backend(int(clamped.backend[1:])), "ss", "-tinH"]
            said = ""
            deadline = time.monotonic() + 20
            while " mss:" not in said and time.monotonic() < deadline:
                time.sleep(0.1)
                said = topology.run([*command, "sport", "=", f":{clamped.port}"]).stdout
            client.kill()
        timestamps = 12
        wanted = 1500 - clamped.overhead - (20 if family == 4 else 40) - 20 - timestamps
        case.check(f" mss:{wanted} " in said, f"mss_clamp, IPv{family}: the backend sends segments of {wanted}", said)


def check_downloads(case, ours, transfers):
    """The router, not the backend, learns that the last hop is small."""
    backends = [ours.network.backend(index) for index in (1, 2)]
    topology.batch([f"link set to-client mtu {small_hop_mtu}"], ours.network.network)
    ours.network.sysctl(ours.network.network, {"net.ipv4.icmp_ratelimit": 0, "net.ipv6.icmp.ratelimit": 0})
    for mode in modes:
        for family in mode.families:
            transfer.forget_path_mtu(*backends)
            length = 100 * megabyte if mode.name in ("l2-4", "gue0-4") else 5 * megabyte
            wrong = transfers.download(family, mode.port, length, patience_s=15)
            what = f"{mode.name}, IPv{family} client: {length // megabyte} MB down over a hop of {small_hop_mtu} bytes"
            case.check(wrong is None, what, wrong)
            client = topology.client_ipv4 if family == 4 else topology.client_ipv6
            route = topology.run(
                ["ip", "-n", ours.network.backend(int(mode.backend[1:])), "route", "get", client, "from"]
                + [transfer.service[family]]
            ).stdout
            case.check(f"mtu {small_hop_mtu}" in route, f"{mode.name}: {mode.backend} learned the path's MTU", route)
    transfer.forget_path_mtu(*backends)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda number: transfers.download(4 + number % 2 * 2, 80, 2 * megabyte, 15), range(12)))
    case.check(not any(results), "12 downloads from two backends, each of which has to learn for itself", results)


with lab_case.prepared_lab(backends=2) as (case, ours):
    transfer.Transfers.make_data(ours.folder)
    for web in ours.webs.values():
        web.ports = [80, *(mode.port for mode in modes)]
    ours.up()
    transfers = transfer.Transfers(ours)
    with transfer.Decapsulators(ours, forward_modes.decapsulator_words()).attached():
        ours.start_balancer(services=forward_modes.services_of(modes, protocol="tcp") + both)
        check_uploads(case, ours, transfers)
        check_clamp(case, ours)
        check_downloads(case, ours, transfers)
