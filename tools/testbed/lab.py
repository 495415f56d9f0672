# SPDX-License-Identifier: Apache-2.0
"""A whole lab: the network, nginx on every backend, and between client and backends either Guideway's daemons or, to
prove the lab itself, a plain route to one backend."""

import json
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

from testbed import topology
from testbed.balancer import Balancer
from testbed.topology import LabError, run
from testbed.web import Web

traffic_program = pathlib.Path(__file__).with_name("traffic.py")


class Lab:
    def __init__(self, name="gwlab", backends=3, **network):
        self.name = name
        self.folder = topology.state_folder(name)
        self.network = topology.Topology(name, backends, **network)
        self.webs = {f"b{i}": Web(self.folder, self.network.backend(i), f"b{i}") for i in range(1, backends + 1)}
        self.balancer = Balancer(self.folder, self.network)

    def processes(self):
        return [self.balancer.datapath, self.balancer.control, *(web.process for web in self.webs.values())]

    def up(self):
        if self.network.existing():
            raise LabError(f"lab {self.name} is up already; `tools/lab down` takes it down")
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self.network.up()
            for web in self.webs.values():
                web.prepare()
                web.start()
        except BaseException:
            self.down()
            raise

    def down(self):
        """Ends what this lab started and removes it, as far as there is anything."""
        self.balancer.stop()
        for web in self.webs.values():
            web.kill()
        self.network.down()
        self.balancer.remove()
        shutil.rmtree(self.folder, ignore_errors=True)

    def route_to_backend(self, index):
        """No balancer: the router sends the service addresses to one backend."""
        self.network.route_service(topology.backend_ipv4(index), topology.backend_ipv6(index))

    def start_balancer(self, services=None, up=None, **config):
        """Guideway between router and backends; returns when all are up. `config`: see write_config; or `services`, a
        configuration of the caller's own, and which of its pools' backends ("pool/name") are to be up: all, unless said
        otherwise."""
        try:
            if services is None:
                self.balancer.write_config(**config)
            else:
                self.balancer.write_services(services)
            self.balancer.start()
            self.network.route_service(topology.balancer_ipv4, topology.balancer_ipv6)
            if services is None:
                self.balancer.wait_states({name: "up" for name in self.webs})
            else:
                self.balancer.wait_up(up)
        except BaseException:
            self.down()
            raise

    def requests(self, address=topology.service_ipv4, **options):
        """Runs requests from the client to the end; a list of what became of each."""
        return self.start_requests(address, **options).results()

    def start_requests(self, address=topology.service_ipv4, **options):
        return Requests(self.network.client, address, options)


class Requests:
    """A load generator that runs in the client's namespace."""

    def __init__(self, namespace, address, options):
        command = ["ip", "netns", "exec", namespace, sys.executable, str(traffic_program), "--address", address]
        for key, value in options.items():
            command += [f"--{key.replace('_', '-')}", str(value)]
        # Into a file: nobody would empty a pipe while the requests run.
        self.output = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self.output, stderr=subprocess.STDOUT, text=True
        )

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.results()

    def results(self):
        verdict = self.process.wait()
        with self.output as output:
            output.seek(0)
            lines = output.read().splitlines()
        strange = [line for line in lines if not line.startswith("{")]
        if verdict != 0 or strange:
            raise LabError("the load generator failed: " + "\n".join(strange[-20:]))
        return [json.loads(line) for line in lines]


def ping(namespace, address, count=3):
    """True if each of `count` pings is answered, once."""
    done = run(
        ["ip", "netns", "exec", namespace, "ping", "-n", "-c", str(count), "-i", "0.2", "-W", "1", address], check=False
    )
    return done.returncode == 0 and f"{count} received" in done.stdout and "DUP" not in done.stdout
