# SPDX-License-Identifier: Apache-2.0
"""What a case of tests/cases is made of, and how its folder is written.

A case says in words why it is there, gives a configuration, and sends frames, each with the exit that its author
expects. The model then decides; where it disagrees with the author, nothing is written. The frames that backends
receive are built a second time, by Scapy, and must equal the model's: so no file of a case was ever our program's.
"""
import pathlib
import textwrap

from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Dot1Q, Ether
from scapy.packet import Raw
from scapy.compat import raw

import case_scapy
import exits
import pcap
from model import Model

START_NS = 1_700_000_000 * 10**9
CLIENT_MAC, BOX_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
VIP4, VIP6 = "192.0.2.10", "2001:db8::10"
HEAD = '# SPDX-License-Identifier: Apache-2.0\nhash_key = "67756964657761792d63617365732d31"\n\n'

registry = {}


def case(name, why):
    """Registers the function that fills a Case."""

    def register(fill):
        assert name not in registry, name
        registry[name] = (why, fill)
        return fill

    return register


def link(packet):
    return Ether(src=CLIENT_MAC, dst=BOX_MAC) / packet


def tagged(packet, vlan, prio=0, drop_eligible=0):
    """The same frame with an 802.1Q tag."""
    return Ether(src=packet.src, dst=packet.dst) / Dot1Q(vlan=vlan, prio=prio, id=drop_eligible) / packet.payload


def client4(client):
    return f"198.51.{client // 256 + 100}.{client % 256}"


def tcp4(client=1, port=1024, flags="S", dport=80, dst=VIP4, payload=b"", **ip):
    packet = IP(src=client4(client), dst=dst, **ip) / TCP(sport=port, dport=dport, flags=flags, seq=7)
    return link(packet / Raw(payload) if payload else packet)


def udp4(client=1, port=1024, dport=53, dst=VIP4, payload=b"question", **ip):
    return link(IP(src=client4(client), dst=dst, **ip) / UDP(sport=port, dport=dport) / Raw(payload))


def tcp6(client=1, port=1024, flags="S", dport=80, dst=VIP6, payload=b"", extensions=None, **ip):
    packet = IPv6(src=f"2001:db8:c::{client:x}", dst=dst, **ip)
    if extensions is not None:
        packet = packet / extensions
    packet = packet / TCP(sport=port, dport=dport, flags=flags, seq=7)
    return link(packet / Raw(payload) if payload else packet)


def udp6(client=1, port=1024, dport=53, dst=VIP6, payload=b"question", extensions=None, **ip):
    packet = IPv6(src=f"2001:db8:c::{client:x}", dst=dst, **ip)
    if extensions is not None:
        packet = packet / extensions
    return link(packet / UDP(sport=port, dport=dport) / Raw(payload))


def toml_value(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        lines = [", ".join(map(toml_value, value[i : i + 6])) for i in range(0, len(value), 6)]
        return "[" + ",\n  ".join(lines) + "]"
    return str(value) if isinstance(value, int) else f'"{value}"'


def toml_lines(keys):
    return [f"{key} = {toml_value(value)}" for key, value in keys.items()]


def pool(name="web", count=3, family=4, forward_by="l2", keys=None, **states):
    """TOML of a pool of `count` backends a, b, c ...; `keys` are the pool's, keyword arguments add to one."""
    lines = ["[[pool]]", f'name = "{name}"', 'check = "none"']
    if forward_by != "l2":
        lines.append(f'forward = "{forward_by}"')
    lines += toml_lines(keys or {})
    lines.append("backends = [")
    for i in range(count):
        letter = chr(ord("a") + i)
        address = f"203.0.113.{11 + i}" if family == 4 else f"2001:db8:b::{11 + i:x}"
        more = f", {states[letter]}" if letter in states else ""
        lines.append(f'  {{ name = "{letter}", address = "{address}"{more} }},')
    return "\n".join(lines) + "\n]\n\n"


def service(name="site", addresses=(VIP4,), port=80, protocol="tcp", pool_name="web", table_slots=251, **more):
    lines = ["[[service]]", f'name = "{name}"']
    if len(addresses) == 1:
        lines.append(f'address = "{addresses[0]}"')
    else:
        lines.append("addresses = [" + ", ".join(f'"{a}"' for a in addresses) + "]")
    lines.append(f"port = {port}" if isinstance(port, int) else f'port = "{port}"')
    lines += [f'protocol = "{protocol}"', f'pool = "{pool_name}"', f"table_slots = {table_slots}"]
    return "\n".join(lines + toml_lines(more)) + "\n\n"


def answers(**keys):
    """To stand before any service or pool."""
    return "\n".join(["[answers]"] + toml_lines(keys)) + "\n\n"


class Case:
    def __init__(self, name, why):
        self.name, self.why = name, textwrap.dedent(why).strip()
        self.config, self.events = "", ""
        self.frames, self.expected, self.unread = [], [], []
        self.checks, self.frame_checks = [], []
        self.clock_ns, self.clock_step_ns = 0, 1_000_000

    def configure(self, *parts):
        self.config = HEAD + "".join(parts).rstrip() + "\n"

    def event(self, seconds, words):
        lines = self.events.splitlines() + [f"{seconds} set {words}"]
        self.events = "\n".join(sorted(lines, key=lambda line: float(line.split()[0]))) + "\n"

    def at(self, seconds):
        """The time of the next frame, counted from the first."""
        self.clock_ns = max(self.clock_ns, round(seconds * 10**9))

    def send(self, packet, exit_name=exits.SENT, scapy_reads_it=True):
        """A frame (a Scapy packet or bytes) and the exit that it must take (None: any); returns its number. Where Scapy
        reads a damaged packet otherwise than docs/packet-path.md, the author checks what left by left()."""
        frame = packet if isinstance(packet, bytes) else raw(packet)
        self.frames.append((START_NS + self.clock_ns, frame))
        self.expected.append(exit_name)
        self.unread += [] if scapy_reads_it else [len(self.frames) - 1]
        self.clock_ns += self.clock_step_ns
        return len(self.frames) - 1

    def check(self, why, function):
        """`function(names)`, given the name of every packet's backend (None without one), must be true."""
        self.checks.append((why, function))

    def same(self, *numbers):
        """These packets go to one backend."""
        self.check(f"{numbers} go to one backend", lambda names: len({names[i] for i in numbers}) == 1)

    def goes_to(self, name, *numbers):
        self.check(f"{numbers} go to {name}", lambda names: all(names[i] == name for i in numbers))

    def uses(self, wanted, numbers=None):
        """Exactly the backends whose names are the letters of `wanted` get some of these packets (or of all)."""
        self.check(f"{wanted} are used", lambda names: {
            names[i] for i in (range(len(names)) if numbers is None else numbers) if names[i]} == set(wanted))

    def left(self, why, function):
        """`function(frames)`, given what left for every packet (None: nothing), must be true."""
        self.frame_checks.append((why, function))

    def decide(self):
        model = Model(self.config, self.events)
        decisions = model.run(self.frames)
        by_number = sorted(decisions, key=lambda decision: decision.number)
        assert [d.number for d in by_number] == list(range(len(self.frames))), f"{self.name}: not a decision a packet"
        for decision, expected in zip(by_number, self.expected):
            agreed = expected in (None, decision.exit)
            assert agreed, f"{self.name}: packet {decision.number}: {decision.exit}, its author says {expected}"
        backends = model.configuration.backends
        names = [backends[d.backend].name if d.exit == exits.SENT else None for d in by_number]
        for why, function in self.checks:
            assert function(names), f"{self.name}: not so: {why}"
        for (_, frame), decision in zip(self.frames, by_number):
            if decision.number not in self.unread:
                self.compare_with_scapy(frame, decision, backends)
        left = [d.frame if exits.leaves(d.exit) else None for d in by_number]
        for why, function in self.frame_checks:
            assert function(left), f"{self.name}: not so: {why}"
        return model, decisions

    def compare_with_scapy(self, frame, decision, backends):
        backend = None if decision.backend is None else backends[decision.backend]
        if decision.exit == exits.SENT:
            built = case_scapy.sent(frame, decision, backend)
        elif exits.leaves(decision.exit):
            built = case_scapy.answered(frame, decision, backend)
        else:
            return
        assert built == decision.frame, (f"{self.name}: packet {decision.number}: the model makes\n"
                                         f"{decision.frame.hex()}, and Scapy\n{built.hex()}")

    def write(self, folder):
        folder = pathlib.Path(folder) / self.name
        folder.mkdir(parents=True, exist_ok=True)
        model, decisions = self.decide()
        (folder / "why.md").write_text(f"# {self.name}\n\n{self.why}\n")
        (folder / "config.toml").write_text(self.config)
        pcap.write(folder / "in.pcap", self.frames)
        # In the order in which they are decided: a fragment that waited leaves behind its first, at its time.
        pcap.write(folder / "out.pcap", [(d.time_ns, d.frame) for d in decisions if exits.leaves(d.exit)])
        kernel = [(d.time_ns, d.frame) for d in decisions if exits.is_kernels(d.exit)]
        optional = {"events.txt": self.events, "kernel.pcap": kernel}
        for name, content in optional.items():
            if not content:
                (folder / name).unlink(missing_ok=True)
        if self.events:
            (folder / "events.txt").write_text(self.events)
        if kernel:
            pcap.write(folder / "kernel.pcap", kernel)
        (folder / "counters.txt").write_text(model.counters())
