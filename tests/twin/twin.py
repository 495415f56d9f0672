#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs one seeded capture of random and mutated packets through both datapaths and demands the same of each packet:
exit, backend, bytes; and the same counters at the end. Health changes all the while.

Usage: twin.py GUIDEWAY [--packets N] [--seed N] [--keep FOLDER]. Skipped (status 77) where BPF is refused.
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "oracle"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "replay"))

import exits  # noqa: E402
import judge  # noqa: E402
import pcap  # noqa: E402
import traffic  # noqa: E402

FILES = ("decisions.txt", "out.pcap", "kernel.pcap", "counters.txt")


class HostileTraffic(traffic.Traffic):
    """The oracle's traffic with a third of it mutated or cut."""

    def __init__(self, seed, packets):
        super().__init__(seed, packets)
        self.kinds = ((0.40, self.conversation), (0.45, self.single), (0.47, self.stranger), (0.51, self.fragment),
                      (0.53, self.other_protocol), (0.54, self.not_ip), (0.60, self.cut), (0.62, self.wrong_checksum),
                      (0.92, self.mutated), (1.01, self.large))


def replay(guideway, folder, datapath):
    """Seconds that it took; its files lie in folder/datapath."""
    into = folder / datapath
    into.mkdir(exist_ok=True)
    words = [guideway, "replay", "--datapath", datapath, "--config", folder / "config.toml", "--in", folder / "in.pcap",
             "--events", folder / "events.txt", "--out", into / "out.pcap", "--kernel", into / "kernel.pcap",
             "--counters", into / "counters.txt", "--decisions", into / "decisions.txt"]
    started = time.monotonic()
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if datapath == "xdp" and done.returncode and any(reason in done.stderr for reason in judge.REFUSED):
        raise judge.Refused(done.stderr.strip())
    if done.returncode:
        raise AssertionError(f"guideway replay --datapath {datapath} ended with {done.returncode}: {done.stderr}")
    return time.monotonic() - started


def first_difference(folder):
    """Where the two datapaths part, in words; nothing if they never do."""
    pairs = {name: (folder / "dpdk" / name, folder / "xdp" / name) for name in FILES}
    with open(pairs["decisions.txt"][0]) as ours, open(pairs["decisions.txt"][1]) as theirs:
        for (_, frame), one, other in zip(pcap.frames(folder / "in.pcap"), ours, theirs):
            if one != other:
                return f"dpdk says {one}xdp says  {other}of the packet {frame.hex()}"
    for name in ("out.pcap", "kernel.pcap"):
        for number, (one, other) in enumerate(zip(*(pcap.frames(path) for path in pairs[name]))):
            if one != other:
                return f"{name}: frame {number}\ndpdk {one[1].hex()}\nxdp  {other[1].hex()}"
    for name in FILES:
        if pairs[name][0].read_bytes() != pairs[name][1].read_bytes():
            return f"{name} differs"
    return None


def run(arguments, folder):
    (folder / "config.toml").write_text(traffic.configuration())
    (folder / "events.txt").write_text(traffic.events(arguments.seed))
    pcap.write(folder / "in.pcap", HostileTraffic(arguments.seed, arguments.packets).frames())
    seconds = {datapath: replay(arguments.guideway, folder, datapath) for datapath in ("dpdk", "xdp")}
    counters = (folder / "xdp" / "counters.txt").read_text()
    print(counters, end="")
    print(", ".join(f"{datapath} took {taken:.1f} s" for datapath, taken in seconds.items()))
    difference = first_difference(folder)
    if difference:
        print(difference, file=sys.stderr)
        return 1
    counted = dict(line.split() for line in counters.splitlines())
    if int(counted["received"]) != arguments.packets:
        print(f"{counted['received']} packets were received instead of {arguments.packets}", file=sys.stderr)
        return 1
    never = [name for name in exits.ALL[:13] if name != exits.DROP_UNRESOLVED and name not in counted]
    if never and arguments.packets >= 100000:
        print(f"the traffic never took these exits: {', '.join(never)}", file=sys.stderr)
        return 1
    print(f"{arguments.packets} packets, zero disagreement")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("guideway")
    parser.add_argument("--packets", type=int, default=300_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=pathlib.Path, help="work in this folder and leave everything there")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}, {arguments.packets} packets", flush=True)
    if os.geteuid() != 0:
        print("skipped: loading BPF needs root")
        return judge.SKIPPED
    try:
        if arguments.keep:
            arguments.keep.mkdir(parents=True, exist_ok=True)
            return run(arguments, arguments.keep)
        with tempfile.TemporaryDirectory(prefix="guideway-twin-") as name:
            return run(arguments, pathlib.Path(name))
    except judge.Refused as refused:
        print(f"skipped: {refused}")
        return judge.SKIPPED


if __name__ == "__main__":
    sys.exit(main())
