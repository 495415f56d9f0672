# SPDX-License-Identifier: Apache-2.0
"""Guideway in a lab: a datapath on port0, the control plane, and the command line against it."""

import json
import os
import pathlib
import subprocess
import time

from testbed import processes, topology, xdp
from testbed.topology import LabError, run

repository = pathlib.Path(__file__).resolve().parents[2]
check_interval_s = 0.5
check_fall = 2
# The promise that the lab's tests hold a dead backend to.
failover_s_max = check_fall * check_interval_s + 1.0

configuration = """\
# The lab's balancer: one web service, two addresses, {count} backends.
hash_key = "{hash_key}"
door = "{folder}/door.sock"
api = "{folder}/api.sock"
state_directory = "{folder}/state"

[[service]]
name = "web"
addresses = ["{ipv4}", "{ipv6}"]
port = 80
slow_start = "{slow_start}"
closing_timeout = "{closing_timeout}"
check = {{ http = "/healthz", interval = "500ms", timeout = "500ms", fall = 2, rise = 2 }}
backends = [
{backends}
]
"""


def build_folder():
    return pathlib.Path(os.environ.get("GUIDEWAY_BUILD", repository / "build"))


def datapath_kind(folder):
    """Which datapath a lab has, dpdk or xdp: the one that runs there, else the one that was asked for."""
    if (folder / "guideway-xdp.pid").exists():
        return "xdp"
    return os.environ.get("GUIDEWAY_DATAPATH", "dpdk")


def program(name):
    where = {
        "guideway": "controlplane/cli",
        "guideway-decapsulate": "ebpf/decapsulate",
        "guideway-dpdk": "dataplane/dpdk",
        "guideway-xdp": "dataplane/xdp_datapath",
        "guidewayd": "controlplane/daemon",
    }[name]
    path = build_folder() / where / name
    if not path.exists():
        raise LabError(f"{path} is not built; run tools/build first")
    return path


top = """\
hash_key = "{hash_key}"
door = "{folder}/door.sock"
api = "{folder}/api.sock"
state_directory = "{folder}/state"
"""

# Copies of frames, so the kernel sees them too: the same care as for net_af_packet. But fragments come as they are.
capture = "net_pcap0,rx_iface_in=port0,tx_iface=port0"
packet_socket = "net_af_packet0,iface=port0"


class Balancer:
    def __init__(self, folder, network):
        self.folder = folder
        self.port = packet_socket
        self.network = network
        self.namespace = network.balancer
        self.config = folder / "lab.toml"
        self.api = folder / "api.sock"
        self.datapath = processes.Process(folder, f"guideway-{datapath_kind(folder)}")
        self.xdp = xdp.XdpPlace(folder, network) if datapath_kind(folder) == "xdp" else None
        self.control = processes.Process(folder, "guidewayd")

    def backend_lines(self, extra=None, ipv6_backends=()):
        """One line of TOML a backend; `extra` maps a name to further keys."""
        lines = []
        for index in range(1, self.network.backends + 1):
            name = f"b{index}"
            address = topology.backend_ipv6(index) if name in ipv6_backends else topology.backend_ipv4(index)
            lines.append(f'  {{ name = "{name}", address = "{address}"{(extra or {}).get(name, "")} }},')
        return lines

    def write_config(self, slow_start="0s", closing_timeout="30s", extra=None, ipv6_backends=()):
        lines = self.backend_lines(extra, ipv6_backends)
        self.config.write_text(
            configuration.format(
                count=len(lines),
                hash_key="000102030405060708090a0b0c0d0e0f",
                folder=self.folder,
                ipv4=topology.service_ipv4,
                ipv6=topology.service_ipv6,
                slow_start=slow_start,
                closing_timeout=closing_timeout,
                backends="\n".join(lines),
            )
        )

    def write_services(self, text):
        """Services and pools of the caller's own, behind the lab's paths."""
        self.config.write_text(top.format(hash_key="000102030405060708090a0b0c0d0e0f", folder=self.folder) + text)

    def start(self):
        (self.folder / "state").mkdir(exist_ok=True)
        self.start_datapath()
        self.start_control()

    def start_datapath(self):
        if self.xdp:
            self.start_xdp()
        else:
            self.start_poll_mode()

    def start_xdp(self):
        """A former program, if one is at work yet, is replaced."""
        self.xdp.prepare(program("guideway-xdp"))
        self.network.give_face_addresses(self.xdp.face)
        command = [program("guideway-xdp"), "--door", self.folder / "door.sock", *self.xdp.arguments()]
        # A socket may be there from one that was killed: the log tells when this one is ready.
        before = self.datapath.times_said(" ready ")
        self.datapath.start(self.namespace, command)
        self.wait(lambda: self.datapath.times_said(" ready ") > before, 15, self.datapath, "is not ready")

    def start_poll_mode(self):
        self.datapath.start(
            self.namespace,
            [
                program("guideway-dpdk"),
                "--door",
                self.folder / "door.sock",
                "--port",
                self.port,
                "--mtu",
                self.network.segment_mtu,
                "--no-huge",
                "--kernel-face",
                "gw",
            ],
        )
        self.wait(
            lambda: topology.device_exists(self.namespace, "gw0"), 15, self.datapath, "did not make its kernel face gw0"
        )
        self.network.give_face_addresses("gw0")

    def start_control(self):
        self.control.start(self.namespace, [program("guidewayd"), "--config", self.config])
        self.wait(
            lambda: self.call("status", check=False).returncode == 0, 10, self.control, "does not answer on its API"
        )

    @staticmethod
    def wait(condition, seconds, process, complaint):
        deadline = time.monotonic() + seconds
        while not condition():
            if process.pid() is None or time.monotonic() > deadline:
                raise LabError(f"{process.name} {complaint}:\n{process.last_words(5)}")
            time.sleep(0.05)

    def explain(self, protocol, source, destination):
        """The backend that the control plane says this flow has."""
        return self.ask("explain", protocol, source, destination)["backend"].rpartition("/")[2]

    def call(self, *arguments, check=True):
        """Runs the command line in the balancer's namespace."""
        return run(
            ["ip", "netns", "exec", self.namespace, program("guideway"), "--api", self.api, *arguments], check=check
        )

    def call_in_background(self, *arguments):
        """The same, still running when this returns; its two streams are pipes."""
        return subprocess.Popen(
            ["ip", "netns", "exec", self.namespace, program("guideway"), "--api", self.api, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ask(self, *arguments):
        """The same as call(), its answer as values."""
        return json.loads(self.call(*arguments, "--json").stdout)

    def metrics(self):
        """What Prometheus would be told: a sample's name without its labels -> the sum over all of that name."""
        told = run(["curl", "-sf", "--unix-socket", self.api, "http://guideway/metrics"]).stdout
        sums = {}
        for line in told.splitlines():
            if not line.startswith("#"):
                name = line.partition("{")[0].partition(" ")[0]
                sums[name] = sums.get(name, 0.0) + float(line.rpartition(" ")[2])
        return sums

    def backend_states(self):
        return {entry["name"]: entry["state"] for entry in self.ask("backend", "list")["backends"]}

    def wait_states(self, wanted, seconds=10):
        """Until the named backends are in the wanted states; how long that took."""
        began = time.monotonic()
        while True:
            states = self.backend_states()
            if all(states.get(name) == state for name, state in wanted.items()):
                return time.monotonic() - began
            if time.monotonic() - began > seconds:
                raise LabError(f"backends are {states}, not {wanted}, after {seconds} s:\n{self.control.last_words()}")
            time.sleep(0.02)

    def wait_up(self, wanted=None, seconds=15):
        """Until the backends "pool/name" are up; all of them without a word."""
        end = time.monotonic() + seconds
        while True:
            found = {f"{one['pool']}/{one['name']}": one["state"] for one in self.ask("backend", "list")["backends"]}
            late = [name for name in (found if wanted is None else wanted) if found.get(name) != "up"]
            if not late:
                return
            if time.monotonic() > end:
                raise LabError(f"not up after {seconds} s: {late} of {found}:\n{self.control.last_words()}")
            time.sleep(0.05)

    def remove(self):
        """What a datapath may have left outside of the lab's folder and namespaces."""
        xdp.XdpPlace(self.folder, self.network).remove()

    def stop(self):
        """True if both left by themselves."""
        control = self.control.stop()
        return self.datapath.stop() and control
