# SPDX-License-Identifier: Apache-2.0
"""A controller of few lines: the door's messages and the snapshot's layout, written down a second time from
dataplane/door/messages.hh and ebpf/abi/*.h, so that a change of either that is not meant shows here."""
import ctypes
import mmap
import os
import socket
import struct
import time

MAGIC, PROTOCOL, ABI = 0x524F4447, 3, 4
HELLO, WELCOME, REFUSED, TABLE, SNAPSHOT, ACCEPTED, REJECTED, FLOW_QUERY, FLOW_ANSWER = range(1, 10)
SNAPSHOT_MAGIC, TABLE_MAGIC, COUNTERS_MAGIC = 0x534E4757, 0x42544757, 0x43474757
NO_BACKEND = 0xFFFFFFFF
ABSENT, UP, DRAINING, DOWN = range(4)
EXITS = [
    "sent", "kernel_not_ip", "kernel_other_protocol", "kernel_no_service", "drop_frame_truncated",
    "drop_ip_header_invalid", "drop_ip_checksum", "drop_extension_headers", "drop_fragment", "drop_l4_invalid",
    "drop_no_backend", "drop_unresolved", "drop_too_big", "drop_no_headroom", "drop_tx_full", "drop_kernel_full",
    "answered_echo", "answered_too_big", "answered_reject", "drop_echo_limited", "drop_reject_limited",
    "drop_fragments_full", "drop_access_denied", "drop_rate_limited", "drop_source_limited",
]
HEADER = struct.Struct("<IHHII")
WELCOME_BODY = struct.Struct("<IIQIIIIQQQ16sII")
PORT = struct.Struct("<II6s2s36s16s")


def text(raw):
    return raw.split(b"\0", 1)[0].decode()


def table(table_id, slots, magic=TABLE_MAGIC, abi=ABI):
    """`slots` are backend indexes, or pairs of (current, home)."""
    pairs = [slot if isinstance(slot, tuple) else (slot, slot) for slot in slots]
    body = b"".join(struct.pack("<II", *pair) for pair in pairs)
    return struct.pack("<IIQII", magic, abi, table_id, len(pairs), 0) + body


def together(tables):
    """Tables as they lie in the memory of an offer."""
    memory = b""
    for each in tables:
        memory += bytes(-len(memory) % 64) + each
    return memory


def address_bytes(address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.inet_pton(family, address).ljust(16, b"\0"), 6 if ":" in address else 4


def service(address, port, protocol=6, service_id=0, table=0, scheduler=0, policy=0, flags=0, idle_s=300):
    raw, family = address_bytes(address)
    key = struct.pack("<16s2sBBB3x", raw, struct.pack(">H", port), protocol, family, 128 if family == 6 else 32)
    row = struct.pack("<IIBBHIII", service_id, table, scheduler, policy, flags, idle_s * 16, 60 * 16, 10 * 16)
    # Port range, DSCP, source bits, access list and limits: none of them.
    return key + row + bytes(128 - len(key) - len(row))


def backend(index, address, next_hop, source_mac, port=0, forward=0, flags=1, mtu=1500, outer_source=None):
    raw, family = address_bytes(address)
    outer, _ = address_bytes(outer_source or ("::" if family == 6 else "0.0.0.0"))
    mac = lambda each: bytes.fromhex(each.replace(":", ""))
    return struct.pack("<IBBBB6s6s16s16sHHHBxI", index, forward, family, flags, port, mac(next_hop), mac(source_mac),
                       raw, outer, mtu, 0, 1, 128 if family == 6 else 32, 0)


def snapshot(generation, services, backends, tables, magic=SNAPSHOT_MAGIC, abi=ABI, key=(1, 2)):
    head = struct.pack("<IIQQQIIII", magic, abi, generation, *key, len(services), len(backends), len(tables), 0)
    head += struct.pack("<IIII", 1000, 1000, 1000, 0)  # answers: echo, too big, reject; flags
    return head + b"".join(services) + b"".join(backends) + b"".join(struct.pack("<Q", each) for each in tables)


def health_word(state, share=65535, reason=0, generation=1):
    return share << 48 | state << 40 | reason << 32 | generation


class Answer(Exception):
    """A Refused or Rejected, with its sentence."""

    def __init__(self, kind, reason):
        super().__init__(reason)
        self.kind, self.reason = kind, reason


class Controller:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(10)
        self.socket.connect(path)
        self.sequence = 0

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def exchange(self, kind, body, fds=(), magic=MAGIC, version=PROTOCOL, length=None):
        self.sequence += 1
        length = HEADER.size + len(body) if length is None else length
        message = HEADER.pack(magic, version, kind, length, self.sequence) + body
        socket.send_fds(self.socket, [message], list(fds))
        for fd in fds:
            os.close(fd)
        return self.read()

    def read(self):
        raw, fds, _, _ = socket.recv_fds(self.socket, 4096, 4)
        if not raw:
            raise ConnectionResetError("the door closed")
        _, _, kind, length, sequence = HEADER.unpack_from(raw)
        assert length == len(raw), (length, len(raw))
        body = raw[HEADER.size:]
        if kind in (REFUSED, REJECTED):
            raise Answer(kind, text(body))
        assert sequence == self.sequence
        return kind, body, fds

    def hello(self, abi=ABI):
        kind, body, fds = self.exchange(HELLO, struct.pack("<II", abi, os.getpid()))
        assert kind == WELCOME and len(fds) == 3
        (_, self.process_id, self.generation, self.services_max, self.backends_max, self.flows_max, self.worker_count,
         health_bytes, counters_bytes, self.staging_bytes, name, port_count, _) = WELCOME_BODY.unpack_from(body)
        self.datapath = text(name)
        self.ports = []
        for number in range(port_count):
            _, mtu, mac, _, device, face = PORT.unpack_from(body, WELCOME_BODY.size + number * PORT.size)
            self.ports.append({"mtu": mtu, "mac": mac.hex(":"), "name": text(device), "kernel_face": text(face)})
        self.health_fd, self.counters_fd, self.staging_fd = fds
        self.health = mmap.mmap(fds[0], health_bytes)
        self.counters = mmap.mmap(fds[1], counters_bytes, prot=mmap.PROT_READ)
        return self

    def stage(self, contents):
        """Writes it to the beginning of the staging memory; returns where and how long it is."""
        assert os.pwrite(self.staging_fd, contents, 0) == len(contents)
        return 0, len(contents)

    def offer_tables(self, count, contents, staged=None):
        staged = staged or self.stage(contents)
        kind, body, _ = self.exchange(TABLE, struct.pack("<IIQQ", count, 0, *staged))
        assert kind == ACCEPTED and struct.unpack("<Q", body)[0] == count

    def offer_snapshot(self, generation, contents, staged=None):
        staged = staged or self.stage(contents)
        kind, body, _ = self.exchange(SNAPSHOT, struct.pack("<QQQ", generation, *staged))
        assert kind == ACCEPTED and struct.unpack("<Q", body)[0] == generation

    def publish(self, generation, services, backends, tables):
        """`tables`: {id: slots}."""
        if tables:
            self.offer_tables(len(tables), together(table(*each) for each in tables.items()))
        self.offer_snapshot(generation, snapshot(generation, services, backends, tables))

    def set_health(self, index, word):
        # One aligned store of 8 bytes, as the real one does.
        ctypes.c_uint64.from_buffer(self.health, index * 8).value = word

    def find_flow(self, source, source_port, destination, destination_port, protocol=6):
        (src, family), (dst, _) = address_bytes(source), address_bytes(destination)
        body = src + dst + struct.pack(">HHBB2x", source_port, destination_port, protocol, family)
        kind, answer, _ = self.exchange(FLOW_QUERY, body)
        assert kind == FLOW_ANSWER
        return dict(zip(("remembered", "worker", "backend", "state", "remaining"), struct.unpack("<IIIIII", answer)))

    def counters_add_up(self, patience_s=5):
        """received = sent + to the kernel + sum of named drops, as soon as no packet is on its way."""
        end = time.monotonic() + patience_s
        while True:
            counters = self.read_counters()
            if counters["received_packets"] == sum(counters["exits"].values()):
                return True
            if time.monotonic() > end:
                return False
            time.sleep(0.05)

    def read_counters(self):
        """Sums over all workers."""
        magic, abi, workers, services_max, backends_max, stride = struct.unpack_from("<IIIIII", self.counters)
        assert (magic, abi) == (COUNTERS_MAGIC, ABI)
        total = {"exits": dict.fromkeys(EXITS, 0), "services": {}, "backends": {}}
        names = ("received_packets", "received_bytes", "sent_bytes", "from_kernel_packets", "from_kernel_dropped",
                 "loops", "busy_loops", "plain", "asked", "flows_remembered")
        for worker in range(workers):
            at = 64 + worker * stride
            for name, value in zip(names, struct.unpack_from("<%dQ" % len(names), self.counters, at)):
                total[name] = total.get(name, 0) + value
            for name, value in zip(EXITS, struct.unpack_from("<%dQ" % len(EXITS), self.counters, at + 128)):
                total["exits"][name] += value
            services_at = at + 128 + 64 * 8 + 256
            for index in range(16):
                packets, _ = struct.unpack_from("<QQ", self.counters, services_at + index * 16)
                total["services"][index] = total["services"].get(index, 0) + packets
            backends_at = services_at + services_max * 16
            for index in range(16):
                packets, _, _, _ = struct.unpack_from("<QQQQ", self.counters, backends_at + index * 32)
                total["backends"][index] = total["backends"].get(index, 0) + packets
        return total
