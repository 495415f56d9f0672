#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures changes from the operator's side: real guidewayd and guideway-dpdk, services each with backends and a table
of their own, traffic of every service. Prints JSON: a start from nothing, a start from saved state, edits of one
backend's weight from the request to its answer (by then every worker uses the change), a check and an application of
the file. The input is `full`, as many packets as the worker takes, so that one core is the worker's and all else shares
the other; or `light`, a thousand a second, between which the worker sleeps (needs root, for a network namespace)."""

import argparse
import ctypes
import itertools
import json
import mmap
import os
import pathlib
import resource
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
from measuring import captures, machine, subjects  # noqa: E402

ticks_per_second = os.sysconf("SC_CLK_TCK")
exits_at = 64 + 128  # in the counters: behind both headers (ebpf/abi/counters.h); GW_EXIT_SENT is the first


def address(number):
    return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def configuration(folder, services, backends):
    lines = ['hash_key = "00112233445566778899aabbccddeeff"', f'state_directory = "{folder}/state"']
    lines += [f'door = "{folder}/door.sock"', f'api = "{folder}/api.sock"', "[defaults]", 'check = "none"']
    for service in range(services):
        high, low = divmod(service, 256)
        lines += ["[[service]]", f'name = "s{service}"', f'address = "198.18.{high}.{low}"', "port = 80"]
        lines.append("backends = [")
        for number in range(service * backends + 1, (service + 1) * backends + 1):
            lines.append(f'  {{ name = "b{number}", address = "{address(number)}", mac = "02:00:00:00:00:01" }},')
        lines.append("]")
    return "\n".join(lines) + "\n"


class LightInput:
    """A cable in a network namespace of this process, and a thousand frames a second into one of its ends."""

    device = "net_af_packet0,iface=light0"

    def __init__(self, services):
        if ctypes.CDLL(None, use_errno=True).unshare(0x40000000) != 0:  # CLONE_NEWNET
            raise subjects.MeasureError(f"a network namespace needs root: {os.strerror(ctypes.get_errno())}")
        for words in ("add light0 type veth peer name light1", "set light0 up", "set light1 up"):
            subprocess.run(["ip", "link", *words.split()], check=True)
        self.frames = [bytes(frame) for frame in captures.frames_of("established", 4096, services)[0]]
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.socket.bind(("light1", 0))
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        for number in itertools.count():
            self.socket.send(self.frames[number % len(self.frames)])
            if number % 10 == 0:
                time.sleep(0.01)


class Box:
    """Both programs, sharing the cores that there are."""

    def __init__(self, folder, build, services, backends, light=False):
        self.folder, self.build = folder, build
        cores = sorted(os.sched_getaffinity(0))
        self.datapath_command = [build / "dataplane/dpdk/guideway-dpdk", "--door", folder / "door.sock", "--no-huge"]
        device = LightInput(services).device if light else subjects.device.format(capture=folder / "in.pcap")
        self.datapath_command += ["--port", device, "--no-kernel-face"]
        self.datapath_command += ["--workers", "1", "--cores", cores[-1], "--main-core", cores[0]]
        self.datapath_command += ["--memory-mb", "256", "--extra-buffers", "8192", "--flows-max", "65536"]
        self.datapath_command += ["--services-max", services + 64, "--backends-max", services * backends + 1024]
        self.datapath, self.control, self.counters = None, None, None

    def start_datapath(self):
        command = list(map(str, self.datapath_command))
        self.datapath = subjects.Started("guideway-dpdk", command, self.folder / "datapath.log")

    def start_control(self):
        command = [self.build / "controlplane/daemon/guidewayd", "--config", self.folder / "guideway.toml"]
        self.control = subjects.Started("guidewayd", list(map(str, command)), self.folder / "control.log")

    def sent(self):
        """Packets sent to backends, out of the counters that the datapath shares."""
        if self.counters is None:
            for descriptor in pathlib.Path(f"/proc/{self.datapath.process.pid}/fd").iterdir():
                try:
                    if "guideway-counters" not in os.readlink(descriptor):
                        continue
                    with open(descriptor, "rb") as file:
                        self.counters = mmap.mmap(file.fileno(), 4096, prot=mmap.PROT_READ)
                except (FileNotFoundError, ValueError):
                    continue  # just being made
        return 0 if self.counters is None else struct.unpack_from("<Q", self.counters, exits_at)[0]

    def await_packets(self, patience_s):
        """Seconds until packets are sent to backends."""
        began = time.monotonic()
        while self.sent() == 0:
            self.datapath.said("")
            if self.control is not None:
                self.control.said("")
            if time.monotonic() - began > patience_s:
                raise subjects.MeasureError(f"no packet was sent to a backend within {patience_s} s")
            time.sleep(0.002)
        return time.monotonic() - began

    def cpu_s(self):
        fields = pathlib.Path(f"/proc/{self.control.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / ticks_per_second

    def ask(self, method, path, body=None):
        """One call on a connection of its own, as the CLI makes it; by hand, since what is timed is guidewayd."""
        body = b"" if body is None else json.dumps(body).encode()
        lines = f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close", f"Content-Length: {len(body)}"
        head = "\r\n".join(lines) + "\r\n\r\n"
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(600)
            connection.connect(str(self.folder / "api.sock"))
            connection.sendall(head.encode() + body)
            reply = b"".join(iter(lambda: connection.recv(1 << 20), b""))
        if not reply.startswith(b"HTTP/1.1 200 "):
            raise subjects.MeasureError(f"{method} {path}: {reply.decode()[:500]}")
        return reply.partition(b"\r\n\r\n")[2]

    def end(self):
        for each in (self.control, self.datapath):
            if each is not None:
                each.end()
        self.control, self.datapath, self.counters = None, None, None


def timed(work):
    began = time.monotonic()
    work()
    return time.monotonic() - began


def cpu_of(command):
    """Seconds of processor time of a program that ends by itself."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure_start(box, patience_s):
    box.start_datapath()
    box.start_control()
    seconds = box.await_packets(patience_s)
    result = {"first_packet_s": round(seconds, 3), "control_cpu_s": box.cpu_s()}
    box.ask("GET", "/v1/status")
    return result


def measure_edits(box, options):
    durations = []
    cpu_before = box.cpu_s()
    for turn in range(options.edits):
        service = turn * 37 % options.services
        name = f"b{service * options.backends + 1}"
        edit = {"op": "backend.weight", "pool": f"s{service}", "name": name, "weight": 2 + turn}
        durations.append(timed(lambda edit=edit: box.ask("POST", "/v1/edits", {"edits": [edit]})))
        time.sleep(0.02)
    milliseconds = sorted(1000 * each for each in durations)
    return {
        "edit_ms": {"median": round(statistics.median(milliseconds), 2), "worst": round(milliseconds[-1], 2)},
        "edit_control_cpu_ms": round(1000 * (box.cpu_s() - cpu_before) / options.edits, 2),
    }


def measure_files(box, options):
    file = box.folder / "guideway.toml"
    result = {"check_cpu_s": round(cpu_of([options.build / "controlplane/cli/guideway", "config", "check", file]), 3)}
    file.write_text(file.read_text().replace('name = "b1",', 'name = "b1", weight = 7,'))
    before = box.cpu_s()
    seconds = timed(lambda: box.ask("POST", "/v1/config/apply", {"path": str(file)}))
    return {**result, "apply_s": round(seconds, 3), "apply_control_cpu_s": round(box.cpu_s() - before, 3)}


def run(options):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gwbench"))
    results = {"machine": machine.description(), "services": options.services, "backends_each": options.backends}
    results["input"] = options.input
    box = None
    try:
        box = Box(folder, options.build, options.services, options.backends, options.input == "light")
        captures.write(folder / "in.pcap", "established", 4096, options.services)
        (folder / "guideway.toml").write_text(configuration(folder, options.services, options.backends))
        results["cold_start"] = measure_start(box, options.patience)
        results.update(measure_edits(box, options))
        box.end()
        results["restart"] = measure_start(box, options.patience)
        results.update(measure_files(box, options))
        return results
    finally:
        if box is not None:
            box.end()
        if options.keep:
            print(folder, file=sys.stderr)
        else:
            shutil.rmtree(folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[2] / "build")
    parser.add_argument("--services", type=int, default=1000)
    parser.add_argument("--backends", type=int, default=100, help="of each service (default: 100)")
    parser.add_argument("--input", choices=["full", "light"], default="full")
    parser.add_argument("--edits", type=int, default=21, help="edits that are timed, one after the other (default: 21)")
    parser.add_argument("--patience", type=float, default=600, help="seconds to wait for a packet (default: 600)")
    parser.add_argument("--keep", action="store_true", help="keep the folder with logs and state")
    try:
        print(json.dumps(run(parser.parse_args()), indent=2))
    except (subjects.MeasureError, OSError, subprocess.CalledProcessError) as error:
        print(f"control_bench: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
