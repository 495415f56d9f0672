# SPDX-License-Identifier: Apache-2.0
"""What is varied: each point is one traffic through one configuration. Around a base, one axis at a time."""

import dataclasses
import pathlib

from measuring import captures


@dataclasses.dataclass(frozen=True)
class Point:
    axis: str
    kind: str = "established"
    flows: int = 65536
    services: int = 1
    backends: int = 100
    forward: str = "l2"
    scheduler: str = "maglev"
    ring: int = 512

    @property
    def name(self):
        """Of the point and its axis value: what --only chooses by, and what --compare goes by."""
        value = self.scheduler if self.axis == "flows" and self.scheduler != "maglev" else ""
        value += f" {short(self.flows)}" if self.axis == "flows" else str(getattr(self, self.axis))
        return f"{self.axis}={value.strip()}"


@dataclasses.dataclass(frozen=True)
class Setting:
    """The same for all points of a run."""

    build: pathlib.Path
    main_core: int
    worker_core: int
    huge_pages: bool
    memory_mb: int = 0
    buffers: int = 0


def short(number):
    for unit, size in (("M", 1 << 20), ("k", 1 << 10)):
        if number >= size and number % size == 0:
            return f"{number // size}{unit}"
    return str(number)


def all_points(flows_max):
    points = [Point("flows", flows=flows) for flows in (1, 1 << 10, 1 << 16, 1 << 20)]
    points += [Point("flows", flows=flows, scheduler="round-robin") for flows in (1 << 10, 1 << 16, 1 << 20)]
    points += [Point("kind", kind=kind) for kind in captures.kinds]
    points += [Point("services", services=services) for services in (1, 100, 10000)]
    points += [Point("backends", backends=backends) for backends in (3, 100, 4000)]
    points += [Point("forward", forward=forward) for forward in ("l2", "ipip", "gue")]
    points = [point for point in points if is_wanted(point, flows_max)]
    return [dataclasses.replace(point, flows=min(point.flows, flows_max)) for point in points]


def is_wanted(point, flows_max):
    return point.axis != "flows" or point.flows <= flows_max


# A packet buffer with its header, in DPDK's default size: the capture lies in such ones.
buffer_bytes = 2176 + 128 + 64


def buffers_for(point):
    """The whole capture, plus what is on its way."""
    return max(point.flows, 256) + 16384


def memory_mb_for(point, huge_pages):
    # The capture's ring is a power of two of pointers; a mempool's pages are never quite full, and ordinary ones hold a
    # buffer each, since none lies across two.
    bytes_each = int((buffer_bytes + 32) * 1.15) if huge_pages else 4096 + 64
    return max(128, buffers_for(point) * bytes_each // (1 << 20) + 64)


def configuration(point, folder):
    protocol = "udp" if point.kind == "udp" else "tcp"
    lines = ['hash_key = "00112233445566778899aabbccddeeff"', f'state_directory = "{folder}/state"']
    lines += [f'door = "{folder}/door.sock"', f'api = "{folder}/api.sock"', 'tunnel_source = ["198.51.100.1"]']
    lines += ["[answers]", "echo_per_second = 100000000", "[[pool]]", 'name = "all"', 'check = "none"']
    lines += [f'forward = "{point.forward}"', "backends = ["]
    for number in range(point.backends):
        high, low = divmod(number + 1, 256)
        lines.append(f'  {{ address = "10.200.{high}.{low}", mac = "02:00:00:01:{high:02x}:{low:02x}" }},')
    lines.append("]")
    for number in range(point.services):
        high, low = divmod(number, 256)
        addresses = f'"198.18.{high}.{low}", "2001:db8::{number:x}"'
        lines += ["[[service]]", f'name = "s{number}"', f"addresses = [{addresses}]", "port = 80", 'pool = "all"']
        lines += [f'protocol = "{protocol}"', f'scheduler = "{point.scheduler}"']
    return "\n".join(lines) + "\n"
