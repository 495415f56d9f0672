# SPDX-License-Identifier: Apache-2.0
"""What is measured: dpdk-testpmd and guideway-dpdk over the same device with the same capture, each started once and
given windows in turn. A window counts packets and the processor time of the thread that moved them, so that whatever
else the machine does meanwhile costs precision, not truth."""

import contextlib
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import time

device = "net_pcap0,rx_pcap={capture},infinite_rx=1"  # without a tx_ argument what is sent is freed
start_patience_s = 120


class MeasureError(Exception):
    """What went wrong, in one sentence."""


def thread_cpu_ns(pid, name):
    """Processor time of the process' thread of that name."""
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        if (task / "comm").read_text().strip() == name:
            return int((task / "schedstat").read_text().split()[0])
    raise MeasureError(f"process {pid} has no thread {name}")


def await_true(condition, what, seconds=start_patience_s):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise MeasureError(f"{what} did not happen within {seconds} s")
        time.sleep(0.02)


class Window:
    def __init__(self, packets, cpu_ns):
        if packets <= 0:
            raise MeasureError("no packet moved in a whole window")
        self.ns_per_packet = cpu_ns / packets


class Started:
    """A process of ours that ends with us."""

    def __init__(self, name, command, log, **options):
        self.name = name
        self.log = log
        with open(log, "wb") as file:
            self.process = subprocess.Popen(command, stderr=subprocess.STDOUT, stdout=file, **options)

    def said(self, text):
        if self.process.poll() is not None:
            raise MeasureError(f"{self.name} ended: {self.last_words()}")
        return text in pathlib.Path(self.log).read_text(errors="replace")

    def last_words(self):
        return " | ".join(pathlib.Path(self.log).read_text(errors="replace").splitlines()[-3:])

    def end(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(number)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def memory_arguments(memory_mb, huge_pages):
    return ["-m", str(memory_mb), *(["--in-memory"] if huge_pages else ["--no-huge", "--no-shconf"])]


class Subject:
    """A program that is measured; whoever makes one is to end() it, but for one that was never made."""

    @contextlib.contextmanager
    def ended_on_failure(self):
        try:
            yield
        except BaseException:
            self.end()
            raise


class Testpmd(Subject):
    """dpdk-testpmd, which says how many packets it forwarded between `start` and `stop`."""

    def __init__(self, mode, folder, capture, point, setting):
        self.name = f"testpmd {mode}"
        eal = ["--lcores", f"0@{setting.main_core},1@{setting.worker_core}", "--main-lcore", "0", "--no-pci"]
        eal += ["--no-telemetry", "--log-level", "*:error", "--file-prefix", f"gwbench{os.getpid()}{mode}"]
        eal += memory_arguments(setting.memory_mb, setting.huge_pages)
        ports = ["--nb-cores=1", f"--forward-mode={mode}", "--burst=32", f"--total-num-mbufs={setting.buffers}"]
        ports += [f"--rxd={point.ring}", f"--txd={point.ring}", "--mbcache=256", "--no-mlockall", "-i"]
        command = ["stdbuf", "-oL", "dpdk-testpmd", *eal, "--vdev", device.format(capture=capture), "--", *ports]
        self.started = Started(self.name, command, folder / f"testpmd-{mode}.log", stdin=subprocess.PIPE)
        self.stops = 0
        with self.ended_on_failure():
            await_true(lambda: self.started.said("testpmd>"), f"the start of {self.name}")

    def say(self, word):
        self.started.process.stdin.write(word.encode() + b"\n")
        self.started.process.stdin.flush()

    def totals(self):
        """The number of packets of each run so far."""
        text = pathlib.Path(self.started.log).read_text(errors="replace")
        after = text.split("Accumulated forward statistics for all ports")[1:]
        return [int(part.split("RX-packets:")[1].split()[0]) for part in after if "TX-total" in part]

    def window(self, seconds):
        pid = self.started.process.pid
        before = thread_cpu_ns(pid, worker_thread)
        self.say("start")
        time.sleep(seconds)
        self.say("stop")
        self.stops += 1
        await_true(lambda: len(self.totals()) == self.stops or not self.started.said(""), f"an answer of {self.name}")
        return Window(self.totals()[-1], thread_cpu_ns(pid, worker_thread) - before)

    def end(self):
        self.started.end()


worker_thread = "rte-worker-1"


class Guideway(Subject):
    """guideway-dpdk under guidewayd, stopped between its windows: counters and processor time stand still together."""

    name = "guideway"

    def __init__(self, folder, capture, point, setting):
        self.api = folder / "api.sock"
        command = [setting.build / "dataplane/dpdk/guideway-dpdk", "--port", device.format(capture=capture)]
        command += ["--door", folder / "door.sock", "--no-kernel-face", "--busy-poll", "--workers", "1"]
        command += ["--cores", str(setting.worker_core), "--main-core", str(setting.main_core)]
        command += ["--memory-mb", str(setting.memory_mb), "--extra-buffers", str(setting.buffers)]
        command += ["--rx-descriptors", str(point.ring), "--tx-descriptors", str(point.ring)]
        command += ["--flows-max", str(max(2 * point.flows, 65536))]
        command += ["--services-max", str(max(2 * point.services, 16384))]  # each in IPv4 and IPv6
        command += [] if setting.huge_pages else ["--no-huge"]
        self.command = list(map(str, command))
        self.log = folder / "guideway-dpdk.log"
        self.datapath = self.control = None
        with self.ended_on_failure():
            self.start_datapath()
            daemon = [setting.build / "controlplane/daemon/guidewayd", "--config", folder / "guideway.toml"]
            log = folder / "guidewayd.log"
            self.control = Started("guidewayd", list(map(str, daemon)), log, stdin=subprocess.DEVNULL)
            self.await_forwarding(point)
            # Its backends came up one after the other, and whichever flow came meanwhile is remembered as an exception
            # for as long as it sends. A second datapath has all of them up before it has a service.
            self.datapath.end()
            await_true(lambda: not self.is_forwarding(point), "the end of guideway-dpdk")
            self.start_datapath()
            self.await_forwarding(point)
        self.datapath.process.send_signal(signal.SIGSTOP)

    def start_datapath(self):
        self.datapath = Started("guideway-dpdk", self.command, self.log, stdin=subprocess.DEVNULL)
        await_true(lambda: self.datapath.said("ready"), "the start of guideway-dpdk")

    def await_forwarding(self, point):
        await_true(lambda: self.control.said("") and self.is_forwarding(point), "the first forwarded packet")

    def stats(self):
        connection = http.client.HTTPConnection("localhost", timeout=10)
        connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.sock.connect(str(self.api))
        connection.request("GET", "/v1/stats")
        return json.loads(connection.getresponse().read())["workers"][0]

    def is_forwarding(self, point):
        if not self.api.exists():
            return False
        try:
            exits = self.stats()["exits"]
        except (OSError, LookupError, ValueError):
            return False
        if point.kind == "no-service":
            return exits["drop_kernel_full"] > 0
        return exits["sent"] + exits["answered_echo"] > 0

    def window(self, seconds):
        pid = self.datapath.process.pid
        before, cpu_before = self.stats(), thread_cpu_ns(pid, worker_thread)
        self.datapath.process.send_signal(signal.SIGCONT)
        time.sleep(seconds)
        self.datapath.process.send_signal(signal.SIGSTOP)
        await_true(lambda: self.is_stopped(pid), "the stop of guideway-dpdk", 10)
        after, cpu_after = self.stats(), thread_cpu_ns(pid, worker_thread)
        self.remembered = after["flows_remembered"]
        self.exits = {name: count - before["exits"][name] for name, count in after["exits"].items()}
        return Window(after["received"] - before["received"], cpu_after - cpu_before)

    @staticmethod
    def is_stopped(pid):
        return all(
            (task / "stat").read_text().rpartition(")")[2].split()[0] == "T"
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir()
        )

    def end(self):
        for started in (self.control, self.datapath):
            if started is not None:
                started.end()
