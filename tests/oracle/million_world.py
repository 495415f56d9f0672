# SPDX-License-Identifier: Apache-2.0
"""The configuration that million.py runs its packets through: every way of forwarding, every scheduler, every kind of
address, limits and lists, and the health that changes meanwhile."""
import random

from traffic import SECONDS, Target

CONFIG = """# SPDX-License-Identifier: Apache-2.0
hash_key = "c0ffee00c0ffee11c0ffee22c0ffee33"
tunnel_source = ["192.0.2.253", "2001:db8:fd::/64"]

[answers]
echo_per_second = 20
too_big_per_second = 50
reject_per_second = 100

[[pool]]
name = "l2"
check = "none"
backends = ["203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4", "203.0.113.5", "203.0.113.6", "203.0.113.7"]

[[pool]]
name = "mixed"
check = "none"
forward = "ipip"
backends = [
  { name = "four-1", address = "203.0.113.21" },
  { name = "four-2", address = "203.0.113.22", weight = 3 },
  { name = "six-1", address = "2001:db8:b::1" },
  { name = "six-2", address = "2001:db8:b::2", weight = 2 },
  { name = "direct", address = "203.0.113.23", forward = "l2" },
  { name = "leaving", address = "203.0.113.24", state = "draining" },
  { name = "off", address = "203.0.113.25", state = "disabled" },
]

[[pool]]
name = "small"
check = "none"
backends = ["203.0.113.41", "2001:db8:b::41"]

[[pool]]
name = "gue"
check = "none"
forward = "gue"
mss_clamp = true
backends = ["203.0.113.51", { address = "2001:db8:b::51", weight = 4 },
  { address = "203.0.113.52", mac = "02:aa:00:00:00:01", vlan = 17 }]

[[pool]]
name = "gue-direct"
check = "none"
forward = "gue"
gue_variant = 1
gue_port = 5555
backends = ["203.0.113.61", "2001:db8:b::61", "2001:db8:b::62"]

[[pool]]
name = "gre"
check = "none"
forward = "gre"
gre_key = 305419896
mss_clamp = true
backends = ["203.0.113.71", "2001:db8:b::71"]

[[pool]]
name = "rewrite"
check = "none"
forward = "l3dsr"
backends = ["203.0.113.81", "2001:db8:b::81", "203.0.113.82", "2001:db8:b::82"]

[[pool]]
name = "counted"
check = "none"
backends = [{ name = "a", address = "203.0.113.91" }, { name = "b", address = "203.0.113.92", weight = 2 },
  { name = "c", address = "203.0.113.93", weight = 5 }]

"""
FOREVER = 'idle_timeout = "1h"\nopening_timeout = "1h"\nclosing_timeout = "1h"\n'

# name, addresses, port, protocol, pool, more
SERVICES = (
    ("web", ("192.0.2.10", "2001:db8::10"), 80, "tcp", "l2", ""),
    ("tls", ("192.0.2.10", "2001:db8::10"), 443, "tcp", "mixed", 'idle_timeout = "20s"\nclosing_timeout = "5s"\n'),
    ("any", ("192.0.2.11",), "any", "tcp", "mixed", "table_slots = 1009\n"),
    ("exact", ("192.0.2.11",), 8080, "tcp", "l2", "table_slots = 1009\n"),
    ("range", ("192.0.2.11",), "8000-9000", "tcp", "gue", "table_slots = 1009\n"),
    ("dns", ("192.0.2.10", "2001:db8::53"), 53, "udp", "mixed", 'idle_timeout = "10s"\n'),
    ("hash", ("192.0.2.12", "2001:db8::12"), "any", "udp", "l2", 'udp = "hash"\n'),
    ("turns", ("192.0.2.13", "2001:db8::13"), 80, "tcp", "l2", 'scheduler = "round-robin"\nidle_timeout = "30s"\n'),
    ("open", ("192.0.2.14", "2001:db8::14"), 80, "tcp", "small", 'when_none = "fail-open"\n'),
    ("shut", ("192.0.2.15", "2001:db8::15"), 80, "tcp", "small", "table_slots = 251\n"),
    ("reject", ("192.0.2.16", "2001:db8::16"), 80, "tcp+udp", "small", 'when_none = "reject"\n'),
    ("net", ("192.0.2.128/26", "2001:db8:1::/64"), "any", "tcp+udp", "gue-direct",
     'udp = "hash"\nscheduler = "source"\nsource_bits_ipv4 = 30\n'),
    ("rewritten", ("192.0.2.17", "2001:db8::17"), "1000-2000", "tcp+udp", "rewrite", 'dscp = 33\nudp = "hash"\n'),
    ("limited", ("192.0.2.18", "2001:db8::18"), 80, "tcp+udp", "gre",
     "new_flows_per_second = 3\nnew_flows_burst = 9\nsource_flows_per_second = 1\nsource_flows_burst = 2\n"
     "source_flows_bits_ipv4 = 26\n"),
    ("listed", ("192.0.2.19", "2001:db8::19"), 80, "tcp", "gre",
     'allow = ["198.51.0.0/17", "198.51.200.7", "2001:db8:c::/49"]\ndeny = ["198.51.1.0/27", "2001:db8:c:2::/64"]\n'),
    ("chance", ("192.0.2.20", "2001:db8::20"), 80, "tcp+udp", "gue", 'scheduler = "random"\n'),
    ("packets", ("192.0.2.21", "2001:db8::21"), 53, "udp", "gue", 'scheduler = "round-robin"\nudp = "packet"\n'),
    ("counted", ("192.0.2.22", "2001:db8::22"), 80, "tcp+udp", "counted",
     'scheduler = "least-connections"\nudp_idle_timeout = "1h"\n' + FOREVER),
)
PROTOCOLS = {"tcp": (6,), "udp": (17,), "tcp+udp": (6, 17)}
STATES = ("up",) * 20 + ("up share 30000", "up share 65000", "draining", "down", "down")
KINDS = {"conversation": 0.78, "single": 0.05, "stranger": 0.02, "datagram": 0.002, "orphans": 0.0002,
         "fragment": 0.004, "error": 0.04, "echo": 0.01, "other_protocol": 0.015, "not_ip": 0.01, "cut": 0.02,
         "wrong_checksum": 0.01, "mutated": 0.03, "large": 0.02}


def ports_of(port):
    if port == "any":
        return 0, 0
    return tuple(map(int, port.split("-"))) if isinstance(port, str) else (port, port)


def targets():
    return [Target(addresses, ports_of(port), number) for _, addresses, port, protocol, *_ in SERVICES
            for number in PROTOCOLS[protocol]]


def configuration():
    text = CONFIG
    for name, addresses, port, protocol, pool, more in SERVICES:
        listed = ", ".join(f'"{address}"' for address in addresses)
        port = f'"{port}"' if isinstance(port, str) else port
        text += f'[[service]]\nname = "{name}"\naddresses = [{listed}]\nport = {port}\nprotocol = "{protocol}"\n'
        text += f'pool = "{pool}"\n{more}\n'
    return text


def events(seed):
    """Health that changes every half second or so; the pool "small" is all down now and then."""
    chance = random.Random(seed)
    names = [("l2", f"203.0.113.{i}") for i in range(1, 8)]
    names += [("mixed", name) for name in ("four-1", "four-2", "six-1", "six-2", "direct")]
    names += [("gue", "203.0.113.51"), ("gue", "2001:db8:b::51"), ("gue-direct", "203.0.113.61"), ("counted", "a"),
              ("gue-direct", "2001:db8:b::61"), ("gre", "203.0.113.71"), ("rewrite", "203.0.113.81"), ("counted", "b")]
    lines = []
    for half in range(4, SECONDS * 2):
        pool, name = chance.choice(names)
        lines.append(f"{half / 2} set {pool} {name} {chance.choice(STATES)}")
        if half % 20 == 0:
            for name in ("203.0.113.41", "2001:db8:b::41"):
                lines.append(f"{half / 2} set small {name} {'down' if half % 40 else 'up'}")
    return "\n".join(lines) + "\n"
