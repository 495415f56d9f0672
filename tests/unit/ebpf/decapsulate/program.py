# SPDX-License-Identifier: Apache-2.0
"""The BPF object in the kernel, run over one packet at a time (BPF_PROG_TEST_RUN), by libbpf and ctypes. No packet
leaves the process."""

import ctypes
import ipaddress
import struct
import sys

outcomes = (
    "decapsulated_ipip decapsulated_gue decapsulated_gre restored_l3dsr kernel_not_tunnel kernel_source"
    " kernel_fragment kernel_gre_key kernel_dscp_address kernel_dscp_family kernel_dscp_invalid drop_outer_invalid"
    " drop_outer_truncated drop_outer_checksum drop_tunnel_header drop_inner_invalid drop_inner_truncated"
    " drop_double_tunnel drop_ecn drop_rewrite_failed"
).split()
verdicts = {"xdp": {2: "pass", 1: "drop"}, "tc": {0xFFFFFFFF: "pass", 2: "drop"}}


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


class TestRun(ctypes.Structure):
    """struct bpf_test_run_opts"""

    _fields_ = [
        ("sz", ctypes.c_size_t),
        ("data_in", ctypes.c_void_p),
        ("data_out", ctypes.c_void_p),
        ("data_size_in", ctypes.c_uint32),
        ("data_size_out", ctypes.c_uint32),
        ("ctx_in", ctypes.c_void_p),
        ("ctx_out", ctypes.c_void_p),
        ("ctx_size_in", ctypes.c_uint32),
        ("ctx_size_out", ctypes.c_uint32),
        ("retval", ctypes.c_uint32),
        ("repeat", ctypes.c_int),
        ("duration", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("cpu", ctypes.c_uint32),
        ("batch_size", ctypes.c_uint32),
    ]


def library():
    lib = ctypes.CDLL("libbpf.so.1", use_errno=True)
    for name in ("bpf_object__open", "bpf_object__find_map_by_name", "bpf_object__find_program_by_name"):
        getattr(lib, name).restype = ctypes.c_void_p
    lib.bpf_object__open.argtypes = [ctypes.c_char_p]
    lib.bpf_object__load.argtypes = lib.bpf_object__close.argtypes = [ctypes.c_void_p]
    lib.bpf_object__find_map_by_name.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    lib.bpf_object__find_program_by_name.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    lib.bpf_map__fd.argtypes = lib.bpf_program__fd.argtypes = [ctypes.c_void_p]
    lib.bpf_map__set_initial_value.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
    lib.bpf_map_update_elem.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_uint64]
    lib.bpf_map_lookup_elem.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_char_p]
    lib.bpf_prog_test_run_opts.argtypes = [ctypes.c_int, ctypes.POINTER(TestRun)]
    return lib


class Program:
    """One loaded object, with its settings; `run` says what became of a frame."""

    def __init__(self, path, allow=(), gue_port=0, gre_key=None, dscp=(), local=()):
        self.lib = library()
        self.object = self.lib.bpf_object__open(path.encode())
        if not self.object:
            raise OSError(ctypes.get_errno(), f"cannot open {path}")
        settings = struct.pack("=IHBB", gre_key or 0, gue_port, gre_key is not None, bool(dscp))
        assert self.lib.bpf_map__set_initial_value(self.map(".rodata.settings"), settings, len(settings)) == 0
        error = self.lib.bpf_object__load(self.object)
        if error:
            raise OSError(-error, "the kernel does not load the object")
        for name, prefixes in (("allowed", allow), ("local", local)):
            for prefix in map(ipaddress.ip_network, prefixes):
                key = struct.pack("=I", prefix.prefixlen) + prefix.network_address.packed
                trie = self.map_fd(f"{name}_ipv{prefix.version}")
                assert self.lib.bpf_map_update_elem(trie, key, b"\1", 0) == 0
        for number, ipv4, ipv6 in dscp:
            packed = [ipaddress.ip_address(text).packed if text else b"" for text in (ipv4, ipv6)]
            row = struct.pack("=4s16sBBH", *packed, bool(ipv4), bool(ipv6), 0)
            assert self.lib.bpf_map_update_elem(self.map_fd("services"), struct.pack("=I", number), row, 0) == 0

    def close(self):
        self.lib.bpf_object__close(self.object)

    def map(self, name):
        found = self.lib.bpf_object__find_map_by_name(self.object, name.encode())
        assert found, name
        return found

    def map_fd(self, name):
        return self.lib.bpf_map__fd(self.map(name))

    def counters(self):
        """received, and outcome -> packets."""
        words = 1 + len(outcomes)
        cpus = self.lib.libbpf_num_possible_cpus()
        raw = ctypes.create_string_buffer(8 * words * cpus)
        assert self.lib.bpf_map_lookup_elem(self.map_fd("counters"), bytes(4), raw) == 0
        values = struct.unpack(f"={words * cpus}Q", raw.raw)
        sums = [sum(values[word::words]) for word in range(words)]
        return sums[0], dict(zip(outcomes, sums[1:]))

    def run(self, hook, frame):
        """(verdict, the frame afterwards, the outcome it was counted under)"""
        before_received, before = self.counters()
        program = self.lib.bpf_program__fd(
            self.lib.bpf_object__find_program_by_name(self.object, f"decapsulate_{hook}".encode())
        )
        given = ctypes.create_string_buffer(frame, len(frame))
        room = ctypes.create_string_buffer(len(frame) + 256)
        test = TestRun(
            sz=ctypes.sizeof(TestRun),
            data_in=ctypes.addressof(given),
            data_size_in=len(frame),
            data_out=ctypes.addressof(room),
            data_size_out=len(room),
            repeat=1,
        )
        error = self.lib.bpf_prog_test_run_opts(program, ctypes.byref(test))
        assert error == 0, f"test run: {error}"
        received, after = self.counters()
        counted = [name for name in outcomes for _ in range(after[name] - before[name])]
        assert received - before_received == 1 and len(counted) == 1, (received - before_received, counted)
        return verdicts[hook][test.retval], room.raw[: test.data_size_out], counted[0]
