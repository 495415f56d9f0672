# SPDX-License-Identifier: Apache-2.0
"""Frames of 9,000 bytes from the client to the backends, through packet sockets or generic XDP: TCP without a tunnel
and through two, where the balancer has to say that a little less would fit, and datagrams of one frame."""

import dataclasses

import forward_modes
import lab_case
import transfer
from lab_case import topology
from transfer import megabyte

mtu = 9000
modes = [
    dataclasses.replace(mode, backend="b1")
    for mode in forward_modes.all_modes()
    if mode.name in ("l2-4", "ipip-4", "gue0-6")
]


def check_frames_are_large(case, ours):
    """Else all of this was shown with small ones."""
    workers = ours.balancer.ask("stats")["workers"]
    frames = sum(worker["exits"]["sent"] for worker in workers)
    each = sum(worker["sent_bytes"] for worker in workers) / frames
    case.check(each > 4000, f"{frames} frames to backends were {each:.0f} bytes long on average")


def check_fallback(case, ours):
    """Native XDP has no room for such frames."""
    if ours.balancer.xdp:
        warned = ours.balancer.datapath.times_said("takes no native XDP program")
        case.check(warned == 1, f"guideway-xdp warns {warned} times of what generic XDP costs")


with lab_case.prepared_lab(backends=1, segment_mtu=mtu, client_mtu=mtu) as (case, ours):
    transfer.Transfers.make_data(ours.folder)
    for web in ours.webs.values():
        web.ports = [80, *(mode.port for mode in modes)]
    ours.up()
    transfers = transfer.Transfers(ours)
    words = {1: forward_modes.decapsulator_words()[2]}
    with transfer.Decapsulators(ours, words).attached(), transfer.datagram_servers(ours, [m.port for m in modes]):
        ours.start_balancer(services=forward_modes.services_of(modes))
        for mode in modes:
            for family in mode.families:
                length = (100 if family == 4 else 20) * megabyte
                wrong = transfers.upload(family, mode.port, length)
                case.check(wrong is None, f"{mode.name}, IPv{family}: {length // megabyte} MB up", wrong)
                wrong = transfers.download(family, mode.port, length)
                case.check(wrong is None, f"{mode.name}, IPv{family}: {length // megabyte} MB down", wrong)
                # The longest that fits one frame.
                longest = mtu - mode.overhead - (28 if family == 4 else 48)
                results = transfers.datagrams(family, mode.port, lengths=(1, 1473, longest))
                bad = [result for result in results if result["error"]]
                case.check(not bad, f"{mode.name}, IPv{family}: datagrams of up to {longest} bytes", bad)
        check_frames_are_large(case, ours)
        check_fallback(case, ours)
        transfer.forget_path_mtu(ours.network.client)
        for address in (topology.service_ipv4, topology.service_ipv6, topology.balancer_ipv4, topology.balancer_ipv6):
            ping = ["ping", "-n", "-c2", "-i0.2", "-W1", "-s", str(mtu - 48), "-M", "do", address]
            done = topology.run(["ip", "netns", "exec", ours.network.client, *ping], check=False)
            case.check("2 received" in done.stdout, f"ping {address} with {mtu - 48} bytes", done.stdout)
