#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Random configurations, each with random health changes and its own few thousand packets: `guideway replay` against
the model, packet by packet. Where million.py is deep in one configuration, this is wide.

Usage: worlds.py GUIDEWAY [--worlds N] [--seed N]
"""
import argparse
import pathlib
import random
import sys
import tempfile

import million
import pcap
import traffic
from model import Model

PACKETS = 2000
STATES = ("up", "up", "up share 1", "up share 20000", "up share 65534", "draining", "down", "down share 5")


class World:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.backends = []
        self.services = []
        chance = self.random
        self.text = f'hash_key = "{chance.randbytes(16).hex()}"\n'
        if chance.random() < 0.5:
            self.text += 'tunnel_source = ["192.0.2.250", "2001:db8::fa"]\n'
        pools = [self.pool(f"pool-{i}") for i in range(chance.randint(1, 3))]
        for i in range(chance.randint(1, 6)):
            self.service(i, chance.choice(pools))
        self.events = self.health()

    def pool(self, name):
        chance = self.random
        lines = []
        for i in range(chance.choice((0, 1, 2, 3, 8, 30))):
            address = f"203.0.113.{i + 1}" if chance.random() < 0.6 else f"2001:db8:b::{i + 1:x}"
            own = chance.choice(("z", "B", "node.", "web-", "x:")) + str(i)
            # One at least has a weight: a pool of nothing but weight 0 is refused.
            keys = [f'name = "{own}"', f'address = "{address}"', f"weight = {chance.choice((1, 1, 2, 7, 300, 65535))}"]
            if i and chance.random() < 0.1:
                keys[2] = "weight = 0"
            if chance.random() < 0.3:
                keys.append(f'forward = "{chance.choice(("l2", "ipip"))}"')
            if chance.random() < 0.1:
                keys.append(f'mac = "02:aa:00:00:00:{i:02x}"')
            if chance.random() < 0.2:
                keys.append(f'state = "{chance.choice(("enabled", "draining", "disabled"))}"')
            lines.append("  { " + ", ".join(keys) + " },\n")
            self.backends.append((name, own))
        forward = chance.choice(("l2", "ipip"))
        self.text += f'\n[[pool]]\nname = "{name}"\ncheck = "none"\nforward = "{forward}"\nbackends = [\n'
        self.text += "".join(lines) + "]\n"
        return name

    def service(self, number, pool):
        chance = self.random
        protocol = chance.choice(("tcp", "tcp", "udp"))
        addresses = (f"192.0.2.{10 + number // 2}", f"2001:db8::{10 + number // 2:x}")[: chance.randint(1, 2)]
        # Two services share addresses: one port exact, the other any.
        port = (80, 0)[number % 2]
        self.text += f'\n[[service]]\nname = "service-{number}"\naddresses = ["' + '", "'.join(addresses) + '"]\n'
        self.text += f'port = {port}\nprotocol = "{protocol}"\npool = "{pool}"\n'
        keys = {"table_slots": chance.choice((251, 257, 1009, 4093)),
                "idle_timeout": chance.choice(("5s", "20s", "1h")),
                "when_none": chance.choice(("drop", "fail-open"))}
        if protocol == "udp" and chance.random() < 0.5:
            keys["udp"] = "hash"
        else:
            keys["scheduler"] = chance.choice(("maglev", "maglev", "round-robin"))
        if protocol == "tcp":
            keys["closing_timeout"], keys["opening_timeout"] = chance.choice(("1s", "7s")), chance.choice(("1s", "9s"))
        for key, value in keys.items():
            self.text += f"{key} = {value}\n" if isinstance(value, int) else f'{key} = "{value}"\n'
        self.services.append((f"service-{number}", addresses, port, protocol))

    def health(self):
        chance = self.random
        times = sorted(chance.randrange(0, traffic.SECONDS * 16) / 16 for _ in range(chance.choice((0, 5, 60, 300))))
        lines = [f"{time} set {' '.join(chance.choice(self.backends))} {chance.choice(STATES)}"
                 for time in times if self.backends]
        return "\n".join(lines) + "\n"


def judge(guideway, seed, folder):
    world = World(seed)
    (folder / "config.toml").write_text(world.text)
    (folder / "events.txt").write_text(world.events)
    pcap.write(folder / "in.pcap", traffic.Traffic(seed, PACKETS, world.services).frames())
    report = million.replay(guideway, folder)
    model = Model(world.text, world.events)
    number, spread = million.compare_packets(model, folder)
    spread.compare(report, model.configuration)
    million.compare_counters(model, folder)
    return number


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("guideway")
    parser.add_argument("--worlds", type=int, default=150)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    packets = 0
    with tempfile.TemporaryDirectory(prefix="guideway-worlds-") as name:
        folder = pathlib.Path(name)
        for seed in range(arguments.seed, arguments.seed + arguments.worlds):
            try:
                packets += judge(arguments.guideway, seed, folder)
            except million.Difference as difference:
                print(f"world {seed}: {difference}\n\n{(folder / 'config.toml').read_text()}", file=sys.stderr)
                return 1
    print(f"{packets} packets of {arguments.worlds} worlds agree, seeds from {arguments.seed}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
