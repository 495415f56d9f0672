#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs seeded captures of random and mutated packets through both datapaths and demands the same of each packet: exit,
backend, bytes; and the same counters at the end. Health changes all the while. First the oracle's configuration of
everything with many packets, then random configurations with a few thousand each.

Usage: twin.py GUIDEWAY [--packets N] [--worlds N] [--seed N] [--keep FOLDER]. Skipped (status 77) where BPF is refused.
"""
import argparse
import collections
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "oracle"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "replay"))

import exits  # noqa: E402
import judge  # noqa: E402
import million_world  # noqa: E402
import pcap  # noqa: E402
import traffic  # noqa: E402
import worlds  # noqa: E402
from random_world import World  # noqa: E402

FILES = ("decisions.txt", "out.pcap", "kernel.pcap", "counters.txt", "report.txt")


# As the oracle's million, with a third of the packets mutated, cut or otherwise out of the ordinary.
HOSTILE = {"conversation": 0.35, "single": 0.05, "stranger": 0.02, "datagram": 0.02, "orphans": 0.0005,
           "fragment": 0.02, "error": 0.08, "echo": 0.02, "other_protocol": 0.01, "not_ip": 0.01, "cut": 0.05,
           "wrong_checksum": 0.02, "mutated": 0.3, "large": 0.05}


class Difference(Exception):
    pass


def replay(guideway, folder, datapath):
    """Its files lie in folder/datapath."""
    into = folder / datapath
    into.mkdir(exist_ok=True)
    words = [guideway, "replay", "--datapath", datapath, "--config", folder / "config.toml", "--in", folder / "in.pcap",
             "--events", folder / "events.txt", "--out", into / "out.pcap", "--kernel", into / "kernel.pcap",
             "--counters", into / "counters.txt", "--decisions", into / "decisions.txt"]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if datapath == "xdp" and done.returncode and any(reason in done.stderr for reason in judge.REFUSED):
        raise judge.Refused(done.stderr.strip())
    if done.returncode:
        raise Difference(f"guideway replay --datapath {datapath} ended with {done.returncode}: {done.stderr}")
    (into / "report.txt").write_text(done.stdout)


def first_difference(folder):
    """Where the two datapaths part, in words; nothing if they never do."""
    pairs = {name: (folder / "dpdk" / name, folder / "xdp" / name) for name in FILES}
    with open(pairs["decisions.txt"][0]) as ours, open(pairs["decisions.txt"][1]) as theirs:
        for one, other in zip(ours, theirs):
            if one != other:
                number = int(one.split(" ", 1)[0])
                frame = pcap.read(folder / "in.pcap")[number][1]
                return f"dpdk says {one}xdp says  {other}of the packet {frame.hex()}"
    for name in ("out.pcap", "kernel.pcap"):
        for number, (one, other) in enumerate(zip(*(pcap.frames(path) for path in pairs[name]))):
            if one != other:
                return f"{name}: frame {number}\ndpdk {one[1].hex()}\nxdp  {other[1].hex()}"
    for name in FILES:
        if pairs[name][0].read_bytes() != pairs[name][1].read_bytes():
            return f"{name} differs"
    return None


def compare(guideway, folder, config, events, frames):
    """The counters of the XDP datapath by name, if both agree; else raises."""
    (folder / "config.toml").write_text(config)
    (folder / "events.txt").write_text(events)
    pcap.write(folder / "in.pcap", frames)
    for datapath in ("dpdk", "xdp"):
        replay(guideway, folder, datapath)
    difference = first_difference(folder)
    if difference:
        raise Difference(f"{difference}\n\n{config}")
    counters = (folder / "xdp" / "counters.txt").read_text()
    return {name: int(value) for name, value in map(str.split, counters.splitlines())}


def run(arguments, folder):
    seed, taken = arguments.seed, collections.Counter()
    made_of = traffic.Traffic(seed, arguments.packets, million_world.targets(), HOSTILE)
    counted = compare(arguments.guideway, folder, million_world.configuration(), million_world.events(seed),
                      made_of.frames())
    if counted["received"] != arguments.packets:
        raise Difference(f"{counted['received']} packets were received instead of {arguments.packets}")
    taken.update(counted)
    for world_seed in range(seed, seed + arguments.worlds):
        world = World(world_seed)
        made_of = traffic.Traffic(world_seed, worlds.PACKETS, world.targets, worlds.KINDS, world.bursts)
        taken.update(compare(arguments.guideway, folder, world.text, world.events, made_of.frames()))
    for name, value in taken.items():
        print(name, value)
    never = (exits.DROP_NO_HEADROOM, exits.DROP_TX_FULL, exits.DROP_KERNEL_FULL)
    missing = [name for name in exits.ALL if name not in never and not taken[name]]
    if missing and arguments.packets >= 100000:
        raise Difference(f"the traffic never took these exits: {', '.join(missing)}")
    print(f"{taken['received']} packets, zero disagreement")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("guideway")
    parser.add_argument("--packets", type=int, default=300_000)
    parser.add_argument("--worlds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=pathlib.Path, help="work in this folder and leave everything there")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}, {arguments.packets} packets, {arguments.worlds} worlds", flush=True)
    if os.geteuid() != 0:
        print("skipped: loading BPF needs root")
        return judge.SKIPPED
    try:
        if arguments.keep:
            arguments.keep.mkdir(parents=True, exist_ok=True)
            run(arguments, arguments.keep)
        else:
            with tempfile.TemporaryDirectory(prefix="guideway-twin-") as name:
                run(arguments, pathlib.Path(name))
    except judge.Refused as refused:
        print(f"skipped: {refused}")
        return judge.SKIPPED
    except Difference as difference:
        print(difference, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
