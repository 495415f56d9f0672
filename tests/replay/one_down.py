#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A million flows over a hundred backends; one backend fails, then returns. No flow of another backend may move, in
steady state nothing may be remembered, and afterwards at most the flows that were on the failed one.

Usage: one_down.py GUIDEWAY [--flows N]. This test knows nothing of hashes or tables: it only compares what
`guideway replay` did with a flow before, during and after.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy

BACKENDS = 100
FAILED = "web/b042"
SYN, ACK = 0x02, 0x10
PHASES = ((0, SYN), (10, ACK), (20, ACK), (30, ACK))  # seconds, flags
EVENTS = "20 set web b042 down\n30 set web b042 up\n"


def configuration():
    backends = "".join(f'  {{ name = "b{i:03}", address = "203.0.113.{i + 1}" }},\n' for i in range(BACKENDS))
    return (f'hash_key = "00112233445566778899aabbccddeeff"\n\n[[pool]]\nname = "web"\nbackends = [\n{backends}]\n\n'
            '[[service]]\nname = "site"\naddress = "192.0.2.10"\nport = 80\npool = "web"\n')


def write_capture(path, flows, phases, flows_per_source=16):
    """Every flow's packet in each of the phases: (second, flags)."""
    header = bytes.fromhex("020000000002020000000001" "0800" "4500002800000000" "40060000" "00000000" "c000020a"
                           "0000" "0050" "00000001" "00000002" "5000ffff00000000")
    records = numpy.zeros((flows, 16 + len(header)), dtype=numpy.uint8)
    records[:, 16:] = numpy.frombuffer(header, dtype=numpy.uint8)
    numbers = numpy.arange(flows, dtype=numpy.uint32)
    # Different sources in 10.0.0.0/12 with 16 ports each, or as many as are asked for.
    addresses = (10 << 24) + numbers // flows_per_source
    records[:, 16 + 26 : 16 + 30] = addresses.astype(">u4").view(numpy.uint8).reshape(flows, 4)
    ports = (1024 + numbers % 16 * 3001).astype(">u2")
    records[:, 16 + 34 : 16 + 36] = ports.view(numpy.uint8).reshape(flows, 2)
    words = records[:, 16 + 14 : 16 + 34].reshape(flows, 10, 2).astype(numpy.uint32)
    total = (words[:, :, 0] << 8 | words[:, :, 1]).sum(axis=1)
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    records[:, 16 + 24 : 16 + 26] = (total ^ 0xFFFF).astype(">u2").view(numpy.uint8).reshape(flows, 2)
    times = records[:, :16].view("<u4")
    times[:, 2:] = len(header)
    with open(path, "wb") as file:
        file.write(numpy.array([0xA1B2C3D4, 0x00040002, 0, 0, 65535, 1], dtype="<u4").tobytes())
        for second, flags in phases:
            records[:, 16 + 47] = flags
            times[:, 0] = 1_700_000_000 + second
            # Spread over half a second, so that the capture is in order of time.
            times[:, 1] = numbers * numpy.uint64(500_000) // numpy.uint64(flows)
            records.tofile(file)


def replay(guideway, folder, flows, phases):
    """(backend of every flow in each phase, counters)."""
    write_capture(folder / "in.pcap", flows, phases)
    words = [guideway, "replay", "--config", folder / "config.toml", "--in", folder / "in.pcap", "--out", "/dev/null",
             "--events", folder / "events.txt", "--counters", folder / "counters.txt",
             "--decisions", folder / "decisions.txt"]
    subprocess.run([str(word) for word in words], check=True, stdout=subprocess.DEVNULL)
    with open(folder / "decisions.txt") as lines:
        names = [line.rsplit(" ", 1)[1].strip() for line in lines]
    counters = dict(line.split() for line in (folder / "counters.txt").read_text().splitlines())
    return [names[i * flows : (i + 1) * flows] for i in range(len(phases))], {k: int(v) for k, v in counters.items()}


def judge(guideway, flows, folder):
    (folder / "config.toml").write_text(configuration())
    (folder / "events.txt").write_text(EVENTS)
    _, steady = replay(guideway, folder, flows, PHASES[:2])
    (opened, before, during, after), counters = replay(guideway, folder, flows, PHASES)
    of_failed = sum(name == FAILED for name in before)
    moved = sum(a != b for a, b in zip(before, during))
    spread = [before.count(f"web/b{i:03}") for i in range(BACKENDS)]
    print(f"{flows} flows, {min(spread)} to {max(spread)} a backend; {of_failed} were on the one that failed, "
          f"{moved} moved, {counters['flows_remembered']} are remembered")
    claims = {
        "in steady state nothing is remembered or looked up": steady["flows_remembered"] == steady["asked"] == 0,
        "every packet is sent": counters["sent"] == counters["received"] == flows * len(PHASES),
        "a flow stays where it was opened": opened == before,
        "the failed backend had flows, about its part": flows / BACKENDS * 0.8 < of_failed < flows / BACKENDS * 1.2,
        "exactly its flows moved": all((a == FAILED) == (a != b) for a, b in zip(before, during)),
        "none went to the failed backend": FAILED not in during,
        "they stay where they went when it returns": during == after,
        "only they are remembered": counters["flows_remembered"] == of_failed,
    }
    wrong = [claim for claim, is_true in claims.items() if not is_true]
    for claim in wrong:
        print(f"not so: {claim}")
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("guideway")
    parser.add_argument("--flows", type=int, default=1_000_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="guideway-one-down-") as name:
        return judge(arguments.guideway, arguments.flows, pathlib.Path(name))


if __name__ == "__main__":
    sys.exit(main())
