#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Random configurations, each with random health changes and its own few thousand packets: `guideway replay` against
the model, packet by packet. Where million.py is deep in one configuration, this is wide.

Usage: worlds.py GUIDEWAY [--worlds N] [--seed N] [--datapath dpdk|xdp]
"""
import argparse
import os
import pathlib
import sys
import tempfile

import exits
import million
import pcap
import traffic
from model import Model
from random_world import World

PACKETS = 2000
SKIPPED = 77
REFUSED = ("the kernel refuses BPF", "was built without XDP")
KINDS = {"conversation": 0.55, "single": 0.08, "stranger": 0.02, "datagram": 0.03, "orphans": 0.001, "fragment": 0.01,
         "error": 0.1, "echo": 0.03, "other_protocol": 0.01, "not_ip": 0.01, "cut": 0.02, "wrong_checksum": 0.01,
         "mutated": 0.08, "large": 0.05}


def judge(guideway, seed, folder, datapath="dpdk"):
    world = World(seed)
    (folder / "config.toml").write_text(world.text)
    (folder / "events.txt").write_text(world.events)
    made_of = traffic.Traffic(seed, PACKETS, world.targets, KINDS, world.bursts)
    pcap.write(folder / "in.pcap", made_of.frames())
    report = million.replay(guideway, folder, datapath)
    model = Model(world.text, world.events)
    number, spread = million.compare_packets(model, folder)
    spread.compare(report, model.configuration)
    million.compare_counters(model, folder)
    return number, model.exits


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("guideway")
    parser.add_argument("--worlds", type=int, default=150)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--datapath", choices=("dpdk", "xdp"), default="dpdk", help="xdp needs root")
    arguments = parser.parse_args()
    if arguments.datapath == "xdp" and os.geteuid() != 0:
        print("skipped: loading BPF needs root")
        return SKIPPED
    packets, taken = 0, dict.fromkeys(exits.ALL, 0)
    with tempfile.TemporaryDirectory(prefix="guideway-worlds-") as name:
        folder = pathlib.Path(name)
        for seed in range(arguments.seed, arguments.seed + arguments.worlds):
            try:
                number, of_this = judge(arguments.guideway, seed, folder, arguments.datapath)
            except million.Difference as difference:
                if arguments.datapath == "xdp" and any(reason in str(difference) for reason in REFUSED):
                    print(f"skipped: {difference}")
                    return SKIPPED
                print(f"world {seed}: {difference}\n\n{(folder / 'config.toml').read_text()}", file=sys.stderr)
                return 1
            packets += number
            taken = {exit_name: count + of_this[exit_name] for exit_name, count in taken.items()}
    print(", ".join(f"{exit_name} {count}" for exit_name, count in taken.items()))
    print(f"{packets} packets of {arguments.worlds} worlds agree, seeds from {arguments.seed}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
