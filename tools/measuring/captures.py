# SPDX-License-Identifier: Apache-2.0
"""Captures that a datapath is fed with: so many flows, each once, in an order that no cache can foresee."""

import struct

import numpy

service_network = 0xC6120000  # 198.18.0.0/15, for measurements (RFC 2544): service i is its i-th address
service_ipv6_network = bytes.fromhex("20010db8000000000000000000000000")
kinds = ("established", "syn", "udp", "ipv6", "imix", "icmp-error", "echo", "no-service")
imix_bytes = (64, 64, 64, 64, 64, 64, 64, 594, 594, 594, 594, 1518)  # 7:4:1, with the check sequence
flow_stride = 0x9E3779B1  # odd: flow numbers times this are all different, and look like chance


def ones_sum(words):
    """Column-wise ones' complement sum of an array of 16-bit words."""
    total = words.astype(numpy.uint64).sum(axis=1)
    for _ in range(3):
        total = (total & 0xFFFF) + (total >> 16)
    return total.astype(numpy.uint16)


def put16(frames, at, values):
    frames[:, at] = values >> 8
    frames[:, at + 1] = values & 0xFF


def put32(frames, at, values):
    put16(frames, at, values >> 16)
    put16(frames, at + 2, values & 0xFFFF)


def put_checksum(frames, begin, end, at):
    words = frames[:, begin:end:2].astype(numpy.uint32) << 8 | frames[:, begin + 1 : end : 2]
    put16(frames, at, (~ones_sum(words)).astype(numpy.uint16))


def put_ipv4(frames, at, total_bytes, protocol, source, destination):
    frames[:, at] = 0x45
    put16(frames, at + 2, numpy.full(len(frames), total_bytes, dtype=numpy.uint32))
    frames[:, at + 8] = 64
    frames[:, at + 9] = protocol
    put32(frames, at + 12, source)
    put32(frames, at + 16, destination)
    put_checksum(frames, at, at + 20, at + 10)


def put_tcp(frames, at, source_port, destination_port, flags):
    put16(frames, at, source_port)
    put16(frames, at + 2, destination_port)
    frames[:, at + 12] = 0x50
    frames[:, at + 13] = flags


def put_ipv6(frames, source, service):
    frames[:, 12:14] = (0x86, 0xDD)
    frames[:, 14] = 0x60
    put16(frames, 18, numpy.full(len(frames), 20, dtype=numpy.uint32))
    frames[:, 20:22] = (6, 64)
    frames[:, 22:38] = numpy.frombuffer(bytes.fromhex("20010db800ff") + bytes(10), dtype=numpy.uint8)
    put32(frames, 34, source)
    frames[:, 38:54] = numpy.frombuffer(service_ipv6_network, dtype=numpy.uint8)
    put32(frames, 50, service)


def put_icmp_error(frames, client, client_port, service):
    """A router's port unreachable about what the service sent to the client."""
    put_ipv4(frames, 14, 56, 1, numpy.full(len(frames), 0x0A630001, dtype=numpy.uint32), service)
    put_ipv4(frames, 42, 60, 6, service, client)
    put16(frames, 62, numpy.full(len(frames), 80, dtype=numpy.uint32))
    put16(frames, 64, client_port)
    frames[:, 34:36] = (3, 3)
    put_checksum(frames, 34, 70, 36)


def frames_of(kind, flows, services):
    """An array of one frame a flow, and its lengths (without the check sequence)."""
    numbers = numpy.arange(flows, dtype=numpy.uint32)
    mixed = (numbers * numpy.uint32(flow_stride)).astype(numpy.uint32)
    client = numpy.uint32(0x0A000000) | mixed >> 8  # 24 bits in 10/8, 8 more in the port
    client_port = numpy.uint32(1024) + (mixed & 0xFF)
    service = numpy.uint32(service_network) + numbers % services
    bytes_each = {"ipv6": 74, "icmp-error": 70, "imix": 1514}.get(kind, 60)
    frames = numpy.zeros((flows, bytes_each), dtype=numpy.uint8)
    frames[:, 0:6] = (2, 0, 0, 0, 0, 1)
    frames[:, 6:12] = (2, 0, 0, 0, 0, 2)
    frames[:, 12] = 8
    lengths = numpy.full(flows, bytes_each)
    if kind == "ipv6":
        put_ipv6(frames, client, numbers % services)
        put_tcp(frames, 54, client_port, numpy.full(flows, 80, dtype=numpy.uint32), 0x10)
    elif kind == "icmp-error":
        put_icmp_error(frames, client, client_port, service)
    elif kind == "echo":
        put_ipv4(frames, 14, 46, 1, client, service)
        frames[:, 34] = 8
        put16(frames, 38, client_port)
        put_checksum(frames, 34, 60, 36)
    elif kind == "udp":
        put_ipv4(frames, 14, 46, 17, client, service)
        put16(frames, 34, client_port)
        put16(frames, 36, numpy.full(flows, 80, dtype=numpy.uint32))
        put16(frames, 38, numpy.full(flows, 26, dtype=numpy.uint32))
    elif kind == "imix":
        lengths = numpy.array(imix_bytes)[numbers % len(imix_bytes)] - 4
        for length in sorted(set(lengths.tolist())):
            rows = lengths == length
            some = frames[rows]
            put_ipv4(some, 14, length - 14, 6, client[rows], service[rows])
            put_tcp(some, 34, client_port[rows], numpy.full(len(some), 80, dtype=numpy.uint32), 0x10)
            frames[rows] = some
    else:
        destination = service if kind != "no-service" else numpy.full(flows, 0xCB007101, dtype=numpy.uint32)
        put_ipv4(frames, 14, 46, 6, client, destination)
        flags = 0x02 if kind == "syn" else 0x10
        put_tcp(frames, 34, client_port, numpy.full(flows, 80, dtype=numpy.uint32), flags)
    return frames, lengths


def write(path, kind, flows, services):
    """A pcap of one packet a flow; at least a few hundred packets, so that a burst is a burst."""
    frames, lengths = frames_of(kind, flows, services)
    repeats = -(-256 // len(frames))
    header = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    with open(path, "wb") as file:
        file.write(header)
        for _ in range(repeats):
            if len(set(lengths.tolist())) == 1:
                file.write(records(frames).tobytes())
            else:
                for frame, length in zip(frames, lengths.tolist()):
                    file.write(struct.pack("<IIII", 0, 0, length, length) + frame[:length].tobytes())
    return len(frames) * repeats


def records(frames):
    """Each frame behind its record header."""
    count, length = frames.shape
    header = numpy.frombuffer(struct.pack("<IIII", 0, 0, length, length), dtype=numpy.uint8)
    return numpy.hstack([numpy.tile(header, (count, 1)), frames])
