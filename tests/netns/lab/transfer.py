# SPDX-License-Identifier: Apache-2.0
"""What the tests of real traffic share: HTTP downloads and uploads that have to be the same byte by byte, datagrams of
all lengths, and guideway-decapsulate on backends."""

import contextlib
import filecmp
import json
import os
import subprocess
import sys
import time

from lab_case import balancer, lab, topology
from testbed import processes

megabyte = 1_000_000
datagrams_program = lab.traffic_program.with_name("datagrams.py")
# Around every border: nothing but a header, one frame, two fragments, and the most that UDP can carry.
datagram_lengths = (1, 2, 1200, 1452, 1453, 1472, 1473, 2900, 9000, 30_000, 65_000)
service = {4: topology.service_ipv4, 6: topology.service_ipv6}


def url_of(family, port, path):
    host = service[family] if family == 4 else f"[{service[family]}]"
    return f"http://{host}:{port}/{path}"


def forget_path_mtu(*namespaces):
    """What a host learned about one service is about its address, so about all the others too."""
    for namespace in namespaces:
        for family in ("-4", "-6"):
            topology.run(["ip", "-n", namespace, family, "route", "flush", "cache"])


class Transfers:
    """Files of a lab, moved by curl in the client's namespace."""

    def __init__(self, ours):
        self.ours = ours
        self.inside = ["ip", "netns", "exec", ours.network.client]
        self.data = ours.folder / "data"

    @staticmethod
    def make_data(folder, length=100 * megabyte):
        """Before the servers start: /data of each of them."""
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "data").open("wb") as data:
            for _ in range(length // megabyte):
                data.write(os.urandom(megabyte))

    def download(self, family, port, length, patience_s=30):
        """None, or what was wrong."""
        fetch = [
            *self.inside,
            "curl",
            "-sS",
            "-m",
            str(patience_s),
            "-r",
            f"0-{length - 1}",
            url_of(family, port, "data"),
        ]
        with subprocess.Popen(fetch, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as curl, self.data.open(
            "rb"
        ) as want:
            left = length
            while chunk := curl.stdout.read(megabyte):
                left -= len(chunk)
                if chunk != want.read(len(chunk)):
                    curl.kill()
                    return f"other bytes before byte {length - left}"
            error = curl.stderr.read().decode().strip()
        return error or (f"{left} bytes did not come" if left else None)

    def upload(self, family, port, length, patience_s=30):
        """None, or what was wrong. The file that the server stored is compared, and removed."""
        name = f"{family}-{port}-{length}"
        sent = self.ours.folder / f"sent-{length}"
        if not sent.exists():
            with self.data.open("rb") as data:
                sent.write_bytes(data.read(length))
        put = [
            *self.inside,
            "curl",
            "-sS",
            "-f",
            "-m",
            str(patience_s),
            "-T",
            sent,
            url_of(family, port, f"upload/{name}"),
        ]
        done = topology.run(put, check=False)
        if done.returncode != 0:
            return done.stderr.strip() or f"curl ends with {done.returncode}"
        stored = [path for web in self.ours.webs.values() for path in [web.folder / "upload" / name] if path.exists()]
        same = len(stored) == 1 and filecmp.cmp(sent, stored[0], shallow=False)
        for path in stored:
            path.unlink()
        return None if same else f"stored: {len(stored)} files, and not what was sent"

    def datagrams(self, family, port, lengths=datagram_lengths, **options):
        command = [
            *self.inside,
            sys.executable,
            datagrams_program,
            "ask",
            "--address",
            service[family],
            "--port",
            str(port),
        ]
        for length in lengths:
            command += ["--length", str(length)]
        for key, value in options.items():
            command += [f"--{key}", str(value)]
        return [json.loads(line) for line in topology.run(command).stdout.splitlines()]


@contextlib.contextmanager
def datagram_servers(ours, ports):
    """One on each backend, on the service addresses."""
    servers = []
    try:
        for index in range(1, ours.network.backends + 1):
            server = processes.Process(ours.folder, f"datagrams-b{index}")
            servers.append(server)
            command = [sys.executable, "-u", datagrams_program, "serve", "--name", f"b{index}"]
            for address in service.values():
                command += ["--address", address]
            for port in ports:
                command += ["--port", str(port)]
            server.start(ours.network.backend(index), command)
        end = time.monotonic() + 10
        while any("serving" not in server.last_words() for server in servers):
            if time.monotonic() > end or any(server.pid() is None for server in servers):
                raise topology.LabError("\n".join(server.last_words() for server in servers))
            time.sleep(0.05)
        yield
    finally:
        for server in servers:
            server.kill()


class Decapsulators:
    """guideway-decapsulate on backends; all that they pin is in a BPF filesystem of this lab's own. `modes`: backend
    number -> the words that it is attached with."""

    def __init__(self, ours, modes, interface="eth0"):
        self.ours = ours
        self.interface = interface
        self.modes = modes
        self.bpffs = ours.folder / "bpf"

    def call(self, index, command, *words):
        inside = ["ip", "netns", "exec", self.ours.network.backend(index)]
        program = [
            balancer.program("guideway-decapsulate"),
            command,
            "--interface",
            self.interface,
            "--bpffs",
            self.bpffs,
        ]
        return topology.run([*inside, *program, *words]).stdout

    @contextlib.contextmanager
    def attached(self):
        self.bpffs.mkdir()
        topology.run(["mount", "-t", "bpf", "bpf", self.bpffs])
        try:
            for index, words in self.modes.items():
                allow = ["--allow", topology.balancer_ipv4, "--allow", topology.balancer_ipv6]
                self.call(index, "attach", *allow, *words)
            yield
            for index in self.modes:
                self.call(index, "detach")
        finally:
            topology.run(["umount", self.bpffs], check=False)
            self.bpffs.rmdir()

    def status(self, index):
        return json.loads(self.call(index, "status", "--json"))
