#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Seeds for the fuzzer of the pipeline from the captures of tests/cases: seeds.py FOLDER writes one input a case.

An input is what pipeline_fuzz.cc reads: for each frame a byte that says what happens first (nothing), its length, and
the frame."""
import pathlib
import struct
import sys

root = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(root / "tests" / "oracle"))
import pcap  # noqa: E402

FRAMES_A_SEED = 16


def main():
    folder = pathlib.Path(sys.argv[1])
    for capture in sorted((root / "tests" / "cases").glob("*/in.pcap")):
        frames = [frame for _, frame in pcap.read(capture)][:FRAMES_A_SEED]
        records = (b"\0" + struct.pack("<H", len(frame)) + bytes(frame) for frame in frames if len(frame) < 65536)
        (folder / capture.parent.name).write_bytes(b"".join(records))


if __name__ == "__main__":
    main()
