# SPDX-License-Identifier: Apache-2.0
"""Real sockets through every way of forwarding, in every family mix: downloads and uploads that are the same byte by
byte, and datagrams of 1 byte to 64 KB, which means fragments, since the port hands them over as they are. The segment's
links are larger than the client's by what tunnels add."""

import time

import forward_modes
import lab_case
import transfer
from transfer import megabyte

modes = forward_modes.all_modes()
# 100 MB through every mode once; less through the other mixes.
much, little = 100 * megabyte, 3 * megabyte


def check_mode(case, balancer, transfers, mode, family):
    """How many datagrams had to be sent again."""
    what = f"{mode.name}, IPv{family} client"
    length = much if mode.outer == 4 and family == 4 or mode.name == "l3dsr-6" else little
    began = time.monotonic()
    wrong = transfers.upload(family, mode.port, length)
    case.check(wrong is None, f"{what}: an upload of {length // megabyte} MB", wrong)
    seconds = time.monotonic() - began
    wrong = transfers.download(family, mode.port, length)
    case.check(wrong is None, f"{what}: a download of {length // megabyte} MB", wrong)
    case.note(f"{what}: up in {seconds:.1f} s, down in {time.monotonic() - began - seconds:.1f} s")
    results = transfers.datagrams(family, mode.port)
    bad = [result for result in results if result["error"] or result["server"] != mode.backend]
    case.check(not bad, f"{what}: {len(results)} datagrams of 1 byte to 64 KB, whole and at {mode.backend}", bad)
    lost = [result["length"] for result in results if result["tries"] > 1]
    if lost:
        drops = {name: count for name, count in lab_case.exits(balancer).items() if name.startswith("drop_") and count}
        case.note(f"{what}: lost once, of {lost} bytes; dropped so far: {drops}")
    return len(lost)


def check_decapsulators(case, decapsulators):
    for index in decapsulators.modes:
        counted = decapsulators.status(index)
        outcomes = counted["outcomes"]
        case.check(counted["received"] == sum(outcomes.values()), f"b{index}: every packet is accounted for")
        wanted = {mode.outcome for mode in modes if mode.outcome and mode.backend == f"b{index}"}
        case.check(all(outcomes[name] > 1000 for name in wanted), f"b{index} took off: {sorted(wanted)}", outcomes)
        # Fragments of l2 might be GUE's, but come from a client; they go on as they are.
        ignored = {"kernel_not_tunnel", "kernel_source"}
        refused = {name: n for name, n in outcomes.items() if n and name not in wanted | ignored}
        case.check(not refused, f"b{index} refused nothing: {refused}")


with lab_case.prepared_lab(backends=2, segment_mtu=1600) as (case, ours):
    transfer.Transfers.make_data(ours.folder)
    for web in ours.webs.values():
        web.ports = [80, *(mode.port for mode in modes)]
    ours.balancer.port = lab_case.balancer.capture
    ours.up()
    ours.network.keep_answers_small()
    transfers = transfer.Transfers(ours)
    decapsulators = transfer.Decapsulators(ours, forward_modes.decapsulator_words())
    with decapsulators.attached(), transfer.datagram_servers(ours, [mode.port for mode in modes]):
        ours.start_balancer(services=forward_modes.services_of(modes))
        lost = 0
        for mode in modes:
            for family in mode.families:
                lost += check_mode(case, ours.balancer, transfers, mode, family)
        # UDP promises nothing, but here nobody is in a hurry.
        case.check(lost <= 1, f"{lost} datagrams had to be sent again")
        check_decapsulators(case, decapsulators)
