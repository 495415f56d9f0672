# SPDX-License-Identifier: Apache-2.0
"""SipHash as its paper defines it (Aumasson and Bernstein, 2012, section 2), with the numbers of rounds as parameters,
and the hash of a flow as docs/packet-path.md and ebpf/abi/flow_key.h describe it.

Written from the paper, not from the C header, so that the two can be held against each other. The vectorised twin
hashes millions of flows at once; siphash_test.py holds it to the plain one and both to published vectors.
"""
import struct

import numpy

MASK = (1 << 64) - 1
INITIAL = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)


def rotate(x, bits):
    return ((x << bits) | (x >> (64 - bits))) & MASK


def sip_round(v0, v1, v2, v3):
    """Figure 2.1 of the paper."""
    v0 = (v0 + v1) & MASK
    v2 = (v2 + v3) & MASK
    v1 = rotate(v1, 13) ^ v0
    v3 = rotate(v3, 16) ^ v2
    v0 = rotate(v0, 32)
    v2 = (v2 + v1) & MASK
    v0 = (v0 + v3) & MASK
    v1 = rotate(v1, 17) ^ v2
    v3 = rotate(v3, 21) ^ v0
    v2 = rotate(v2, 32)
    return v0, v1, v2, v3


def siphash(compression_rounds, finalization_rounds, key, message):
    """SipHash-c-d of `message` under the 16 bytes of `key`."""
    k0, k1 = struct.unpack("<QQ", key)
    v = (INITIAL[0] ^ k0, INITIAL[1] ^ k1, INITIAL[2] ^ k0, INITIAL[3] ^ k1)
    # Padded with zeros to one byte short of a whole word; the last byte is the length modulo 256.
    padded = message + bytes(7 - len(message) % 8) + bytes([len(message) % 256])
    for (word,) in struct.iter_unpack("<Q", padded):
        v = (v[0], v[1], v[2], v[3] ^ word)
        for _ in range(compression_rounds):
            v = sip_round(*v)
        v = (v[0] ^ word, v[1], v[2], v[3])
    v = (v[0], v[1], v[2] ^ 0xFF, v[3])
    for _ in range(finalization_rounds):
        v = sip_round(*v)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def siphash13(key, message):
    return siphash(1, 3, key, message)


def flow_message(source, destination, source_port, destination_port, protocol):
    """What is hashed: addresses and ports as on the wire, protocol, family. Addresses are 4 or 16 bytes each."""
    family = 4 if len(source) == 4 else 6
    return source + destination + struct.pack(">HHBB", source_port, destination_port, protocol, family)


def source_message(source):
    """`source` is an address whose host bits are zero already (prefixes.masked)."""
    return source + bytes((4 if len(source) == 4 else 6,))


def limit_message(source, service_id):
    return source + struct.pack("<I", service_id) + bytes((4 if len(source) == 4 else 6,))


def fragment_message(source, destination, identification, protocol):
    """`identification` is the field as on the wire: two bytes in IPv4, four in IPv6, where the protocol counts not."""
    if len(source) == 4:
        return source + destination + identification + bytes((0, 0, protocol, 0, 0, 0, 4))
    return source + destination + identification + b"\x06"


# --- the same over columns of numpy ---------------------------------------------------------------------------------


def rotate_columns(x, bits):
    return (x << numpy.uint64(bits)) | (x >> numpy.uint64(64 - bits))


def sip_round_columns(v):
    v[0] += v[1]
    v[2] += v[3]
    v[1] = rotate_columns(v[1], 13) ^ v[0]
    v[3] = rotate_columns(v[3], 16) ^ v[2]
    v[0] = rotate_columns(v[0], 32)
    v[2] += v[1]
    v[0] += v[3]
    v[1] = rotate_columns(v[1], 17) ^ v[2]
    v[3] = rotate_columns(v[3], 21) ^ v[0]
    v[2] = rotate_columns(v[2], 32)


def siphash13_columns(key, messages, length):
    """SipHash-1-3 of many messages of one length: `messages` is an array of uint8, one message a row."""
    count = messages.shape[0]
    padded = numpy.zeros((count, (length // 8 + 1) * 8), dtype=numpy.uint8)
    padded[:, :length] = messages[:, :length]
    padded[:, -1] = length % 256
    words = padded.view("<u8")
    k0, k1 = (numpy.uint64(k) for k in struct.unpack("<QQ", key))
    v = [numpy.full(count, numpy.uint64(i) ^ k, dtype=numpy.uint64) for i, k in zip(INITIAL, (k0, k1, k0, k1))]
    for i in range(words.shape[1]):
        word = words[:, i]
        v[3] = v[3] ^ word
        sip_round_columns(v)
        v[0] = v[0] ^ word
    v[2] = v[2] ^ numpy.uint64(0xFF)
    for _ in range(3):
        sip_round_columns(v)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def hash_messages(key, messages):
    """SipHash-1-3 of a list of byte strings of any mix of lengths, as a list of ints in the same order."""
    by_length = {}
    for position, message in enumerate(messages):
        by_length.setdefault(len(message), []).append(position)
    hashes = [0] * len(messages)
    for length, positions in by_length.items():
        block = b"".join(messages[p] for p in positions)
        rows = numpy.frombuffer(block, dtype=numpy.uint8).reshape(len(positions), length)
        for position, value in zip(positions, siphash13_columns(key, rows, length).tolist()):
            hashes[position] = value
    return hashes
