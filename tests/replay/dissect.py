#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Lets tshark, a third party, dissect what guideway sends in all cases: nothing malformed, every checksum right.

Usage: dissect.py GUIDEWAY CASES. Ends with 77 (skipped) where there is no tshark.
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile

import judge
import pcap

# Their TCP and UDP checksums arrive wrong and are to leave as they came.
WRONG_ON_PURPOSE = {"transport-checksums-untouched", "ipv6-extension-headers-cut", "tcp-header-invalid",
                    "udp-length-wrong"}
FILTER = (
    "_ws.malformed or _ws.expert.severity == error or ip.checksum.status == 0 or tcp.checksum.status == 0"
    " or udp.checksum.status == 0"
)
# Headers only: what the port of a test packet makes of its payload means nothing.
PAYLOADS = ("udp.port==0-65535,data", "tcp.port==0-65535,data")
OPTIONS = ("ip.check_checksum", "tcp.check_checksum", "udp.check_checksum")


def dissect(path):
    """What tshark finds fault with: lines of frame number, protocols and its remark."""
    words = ["tshark", "-n", "-r", str(path), "-Y", FILTER, "-T", "fields"]
    for field in ("frame.number", "frame.protocols", "_ws.expert.message"):
        words += ["-e", field]
    for option in OPTIONS:
        words += ["-o", f"{option}:TRUE"]
    for payload in PAYLOADS:
        words += ["-d", payload]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise RuntimeError(f"tshark ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout.splitlines()


def main(arguments):
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    if not shutil.which("tshark"):
        print("SKIP: there is no tshark (package tshark), so nobody else dissects what is sent")
        return 77
    guideway, cases = arguments[0], pathlib.Path(arguments[1])
    frames, owners = [], []
    with tempfile.TemporaryDirectory(prefix="guideway-dissect-") as name:
        folder = pathlib.Path(name)
        for case in sorted(path for path in cases.iterdir() if path.is_dir() and path.name not in WRONG_ON_PURPOSE):
            problems = judge.run(guideway, case, folder)
            if problems:
                print(f"{case.name}: {problems[0]}")
                return 1
            sent = pcap.read(folder / "out.pcap")
            frames += sent
            owners += [f"{case.name}, frame {number} of out.pcap" for number in range(len(sent))]
        pcap.write(folder / "all.pcap", frames)
        faults = dissect(folder / "all.pcap")
        # A canary: a frame with a wrong IPv4 checksum must be found.
        broken = bytearray(next(frame for _, frame in frames if frame[12:14] == b"\x08\x00"))
        broken[24] ^= 1
        pcap.write(folder / "canary.pcap", [(frames[0][0], bytes(broken))])
        if not dissect(folder / "canary.pcap"):
            faults.append("0\ttshark finds no fault with a wrong checksum, so its verdict means nothing")
    for fault in faults:
        number, _, rest = fault.partition("\t")
        print(f"{owners[int(number) - 1] if int(number) else 'canary'}: {rest}")
    print(f"{len(frames)} frames dissected, {len(faults)} faults")
    return 1 if faults or not frames else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
