#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs `guideway replay` on the folders of tests/cases and compares everything it writes, byte for byte.

Usage: judge.py [--datapath xdp] GUIDEWAY CASES [NAME ...]. With --datapath xdp the program in the kernel decides; where
BPF is refused that is skipped (status 77). Nothing of a case was ever recorded from our own output, so a difference is
a bug here or an error in docs/packet-path.md; the first differing packet is told.
"""
import concurrent.futures
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "oracle"))

import exits  # noqa: E402
import pcap  # noqa: E402


SKIPPED = 77
REFUSED = ("the kernel refuses BPF", "was built without XDP")


class Refused(Exception):
    """The datapath cannot be had here: a reason to skip."""


def run(guideway, case, folder, datapath="dpdk"):
    """Replays a case into `folder`; what was wrong with the run itself, or nothing."""
    words = [guideway, "replay", "--datapath", datapath, "--config", case / "config.toml", "--in", case / "in.pcap",
             "--out", folder / "out.pcap", "--kernel", folder / "kernel.pcap",
             "--counters", folder / "counters.txt", "--decisions", folder / "decisions.txt"]
    if (case / "events.txt").exists():
        words += ["--events", case / "events.txt"]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=120)
    if done.returncode and datapath == "xdp" and any(reason in done.stderr for reason in REFUSED):
        raise Refused(done.stderr.strip())
    if done.returncode:
        return [f"guideway replay ended with {done.returncode}: {done.stderr.strip() or done.stdout.strip()}"]
    return []


def hexdump(frame):
    lines = [f"      {at:04x}  {frame[at : at + 16].hex(' ')}" for at in range(0, len(frame), 16)]
    return "\n".join(lines[:8] + (["      ..."] if len(lines) > 8 else []))


def compare_captures(expected_path, found_path):
    expected = pcap.read(expected_path) if expected_path.exists() else []
    found = pcap.read(found_path)
    name = found_path.name
    for number, (wanted, got) in enumerate(zip(expected, found)):
        if wanted[1] != got[1]:
            return [f"{name}: frame {number} differs; expected\n{hexdump(wanted[1])}\n    but found\n{hexdump(got[1])}"]
        if wanted[0] != got[0]:
            return [f"{name}: frame {number} has time {got[0]} instead of {wanted[0]}"]
    if len(expected) != len(found):
        return [f"{name}: {len(found)} frames instead of {len(expected)}"]
    return []


def compare_counters(expected_path, found_path):
    expected, found = expected_path.read_text(), found_path.read_text()
    if expected == found:
        return []
    wanted, got = (dict(line.split() for line in text.splitlines()) for text in (expected, found))
    wrong = [f"{name} is {got.get(name, 'missing')} instead of {wanted.get(name, 'missing')}"
             for name in {**wanted, **got} if wanted.get(name) != got.get(name)]
    return ["counters: " + (", ".join(wrong) or "the order of lines differs")]


def conservation(counters_path, case):
    """received = sent + answered + kernel + drops, and every packet of the capture was received."""
    counters = {name: int(value) for name, value in (line.split() for line in counters_path.read_text().splitlines())}
    left = sum(counters.get(name, 0) for name in exits.ALL)
    problems = []
    if counters["received"] != left:
        problems.append(f"received {counters['received']}, but exits add up to {left}")
    if counters["received"] != len(pcap.read(case / "in.pcap")):
        problems.append("not every packet of the capture was received")
    return problems


def compare_decisions(case, found_path):
    """The decisions file must tell the same exits as the counters, one for each packet. A fragment that was held has
    its line where it was decided."""
    lines = [line.split() for line in found_path.read_text().splitlines()]
    if sorted(int(line[0]) for line in lines) != list(range(len(lines))):
        return ["decisions: not every packet, numbered 0, 1, 2 ..., has its line"]
    told = {}
    for line in lines:
        told[line[1]] = told.get(line[1], 0) + 1
        if len(line) != 3 or (line[2] == "-") != (line[1] != exits.SENT):
            return [f"decisions: cannot be read: {' '.join(line)}"]
    counted = dict(line.split() for line in (case / "counters.txt").read_text().splitlines())
    if any(str(count) != counted.get(name) for name, count in told.items()):
        return ["decisions: do not tell the exits that are counted"]
    return []


def judge(guideway, case, datapath="dpdk"):
    with tempfile.TemporaryDirectory(prefix="guideway-case-") as name:
        folder = pathlib.Path(name)
        problems = run(guideway, case, folder, datapath)
        if problems:
            return problems
        for capture in ("out.pcap", "kernel.pcap"):
            problems += compare_captures(case / capture, folder / capture)
        problems += compare_counters(case / "counters.txt", folder / "counters.txt")
        problems += conservation(folder / "counters.txt", case)
        problems += compare_decisions(case, folder / "decisions.txt")
        return problems


def main(arguments):
    datapath = "dpdk"
    if arguments[:1] == ["--datapath"]:
        datapath, arguments = arguments[1], arguments[2:]
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    if datapath == "xdp" and os.geteuid() != 0:
        print("skipped: loading BPF needs root")
        return SKIPPED
    guideway, cases, names = arguments[0], pathlib.Path(arguments[1]), arguments[2:]
    chosen = [cases / name for name in names] or sorted(path for path in cases.iterdir() if path.is_dir())
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        verdicts = pool.map(
            lambda case: judge(guideway, case, datapath) if case.is_dir() else ["there is no such case"], chosen)
        try:
            for case, problems in zip(chosen, verdicts):
                failed += bool(problems)
                print(f"{'FAIL' if problems else 'ok':4} {case.name}")
                for problem in problems:
                    print(f"     {problem}")
        except Refused as refused:
            pool.shutdown(cancel_futures=True)
            print(f"skipped: {refused}")
            return SKIPPED
    print(f"{len(chosen)} cases, {failed} failed")
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
