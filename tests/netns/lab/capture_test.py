# SPDX-License-Identifier: Apache-2.0
"""`guideway capture` under real traffic, read by tshark: every request is there as it came and as it left, with its
exit, service and backend as the comment; what is dropped has the name of its exit."""

import re
import signal
import subprocess
import sys
import time

import lab_case
from lab_case import topology

services = """\
[[service]]
name = "web"
address = "192.0.2.10"
port = 80
check = { type = "none" }
backends = [
  { name = "b1", address = "10.0.0.11" },
  { name = "b2", address = "10.0.0.12" },
]

[[service]]
name = "closed"
address = "192.0.2.10"
port = 81
when_none = "drop"
check = { type = "none" }
backends = [{ name = "b3", address = "10.0.0.13", state = "disabled" }]
"""

try_closed = """
import socket
for port in range(40000, 40020):
    client = socket.socket()
    client.bind(("0.0.0.0", port))
    client.setblocking(False)
    client.connect_ex(("192.0.2.10", 81))
"""


def fields(file, *names):
    command = ["tshark", "-n", "-r", str(file), "-T", "fields"]
    for name in names:
        command += ["-e", name]
    return [tuple(line.split("\t")) for line in topology.run(command).stdout.splitlines()]


class Capture:
    def __init__(self, ours, file, *words):
        self.file = file
        self.process = ours.balancer.call_in_background("capture", "-w", str(file), *words)
        time.sleep(2)  # until the datapath knows

    def end(self):
        """Exit status, and what it said."""
        self.process.send_signal(signal.SIGINT)
        error = self.process.communicate(timeout=10)[1]
        return self.process.returncode, error


def try_closed_port(ours):
    topology.run(["ip", "netns", "exec", ours.network.client, sys.executable, "-c", try_closed])
    time.sleep(0.3)


def segments_sent(ours):
    """By the count of the client's own kernel, all that was sent again included."""
    text = topology.run(["ip", "netns", "exec", ours.network.client, "cat", "/proc/net/snmp"]).stdout
    names, numbers = (line.split()[1:] for line in text.splitlines() if line.startswith("Tcp:"))
    tcp = dict(zip(names, map(int, numbers)))
    return tcp["OutSegs"] + tcp["RetransSegs"]


def check_all_stages(case, ours):
    before = segments_sent(ours)
    capture = Capture(ours, ours.folder / "all.pcapng", "--stage", "rx,tx,drop", "--filter", "tcp and ip")
    # So few a second that the rings have room for two seconds in which the reader is not scheduled.
    results = ours.requests(topology.service_ipv4, count=100, ports=100, concurrency=4, rate=20)
    try_closed_port(ours)
    sent = segments_sent(ours) - before
    status, said = capture.end()
    case.check_no_failures(results, "while it is captured")
    case.check(status == 0 and said.endswith(" 0 lost\n"), "Ctrl-C ends it, and nothing was lost", (status, said))
    packets = fields(capture.file, "frame.interface_name", "frame.comment", "tcp.srcport", "tcp.dstport", "eth.dst")
    served = lab_case.served_by(results)
    # The SYNs and all else of a request leave to the backend that answered it.
    wrong = [
        packet
        for packet in packets
        if packet[3] == "80"
        and re.sub("worker=[01]$", "", packet[1]) != f"sent service=web backend=web/{served[int(packet[2])]} "
    ]
    case.check(not wrong, "every packet's comment names exit, service, and the backend that answered", wrong[:5])
    # In order worker by worker: the last word of the comment.
    web = sorted((packet for packet in packets if packet[3] == "80"), key=lambda packet: packet[1].rpartition(" ")[2])
    came = [packet[1:4] for packet in web if packet[0] == "rx"]
    left = [packet[1:4] for packet in web if packet[0] == "tx"]
    all_came = sum(packet[0] == "rx" for packet in packets)
    case.check(all_came == sent, f"{all_came} packets came, as many as the client sent", sent)
    case.check(came == left, f"{len(came)} of them left, in this order", len(left))
    case.check({port for _, port, _ in came} == {str(port) for port in served}, "of every request")
    macs = {packet[4] for packet in packets if packet[0] == "tx" and packet[3] == "80"}
    case.check(macs == {topology.backend_mac(1), topology.backend_mac(2)}, "tx has the MACs of backends", macs)
    dropped = [packet for packet in packets if packet[0] == "drop"]
    wrong = [packet for packet in dropped if not packet[1].startswith("drop_no_backend service=closed worker=")]
    case.check(len(dropped) >= 20 and not wrong, f"{len(dropped)} drops have their exit's name", wrong[:5])


def check_filters(case, ours):
    capture = Capture(ours, ours.folder / "closed.pcapng", "--service", "closed")
    ours.requests(topology.service_ipv4, count=20, ports=20)
    try_closed_port(ours)
    status, said = capture.end()
    ports = {packet[0] for packet in fields(capture.file, "tcp.dstport")}
    case.check(status == 0 and ports == {"81"}, "--service leaves out the others", (status, said, ports))

    capture = Capture(ours, ours.folder / "five.pcapng", "--filter", "tcp port 80", "--count", "5")
    ours.requests(topology.service_ipv4, count=20, ports=20)
    case.check(capture.process.wait(timeout=10) == 0, "--count ends it")
    case.check(len(fields(capture.file, "frame.number")) == 5, "after so many")
    wrong = ours.balancer.call("capture", "-w", ours.folder / "x", "--filter", "tcp port of call", check=False)
    case.check(wrong.returncode == 2 and "libpcap does not understand" in wrong.stderr, "a wrong filter", wrong.stderr)
    first = Capture(ours, ours.folder / "first.pcapng")
    second = ours.balancer.call("capture", "-w", ours.folder / "second.pcapng", check=False)
    case.check(second.returncode == 1 and "another capture goes on" in second.stderr, "one at a time", second.stderr)
    first.process.kill()
    first.process.wait()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        again = subprocess.run(
            ["timeout", "-s", "INT", "--preserve-status", "1", *capture_command(ours)], capture_output=True, text=True
        )
        if again.returncode == 0:
            break
    case.check(again.returncode == 0, "a reader that was killed leaves room for the next", again.stderr)


def capture_command(ours):
    program = lab_case.balancer.program("guideway")
    return [str(program), "--api", str(ours.balancer.api), "capture", "-w", str(ours.folder / "again.pcapng")]


with lab_case.prepared_lab() as (case, ours):
    ours.up()
    ours.start_balancer(services=services, up=["web/b1", "web/b2"])
    check_all_stages(case, ours)
    check_filters(case, ours)
