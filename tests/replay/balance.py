#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How evenly each scheduler spreads 1,048,592 new flows, held to its law: a weight's part of them. What chance decides
(hash or random number) must pass a chi-square test at 1 %, against weights 1 to 2 to 5 and over a hundred equal
backends; what does not leave it to chance must come closer than chance would. Each backend is within 1 % of its weight.

Usage: balance.py GUIDEWAY [--flows N]. This test knows nothing of hashes or tables but the size of a table: with 16
rounds over it round robin is held to whole rounds.
"""
import argparse
import collections
import pathlib
import subprocess
import sys
import tempfile

import one_down

WEIGHTS = {"one": 1, "two": 2, "five": 5}
EQUAL = {f"b{i:03}": 1 for i in range(100)}
PER_CENT_QUANTILE = 2.3263  # of the normal distribution: 1 % lies above
# scheduler: flows of one source in the capture; the statistic must be below this part of what chance is allowed
SCHEDULERS = {"maglev": (16, 1), "source": (1, 1), "random": (16, 1), "round-robin": (16, 0.01),
              "least-connections": (16, 0.5)}


def critical_value(degrees):
    """Of chi-square, by Wilson and Hilferty (1931); from two degrees on it is right to a thousandth."""
    part = 2 / (9 * degrees)
    return degrees * (1 - part + PER_CENT_QUANTILE * part**0.5) ** 3


def chi_square(counts, weights):
    flows, total = sum(counts.values()), sum(weights.values())
    expected = {name: flows * weight / total for name, weight in weights.items()}
    return sum((counts[name] - wanted) ** 2 / wanted for name, wanted in expected.items())


def furthest(counts, weights):
    """The largest deviation of a backend from its weight's part, in parts of that."""
    flows, total = sum(counts.values()), sum(weights.values())
    return max(abs(counts[name] * total / (flows * weight) - 1) for name, weight in weights.items())


def configuration(scheduler, weights):
    backends = "".join(f'  {{ name = "{name}", address = "203.0.113.{i + 1}", weight = {weight} }},\n'
                       for i, (name, weight) in enumerate(weights.items()))
    return (f'hash_key = "00112233445566778899aabbccddeeff"\n\n[[pool]]\nname = "web"\nbackends = [\n{backends}]\n\n'
            f'[[service]]\nname = "site"\naddress = "192.0.2.10"\nport = 80\npool = "web"\n'
            f'scheduler = "{scheduler}"\nopening_timeout = "1h"\n')


def spread(guideway, folder, scheduler, weights):
    """How many flows each backend was given."""
    (folder / "config.toml").write_text(configuration(scheduler, weights))
    capture = folder / f"{SCHEDULERS[scheduler][0]}.pcap"
    words = [guideway, "replay", "--config", folder / "config.toml", "--in", capture, "--out", "/dev/null",
             "--decisions", folder / "decisions.txt"]
    subprocess.run([str(word) for word in words], check=True, stdout=subprocess.DEVNULL)
    with open(folder / "decisions.txt") as lines:
        return collections.Counter(line.rsplit("/", 1)[-1].strip() for line in lines)


def judge(guideway, flows, folder):
    for flows_per_source in (1, 16):
        one_down.write_capture(folder / f"{flows_per_source}.pcap", flows, ((0, one_down.SYN),), flows_per_source)
    wrong = 0
    for scheduler, (_, part) in SCHEDULERS.items():
        for name, weights in (("1:2:5", WEIGHTS), ("equal", EQUAL)):
            counts = spread(guideway, folder, scheduler, weights)
            if set(counts) != set(weights) or sum(counts.values()) != flows:
                print(f"not so: {scheduler} {name}: every flow is sent, every backend has some: {counts}")
                wrong += 1
                continue
            statistic, allowed = chi_square(counts, weights), part * critical_value(len(weights) - 1)
            deviation = furthest(counts, weights)
            # A hundredth of the flows is few enough for chance to be more than 1 % off: there chi-square alone judges.
            is_right = statistic < allowed and (deviation < 0.01 or weights is EQUAL)
            wrong += not is_right
            print(f"{'ok' if is_right else 'FAIL':4} {scheduler:18} {name}  chi-square {statistic:8.3f} (below "
                  f"{allowed:7.3f}), furthest {deviation:.3%}", flush=True)
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("guideway")
    parser.add_argument("--flows", type=int, default=16 * 65537)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="guideway-balance-") as name:
        return judge(arguments.guideway, arguments.flows, pathlib.Path(name))


if __name__ == "__main__":
    sys.exit(main())
