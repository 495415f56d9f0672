# SPDX-License-Identifier: Apache-2.0
"""A random configuration that guideway accepts, with everything that it may say about packets, and random health."""
import random

from million_world import PROTOCOLS, ports_of
from traffic import SECONDS, Target

STATES = ("up", "up", "up share 1", "up share 20000", "up share 65534", "draining", "down", "down share 5")
MODES = ("l2", "l2", "ipip", "gue", "gue", "gre")
FOREVER = {"idle_timeout": "1h", "opening_timeout": "1h", "closing_timeout": "1h"}


def toml(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(toml, value)) + "]"
    return str(value) if isinstance(value, int) else f'"{value}"'


def lines(keys):
    return "".join(f"{key} = {toml(value)}\n" for key, value in keys.items())


class World:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.backends, self.targets = [], []
        self.counting = set()  # pools whose flows are counted: nothing of them may expire in between
        chance = self.random
        self.bursts = chance.random() < 0.7
        self.text = f'hash_key = "{chance.randbytes(16).hex()}"\n'
        if chance.random() < 0.7:
            four = chance.choice(("192.0.2.250", "10.99.0.0/16", "10.64.0.0/11", "10.1.2.4/31"))
            six = chance.choice(("2001:db8::fa", "2001:db8:f::/64", "fd00::/99"))
            self.text += f'tunnel_source = ["{four}", "{six}"]\n'
        self.answers()
        pools = [self.pool(f"pool-{i}") for i in range(chance.randint(1, 3))]
        if chance.random() < 0.5:
            self.counting.add(chance.choice(pools))
        if chance.random() < 0.4:
            self.rewriting()
        for place in range(chance.randint(1, 4)):
            self.services_at(place, pools)
        self.events = self.health()

    def answers(self):
        chance = self.random
        keys = {f"{kind}_per_second": chance.choice((0, 1, 5, 1000)) for kind in ("echo", "too_big", "reject")
                if chance.random() < 0.6}
        if chance.random() < 0.15:
            keys.pop("echo_per_second", None)
            keys["echo"] = "kernel"
        if keys:
            self.text += "\n[answers]\n" + lines(keys)

    def tunnel_keys(self, forward):
        chance = self.random
        keys = {}
        if forward == "gue" and chance.random() < 0.5:
            keys["gue_variant"] = 1
        if forward == "gue" and chance.random() < 0.5:
            keys["gue_port"] = chance.choice((1, 4754, 65535))
        if forward == "gre" and chance.random() < 0.5:
            keys["gre_key"] = chance.choice((0, 77, 4294967295))
        if forward in ("ipip", "gue", "gre") and chance.random() < 0.4:
            keys["mss_clamp"] = True
        return keys

    def backend(self, i, address, forward=None):
        chance = self.random
        own = chance.choice(("z", "B", "node.", "web-", "x:")) + str(i)
        keys = {"name": own, "address": address, "weight": chance.choice((1, 1, 2, 7, 300, 65535))}
        # One at least has a weight: a pool of nothing but weight 0 is refused.
        if i and chance.random() < 0.1:
            keys["weight"] = 0
        if forward:
            keys["forward"] = forward
        if chance.random() < 0.2:
            keys["mac"] = f"02:aa:00:00:00:{i:02x}"
            if chance.random() < 0.7:
                keys["vlan"] = chance.choice((1, 100, 4094))
        if chance.random() < 0.2:
            keys["state"] = chance.choice(("enabled", "draining", "disabled"))
        return own, "  { " + ", ".join(f"{key} = {toml(value)}" for key, value in keys.items()) + " },\n"

    def pool(self, name):
        chance = self.random
        forward, listed = chance.choice(MODES), ""
        for i in range(chance.choice((0, 1, 2, 3, 8, 30))):
            address = f"203.0.113.{i + 1}" if chance.random() < 0.6 else f"2001:db8:b::{i + 1:x}"
            own, line = self.backend(i, address, chance.choice(MODES) if chance.random() < 0.2 else None)
            listed += line
            self.backends.append((name, own))
        keys = {"name": name, "check": "none", "forward": forward, **(self.tunnel_keys(forward) if listed else {})}
        self.text += "\n[[pool]]\n" + lines(keys) + "backends = [\n" + listed + "]\n"
        return name

    def rewriting(self):
        """A service whose backends are reached by l3dsr, which is choosy about addresses."""
        chance, listed = self.random, ""
        for i in range(chance.randint(1, 6)):
            address = f"203.0.113.{i + 101}" if chance.random() < 0.7 else f"2001:db8:b::{i + 101:x}"
            own, line = self.backend(i, address)
            listed += line
            self.backends.append(("rewrite", own))
        self.text += '\n[[pool]]\nname = "rewrite"\ncheck = "none"\nforward = "l3dsr"\nbackends = [\n' + listed + "]\n"
        keys = {"name": "rewritten", "addresses": ["192.0.2.77", "2001:db8::77"], "port": chance.choice((80, "any")),
                "protocol": chance.choice(tuple(PROTOCOLS)), "pool": "rewrite", "dscp": chance.randint(1, 63)}
        self.service(keys)

    def services_at(self, place, pools):
        """One to three services that share their addresses, or prefixes that hold each other."""
        chance = self.random
        addresses = [f"192.0.2.{10 + place}", f"2001:db8::{10 + place:x}"][: chance.randint(1, 2)]
        if chance.random() < 0.25:
            addresses = [f"192.0.2.{64 * (place % 4)}/{chance.choice((26, 27, 30))}", f"2001:db8:{place}::/64"]
        elif chance.random() < 0.15:
            addresses = ["192.0.2.0/24", "2001:db8::/48"] if place == 0 else addresses
        ports = chance.sample((80, 53, 8080, "8000-8099", "8100-9000", "any"), chance.randint(1, 3))
        for number, port in enumerate(ports):
            keys = {"name": f"service-{place}-{number}", "addresses": addresses, "port": port,
                    "protocol": chance.choice(("tcp", "tcp", "udp", "tcp+udp")), "pool": chance.choice(pools)}
            self.service(keys)

    def service(self, keys):
        chance = self.random
        counted = keys["pool"] in self.counting
        has_udp, has_tcp = keys["protocol"] != "tcp", keys["protocol"] != "udp"
        keys["table_slots"] = chance.choice((251, 257, 1009, 4093))
        keys["when_none"] = chance.choice(("drop", "fail-open", "reject"))
        udp = chance.choice(("follow", "follow", "hash", "packet")) if has_udp else "follow"
        if udp != "follow":
            keys["udp"] = udp
        schedulers = {"follow": ("maglev", "maglev", "source", "round-robin", "random"), "hash": ("maglev", "source"),
                      "packet": ("maglev", "source", "round-robin", "random")}[udp]
        keys["scheduler"] = chance.choice(schedulers)
        if counted and udp == "follow" and chance.random() < 0.7:
            keys["scheduler"] = "least-connections"
        if keys["scheduler"] == "source":
            keys["source_bits_ipv4"] = chance.choice((1, 8, 24, 27, 32))
            keys["source_bits_ipv6"] = chance.choice((1, 48, 63, 64, 65, 127, 128))
        keys.update(self.timeouts(has_tcp, has_udp, udp, counted))
        keys.update(self.admission(udp))
        self.text += "\n[[service]]\n" + lines(keys)
        self.targets += [Target(keys["addresses"], ports_of(keys["port"]), number)
                         for number in PROTOCOLS[keys["protocol"]]]

    def timeouts(self, has_tcp, has_udp, udp, counted):
        chance = self.random
        if counted:
            keys = dict(FOREVER) if has_tcp else {"idle_timeout": "1h"}
            return {**keys, "udp_idle_timeout": "1h"} if has_tcp and has_udp and udp == "follow" else keys
        keys = {} if not has_tcp and udp != "follow" else {"idle_timeout": chance.choice(("5s", "20s", "1h"))}
        if has_tcp:
            keys["closing_timeout"], keys["opening_timeout"] = chance.choice(("1s", "7s")), chance.choice(("1s", "5s"))
        if has_tcp and has_udp and udp == "follow":
            keys["udp_idle_timeout"] = chance.choice(("1s", "30s"))
        return keys

    def admission(self, udp):
        chance = self.random
        keys = {}
        if chance.random() < 0.3:
            drawn = chance.sample(("198.51.0.0/24", "198.51.1.0/26", "198.51.1.7", "198.51.0.0/16", "198.51.2.0/31",
                                   "0.0.0.0/0", "2001:db8:c::/48", "2001:db8:c:1::/64", "2001:db8:c:1::7", "::/0",
                                   "2001:db8:c:2::/63", "128.0.0.0/1"), chance.randint(1, 8))
            cut = chance.randint(0, len(drawn))
            keys.update({key: part for key, part in (("allow", drawn[:cut]), ("deny", drawn[cut:])) if part})
        if udp != "follow":
            return keys
        if chance.random() < 0.3:
            keys["new_flows_per_second"] = chance.choice((1, 3, 50))
            if chance.random() < 0.5:
                keys["new_flows_burst"] = chance.choice((1, 10, 200))
        if chance.random() < 0.3:
            keys["source_flows_per_second"] = chance.choice((1, 2, 100000000))
            if chance.random() < 0.5:
                keys["source_flows_burst"] = chance.choice((1, 5))
            if chance.random() < 0.6:
                keys["source_flows_bits_ipv4"] = chance.choice((1, 22, 26, 32))
                keys["source_flows_bits_ipv6"] = chance.choice((1, 60, 64, 122, 128))
        return keys

    def health(self):
        chance = self.random
        times = sorted(chance.randrange(0, SECONDS * 16) / 16 for _ in range(chance.choice((0, 5, 60, 300))))
        told = [f"{time} set {' '.join(chance.choice(self.backends))} {chance.choice(STATES)}"
                for time in times if self.backends]
        return "\n".join(told) + "\n"
