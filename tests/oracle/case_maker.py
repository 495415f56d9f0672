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
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from scapy.compat import raw

import exits
import forward
import parse
import pcap
from model import Model
from siphash import hash_messages

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


def pool(name="web", count=3, family=4, forward_by="l2", **states):
    """TOML of a pool of `count` backends a, b, c ...; keyword arguments add keys to single backends."""
    lines = ["[[pool]]", f'name = "{name}"', 'check = "none"']
    if forward_by != "l2":
        lines.append(f'forward = "{forward_by}"')
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
    lines += [f'{key} = "{value}"' for key, value in more.items()]
    return "\n".join(lines) + "\n\n"


class Case:
    def __init__(self, name, why):
        self.name, self.why = name, textwrap.dedent(why).strip()
        self.config, self.events = "", ""
        self.frames, self.expected = [], []
        self.checks = []
        self.clock_ns = 0

    def configure(self, *parts):
        self.config = HEAD + "".join(parts).rstrip() + "\n"

    def event(self, seconds, words):
        lines = self.events.splitlines() + [f"{seconds} set {words}"]
        self.events = "\n".join(sorted(lines, key=lambda line: float(line.split()[0]))) + "\n"

    def at(self, seconds):
        """The time of the next frame, counted from the first."""
        self.clock_ns = max(self.clock_ns, round(seconds * 10**9))

    def send(self, packet, exit_name=exits.SENT):
        """A frame (a Scapy packet or bytes) and the exit that it must take (None: any); returns its number."""
        frame = packet if isinstance(packet, bytes) else raw(packet)
        self.frames.append((START_NS + self.clock_ns, frame))
        self.expected.append(exit_name)
        self.clock_ns += 1_000_000
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

    def decide(self):
        model = Model(self.config, self.events)
        decisions = model.run(self.frames)
        for number, (decision, expected) in enumerate(zip(decisions, self.expected)):
            agreed = expected in (None, decision.exit)
            assert agreed, f"{self.name}: packet {number}: {decision.exit}, its author says {expected}"
        backends = model.configuration.backends
        names = [backends[d.backend].name if d.exit == exits.SENT else None for d in decisions]
        for why, function in self.checks:
            assert function(names), f"{self.name}: not so: {why}"
        for (_, frame), decision in zip(self.frames, decisions):
            if decision.exit == exits.SENT:
                built = scapy_forward(frame, backends[decision.backend], model.configuration.hash_key)
                assert built == decision.frame, f"{self.name}: the model and Scapy forward differently"
        return model, decisions

    def write(self, folder):
        folder = pathlib.Path(folder) / self.name
        folder.mkdir(parents=True, exist_ok=True)
        model, decisions = self.decide()
        (folder / "why.md").write_text(f"# {self.name}\n\n{self.why}\n")
        (folder / "config.toml").write_text(self.config)
        pcap.write(folder / "in.pcap", self.frames)
        timed = [(time, d) for (time, _), d in zip(self.frames, decisions)]
        pcap.write(folder / "out.pcap", [(time, d.frame) for time, d in timed if d.exit == exits.SENT])
        kernel = [f for f, d in zip(self.frames, decisions) if d.exit.startswith("kernel_")]
        optional = {"events.txt": self.events, "kernel.pcap": kernel}
        for name, content in optional.items():
            if not content:
                (folder / name).unlink(missing_ok=True)
        if self.events:
            (folder / "events.txt").write_text(self.events)
        if kernel:
            pcap.write(folder / "kernel.pcap", kernel)
        (folder / "counters.txt").write_text(model.counters())


def scapy_forward(frame, backend, hash_key):
    """The frame that `backend` must receive, built by Scapy."""
    names = {"src": text_mac(backend.source_mac), "dst": text_mac(backend.next_hop_mac)}
    inner_is_ipv4 = frame[14] >> 4 == 4
    if backend.forward == forward.L2:
        return raw(Ether(type=0x0800 if inner_is_ipv4 else 0x86DD, **names) / Raw(frame[14:]))
    header = IP(frame[14:]) if inner_is_ipv4 else IPv6(frame[14:])
    inner = frame[14 : 14 + (header.len if inner_is_ipv4 else 40 + header.plen)]
    traffic_class = header.tos if inner_is_ipv4 else header.tc
    protocol = 4 if inner_is_ipv4 else 41
    source, destination = backend.outer_source, backend.address
    if len(destination) == 4:
        ends = {"src": text4(source), "dst": text4(destination)}
        outer = IP(id=0, flags="DF", ttl=64, tos=traffic_class, proto=protocol, **ends)
    else:
        (hash_value,) = hash_messages(hash_key, [parse.parse(frame).message()])
        label = hash_value % 2**20
        outer = IPv6(src=text6(source), dst=text6(destination), tc=traffic_class, fl=label, hlim=64, nh=protocol)
    return raw(Ether(type=0x0800 if len(destination) == 4 else 0x86DD, **names) / outer / Raw(inner))


def text_mac(mac):
    return ":".join(f"{byte:02x}" for byte in mac)


def text4(address):
    return ".".join(str(byte) for byte in address)


def text6(address):
    return ":".join(f"{address[i] << 8 | address[i + 1]:x}" for i in range(0, 16, 2))
