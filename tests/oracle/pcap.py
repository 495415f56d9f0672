# SPDX-License-Identifier: Apache-2.0
"""Captures in the classic format (microseconds or nanoseconds, either byte order), read and written as whole files.

Scapy can do this too, but takes minutes for a million packets."""
import struct

MICROSECONDS, NANOSECONDS = 0xA1B2C3D4, 0xA1B23C4D
ETHERNET = 1


def read(path):
    """A list of (time in nanoseconds, frame)."""
    with open(path, "rb") as file:
        data = file.read()
    for order in "<>":
        (magic,) = struct.unpack_from(order + "I", data)
        if magic in (MICROSECONDS, NANOSECONDS):
            break
    else:
        raise ValueError(f"{path}: not a capture in the classic format")
    unit = 1000 if magic == MICROSECONDS else 1
    record = struct.Struct(order + "IIII")
    packets = []
    at = 24
    while at < len(data):
        seconds, fraction, captured, _ = record.unpack_from(data, at)
        at += 16
        packets.append((seconds * 10**9 + fraction * unit, data[at : at + captured]))
        at += captured
    if at != len(data):
        raise ValueError(f"{path}: the last record is cut off")
    return packets


def write(path, packets):
    """Writes (time in nanoseconds, frame) with microseconds."""
    parts = [struct.pack("<IHHiIII", MICROSECONDS, 2, 4, 0, 0, 65535, ETHERNET)]
    for time_ns, frame in packets:
        parts.append(struct.pack("<IIII", time_ns // 10**9, time_ns % 10**9 // 1000, len(frame), len(frame)))
        parts.append(frame)
    with open(path, "wb") as file:
        file.write(b"".join(parts))
