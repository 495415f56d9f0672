#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A million flows open, one of ten backends dies, and every flow speaks again: only the dead one's flows may move.

Usage: one_backend_down.py GUIDEWAY [FLOWS]"""
import collections
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

BACKENDS = 10
DEAD = "10.0.0.4"
SYN, ACK = 0x02, 0x10


def header_checksum(header):
    total = sum(struct.unpack(f">{len(header) // 2}H", header))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def frame(flow, flags):
    source = bytes([198, 18, flow >> 8 & 0xFF, flow & 0xFF])
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40, 0, 0, 64, 6, 0, source, bytes([192, 0, 2, 10]))
    header = header[:10] + struct.pack(">H", header_checksum(header)) + header[12:]
    tcp = struct.pack(">HHIIBBHHH", 1024 + (flow >> 16), 80, 0, 0, 0x50, flags, 0, 0, 0)
    return bytes(12) + b"\x08\x00" + header + tcp


def write_capture(path, flows):
    with open(path, "wb", buffering=1 << 20) as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for second, flags in ((0, SYN), (2, ACK)):
            for flow in range(flows):
                data = frame(flow, flags)
                file.write(struct.pack("<IIII", second, 0, len(data), len(data)) + data)


def main():
    guideway, flows = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        at = pathlib.Path(folder)
        backends = ", ".join(f'"10.0.0.{i + 1}"' for i in range(BACKENDS))
        (at / "c.toml").write_text(
            'hash_key = "00112233445566778899aabbccddeeff"\n[[service]]\nname = "web"\naddress = "192.0.2.10"\n'
            f"port = 80\nbackends = [{backends}]\n"
        )
        (at / "events.txt").write_text(f"1.0 set web {DEAD} down\n")
        write_capture(at / "in.pcap", flows)
        command = [guideway, "replay", "--config", at / "c.toml", "--in", at / "in.pcap", "--out", at / "out.pcap"]
        command += ["--events", at / "events.txt", "--decisions", at / "decisions.txt", "--json"]
        report = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        with open(at / "decisions.txt", encoding="ascii") as file:
            decisions = [line.split()[2] for line in file]
    before, after = decisions[:flows], decisions[flows:]
    dead = f"web/{DEAD}"
    own = before.count(dead)
    moved = sum(a != b for a, b in zip(before, after))
    others_moved = sum(a != b and a != dead for a, b in zip(before, after))
    print(f"{flows} flows, {own} of them on {DEAD}; after its death {moved} moved, {others_moved} of other backends")
    print("spread of those that moved:", dict(collections.Counter(b for a, b in zip(before, after) if a == dead)))
    assert report["flows"] == flows and report["flows_moved"] == moved
    assert abs(own - flows / BACKENDS) < 0.02 * flows / BACKENDS, "the dead backend had its share"
    assert moved == own and others_moved == 0, "exactly the dead backend's flows moved"
    assert dead not in after, "nothing goes to the dead backend"


if __name__ == "__main__":
    main()
