#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Sends a seeded mixed capture of a million packets through `guideway replay` and compares every packet's exit, backend
and bytes, and the counters, with the model. Health changes all the while, so that flows move and are remembered.

Usage: million.py GUIDEWAY [--packets N] [--seed N] [--keep FOLDER]
"""
import argparse
import collections
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import exits
import million_world
import pcap
import traffic
from model import Model


def replay(guideway, folder, datapath="dpdk"):
    words = [guideway, "replay", "--datapath", datapath]
    for option, name in (("config", "config.toml"), ("in", "in.pcap"), ("out", "out.pcap"), ("kernel", "kernel.pcap"),
                         ("counters", "counters.txt"), ("decisions", "decisions.txt"), ("events", "events.txt")):
        words += [f"--{option}", str(folder / name)]
    done = subprocess.run(words + ["--json"], capture_output=True, text=True)
    if done.returncode:
        raise Difference(f"guideway replay ended with {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


class Difference(Exception):
    pass


def read_decisions(path, packets):
    """Lines of the decisions file by the number of their packet; a fragment that was held has its line later."""
    by_number = [None] * packets
    with open(path) as lines:
        for line in lines:
            number = int(line.split(" ", 1)[0])
            if not 0 <= number < packets or by_number[number] is not None:
                raise Difference(f"the decisions tell twice of a packet, or of none: {line}")
            by_number[number] = line
    return by_number


def compare_packets(model, folder):
    """Every packet in the order in which they are decided; raises Difference at the first that is not what the model
    says. Returns their number and what the report must tell of their spread."""
    spread = Spread()
    backends = [f"{b.pool}/{b.name}" for b in model.configuration.backends]
    sent, kernel = pcap.frames(folder / "out.pcap"), pcap.frames(folder / "kernel.pcap")
    received = pcap.read(folder / "in.pcap")
    lines = read_decisions(folder / "decisions.txt", len(received))
    decided = 0
    for decision in model.decisions(received):
        decided += 1
        backend = backends[decision.backend] if decision.exit == exits.SENT else "-"
        expected = f"{decision.number} {decision.exit} {backend}\n"
        if lines[decision.number] != expected:
            raise Difference(f"expected {expected}but found {lines[decision.number]}packet {decision.number} is "
                             f"{received[decision.number][1].hex()}")
        if decision.exit == exits.SENT:
            spread.sent(decision, backend)
        stream = sent if exits.leaves(decision.exit) else kernel if exits.is_kernels(decision.exit) else None
        leaves = stream and next(stream, None)
        if stream and leaves != (decision.time_ns, decision.frame):
            found = leaves and (leaves[0], leaves[1].hex())
            raise Difference(f"packet {decision.number}, {expected}{received[decision.number][1].hex()}\n"
                             f"leaves as {found}\ninstead of {decision.time_ns, decision.frame.hex()}")
    if next(sent, None) or next(kernel, None):
        raise Difference("more packets came out than the model knows of")
    return decided, spread


class Spread:
    """How packets and flows are spread, counted without the help of the program."""

    def __init__(self):
        self.packets, self.last, self.moved = collections.Counter(), {}, set()

    def sent(self, decision, backend):
        self.packets[backend] += 1
        if decision.is_of_a_flow and self.last.setdefault(decision.hash, backend) != backend:
            self.moved.add(decision.hash)
            self.last[decision.hash] = backend

    def compare(self, report, configuration):
        flows = collections.Counter(self.last.values())
        names = [f"{b.pool}/{b.name}" for b in configuration.backends]
        expected = {name: {"packets": self.packets[name], "flows": flows[name]} for name in names}
        if report["backends"] != expected:
            raise Difference(f"the report spreads {report['backends']}\ninstead of {expected}")
        if (report["flows"], report["flows_moved"]) != (len(self.last), len(self.moved)):
            raise Difference(f"the report has {report['flows']} flows, {report['flows_moved']} of them moved, "
                             f"instead of {len(self.last)} and {len(self.moved)}")


def compare_counters(model, folder):
    found = {name: int(value) for name, value in
             (line.split() for line in (folder / "counters.txt").read_text().splitlines())}
    expected = {name: int(value) for name, value in (line.split() for line in model.counters().splitlines())}
    loose = ("plain", "asked", "flows_remembered")
    for name in {**found, **expected}:
        if name not in loose and found.get(name) != expected.get(name):
            raise Difference(f"{name} is {found.get(name)} instead of {expected.get(name)}")
    if found["received"] != sum(found.get(name, 0) for name in exits.ALL):
        raise Difference("received is not the sum of exits")
    # The worker's filter may ask for nothing (two flows under the same 17 bits), but never miss a flow that is there.
    if found["plain"] + found["asked"] != expected["plain"] + expected["asked"] or found["asked"] < expected["asked"]:
        raise Difference(f"plain and asked are {found['plain']} and {found['asked']}, "
                         f"the model has {expected['plain']} and {expected['asked']}")
    # Entries past their deadline are held until they are looked at or swept.
    if not expected["flows_remembered"] <= found["flows_remembered"] <= len(model.chooser.flows):
        raise Difference(f"{found['flows_remembered']} flows are remembered, the model has "
                         f"{expected['flows_remembered']} and {len(model.chooser.flows)} with expired ones")
    return found


def run(arguments, folder):
    started = time.monotonic()
    (folder / "config.toml").write_text(million_world.configuration())
    (folder / "events.txt").write_text(million_world.events(arguments.seed))
    made_of = traffic.Traffic(arguments.seed, arguments.packets, million_world.targets(), million_world.KINDS)
    pcap.write(folder / "in.pcap", made_of.frames())
    made = time.monotonic()
    report = replay(arguments.guideway, folder)
    replayed = time.monotonic()
    model = Model((folder / "config.toml").read_text(), (folder / "events.txt").read_text())
    number, spread = compare_packets(model, folder)
    spread.compare(report, model.configuration)
    counters = compare_counters(model, folder)
    if number != arguments.packets:
        raise Difference(f"{number} packets were judged instead of {arguments.packets}")
    compared = time.monotonic()
    expected = dict(line.split() for line in model.counters().splitlines())
    for name, value in counters.items():
        differs = str(value) != expected.get(name)
        print(f"{name:24} {value}" + (f"   (the model, without filter or sweep: {expected[name]})" if differs else ""))
    print(f"{number} packets agree; made in {made - started:.1f} s, replayed in {replayed - made:.1f} s, "
          f"compared in {compared - replayed:.1f} s")
    never = (exits.DROP_NO_HEADROOM, exits.DROP_TX_FULL, exits.DROP_KERNEL_FULL)
    missing = [name for name in exits.ALL if name not in never and not counters.get(name)]
    if missing and arguments.packets >= 100000:
        raise Difference(f"the traffic never took these exits: {', '.join(missing)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("guideway")
    parser.add_argument("--packets", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=pathlib.Path, help="work in this folder and leave everything there")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}, {arguments.packets} packets", flush=True)
    try:
        if arguments.keep:
            arguments.keep.mkdir(parents=True, exist_ok=True)
            run(arguments, arguments.keep)
        else:
            with tempfile.TemporaryDirectory(prefix="guideway-million-") as name:
                run(arguments, pathlib.Path(name))
    except Difference as difference:
        print(difference, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
