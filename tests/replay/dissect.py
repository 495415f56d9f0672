#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Lets tshark, a third party, dissect what guideway sends in all cases: nothing malformed, every checksum right (IPv4,
TCP, UDP, ICMP, ICMPv6). It does not know GUE, so the inner packet is shown to it a second time, taken out. Cases with
whole fragmented packets are shown to it once more with reassembly, so that it checks what only the whole can show.

Usage: dissect.py GUIDEWAY CASES. Ends with 77 (skipped) where there is no tshark.
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import tomllib

import judge
import pcap

# Their transport checksums or lengths arrive wrong and are to leave as they came.
WRONG_ON_PURPOSE = {"transport-checksums-untouched", "ipv6-extension-headers-cut", "tcp-header-invalid",
                    "udp-length-wrong", "l3dsr-wrong-checksums-stay-wrong", "mss-clamp-malformed-options",
                    "echo-wrong-checksum-stays-wrong"}
REASSEMBLED = {"fragments-in-order", "fragments-out-of-order", "fragments-of-tcp", "l3dsr-fragments"}
# What an ICMP error quotes is cut off, so a transport checksum in there proves nothing.
FILTER = ("_ws.malformed or ip.checksum.status == 0 or icmp.checksum.status == 0 or icmpv6.checksum.status == 0"
          " or ((_ws.expert.severity == error or tcp.checksum.status == 0 or udp.checksum.status == 0)"
          " and not icmp and not icmpv6)")
# Headers only: what the port of a test packet makes of its payload means nothing.
PAYLOADS = ("udp.port==0-65535,data", "tcp.port==0-65535,data")
# RFC 6935 and 6936: the outer UDP checksum of a tunnel over IPv6 may be 0.
OPTIONS = ("ip.check_checksum", "tcp.check_checksum", "udp.check_checksum", "udp.ignore_ipv6_zero_checksum")
SENT_FROM = bytes.fromhex("026777ff0000")


def dissect(path, reassemble=False):
    """What tshark finds fault with: lines of frame number, protocols and its remark."""
    words = ["tshark", "-n", "-r", str(path), "-Y", FILTER, "-T", "fields"]
    for field in ("frame.number", "frame.protocols", "_ws.expert.message"):
        words += ["-e", field]
    for option in OPTIONS:
        words += ["-o", f"{option}:TRUE"]
    for protocol in ("ip", "ipv6"):
        words += ["-o", f"{protocol}.defragment:{'TRUE' if reassemble else 'FALSE'}"]
    for payload in PAYLOADS:
        words += ["-d", payload]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise RuntimeError(f"tshark ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout.splitlines()


def gue_headers(case):
    """{UDP port: bytes between UDP header and inner packet} of the pools of a case that use GUE."""
    document = tomllib.loads((case / "config.toml").read_text())
    return {pool.get("gue_port", 6080): 0 if pool.get("gue_variant", 0) else 4
            for pool in document.get("pool", []) if pool.get("forward") == "gue"}


def taken_out(frame, headers):
    """The inner packet of a frame of GUE as a frame of its own, or None."""
    at = 18 if frame[12:14] == b"\x81\x00" else 14
    udp_at = at + (20 if frame[at] >> 4 == 4 else 40)
    protocol = frame[at + 9 if frame[at] >> 4 == 4 else at + 6]
    port = int.from_bytes(frame[udp_at + 2 : udp_at + 4], "big")
    if frame[6:12] != SENT_FROM or protocol != 17 or port not in headers or frame[udp_at + 6 : udp_at + 8] != b"\0\0":
        return None
    inner = frame[udp_at + 8 + headers[port] :]
    return frame[:12] + (b"\x08\x00" if inner[0] >> 4 == 4 else b"\x86\xdd") + inner


def main(arguments):
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    if not shutil.which("tshark"):
        print("SKIP: there is no tshark (package tshark), so nobody else dissects what is sent")
        return 77
    guideway, cases = arguments[0], pathlib.Path(arguments[1])
    frames, owners, faults, inside = [], [], [], 0
    with tempfile.TemporaryDirectory(prefix="guideway-dissect-") as name:
        folder = pathlib.Path(name)
        for case in sorted(path for path in cases.iterdir() if path.is_dir() and path.name not in WRONG_ON_PURPOSE):
            problems = judge.run(guideway, case, folder)
            if problems:
                print(f"{case.name}: {problems[0]}")
                return 1
            sent, headers = pcap.read(folder / "out.pcap"), gue_headers(case)
            inner = [(time, taken_out(frame, headers)) for time, frame in sent] if headers else []
            inner = [(time, frame) for time, frame in inner if frame]
            frames += sent + inner
            owners += [f"{case.name}, frame {number} of out.pcap" for number in range(len(sent))]
            owners += [f"{case.name}, what is inside frame {number} of GUE" for number in range(len(inner))]
            inside += len(inner)
            if case.name in REASSEMBLED:
                faults += [f"0\t{case.name}, put together: {fault}" for fault in dissect(folder / "out.pcap", True)]
        pcap.write(folder / "all.pcap", frames)
        faults += dissect(folder / "all.pcap")
        # A canary: a frame with a wrong IPv4 checksum must be found.
        broken = bytearray(next(frame for _, frame in frames if frame[12:14] == b"\x08\x00"))
        broken[24] ^= 1
        pcap.write(folder / "canary.pcap", [(frames[0][0], bytes(broken))])
        if not dissect(folder / "canary.pcap"):
            faults.append("0\ttshark finds no fault with a wrong checksum, so its verdict means nothing")
    for fault in faults:
        number, _, rest = fault.partition("\t")
        print(f"{owners[int(number) - 1] + ': ' if int(number) else ''}{rest}")
    print(f"{len(frames)} frames dissected, {inside} of them from inside GUE, {len(faults)} faults")
    return 1 if faults or not inside else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
