# SPDX-License-Identifier: Apache-2.0
"""Writes the first inputs of the door's fuzzer: whole conversations, good ones and bad ones.
Usage: make_corpus.py FOLDER"""
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../netns/datapath"))
import door  # noqa: E402

RAW, RAW_WITH_FD, MEMORY, HELLO, TABLE, SNAPSHOT, FLOW = range(7)


def step(kind, contents=b""):
    return struct.pack("<BH", kind, len(contents)) + contents


def raw(kind, body, **how):
    header = {"magic": door.MAGIC, "version": door.PROTOCOL, "length": door.HEADER.size + len(body), **how}
    return step(RAW, door.HEADER.pack(header["magic"], header["version"], kind, header["length"], 1) + body)


def offer(kind, contents):
    return step(MEMORY, contents) + step(kind)


def offer_tables(*tables, count=None):
    return step(MEMORY, door.together(tables)) + step(TABLE, struct.pack("<I", len(tables) if count is None else count))


TABLE_1, TABLE_2 = (door.table(number, [0, 1] * 125 + [0]) for number in (1, 2))
TABLE_3 = door.table(3, [0] * 257)
SERVICES = [door.service("10.0.0.1", 80), door.service("fd00::1", 0, protocol=17, service_id=1, flags=1, scheduler=1)]
BACKENDS = [door.backend(0, "192.168.0.1", "02:00:00:00:00:01", "02:00:00:00:00:02"),
            door.backend(1, "fd00::2", "02:00:00:00:00:01", "02:00:00:00:00:02", forward=1)]
GOOD = door.snapshot(1, SERVICES, BACKENDS, [1])
FLOW_KEY = bytes(32) + struct.pack(">HHBB2x", 1, 80, 6, 4)

CORPUS = {
    "empty": b"",
    "hello": step(HELLO),
    "hello_raw": raw(door.HELLO, struct.pack("<II", door.ABI, 1)),
    "hello_twice": step(HELLO) * 2,
    "wrong_magic": raw(door.HELLO, bytes(8), magic=1),
    "wrong_version": raw(door.HELLO, bytes(8), version=9),
    "wrong_length": raw(door.HELLO, bytes(8), length=9),
    "before_hello": offer(TABLE, TABLE_1),
    "publish": step(HELLO) + offer(TABLE, TABLE_1) + offer(SNAPSHOT, GOOD) + step(FLOW, FLOW_KEY),
    "publish_twice": step(HELLO) + offer(TABLE, TABLE_1) + offer(SNAPSHOT, GOOD) + offer(SNAPSHOT, GOOD),
    "publish_again": step(HELLO) + offer(TABLE, TABLE_1) + offer(SNAPSHOT, GOOD)
                     + offer(SNAPSHOT, door.snapshot(2, SERVICES[:1], BACKENDS, [1])),
    "no_table": step(HELLO) + offer(SNAPSHOT, GOOD),
    "cut_snapshot": step(HELLO) + offer(TABLE, TABLE_1) + offer(SNAPSHOT, GOOD[:-1]),
    "no_prime": step(HELLO) + offer(TABLE, door.table(1, [0] * 252)),
    "backend_too_high": step(HELLO) + offer(TABLE, door.table(1, [99] * 251)),
    "moving_slots": step(HELLO) + offer(TABLE, door.table(1, [(0, 1)] * 250 + [(door.NO_BACKEND, 0)])),
    "empty_snapshot": step(HELLO) + offer(SNAPSHOT, door.snapshot(1, [], [], [])),
    "fd_with_hello": step(MEMORY, b"x")
                         + step(RAW_WITH_FD, door.HEADER.pack(door.MAGIC, door.PROTOCOL, 1, 24, 1) + bytes(8)),
    "many_tables": step(HELLO) + offer_tables(TABLE_2, TABLE_1, TABLE_3) + offer(SNAPSHOT, GOOD),
    "many_tables_twice": step(HELLO) + offer_tables(TABLE_1, TABLE_2) + offer_tables(TABLE_2, TABLE_3),
    "same_table_twice": step(HELLO) + offer_tables(TABLE_1, TABLE_1),
    "last_table_bad": step(HELLO) + offer_tables(TABLE_1, TABLE_2, door.table(3, [99] * 251)),
    "no_tables": step(HELLO) + offer_tables(TABLE_1, count=0),
    "too_few_tables": step(HELLO) + offer_tables(TABLE_1, TABLE_2, count=3),
    "too_many_tables": step(HELLO) + offer_tables(TABLE_1, TABLE_2, count=1),
    "cut_tables": step(HELLO) + step(MEMORY, door.together([TABLE_1, TABLE_2])[:-1])
                  + step(TABLE, struct.pack("<I", 2)),
}

for name, contents in CORPUS.items():
    with open(os.path.join(sys.argv[1], name), "wb") as file:
        file.write(contents)
