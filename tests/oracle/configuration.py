# SPDX-License-Identifier: Apache-2.0
"""The part of a configuration that decides over packets, read with Python's own TOML: services, pools, backends.

Only what the cases use; whatever else stands in the file is ignored, except that an unknown value is an error.
Placeholders for what a running box learns from its kernel are those that replay documents.
"""
import ipaddress
import tomllib

from choose import DROP, FAIL_OPEN, MAGLEV, ROUND_ROBIN
from forward import IPIP, L2

DEFAULT_TABLE_SLOTS = 65537
MTU_BYTES = 1500
SOURCE_MAC = bytes.fromhex("026777ff0000")
TUNNEL_SOURCES = {4: "192.0.2.254", 6: "2001:db8::fe"}
PROTOCOLS = {"tcp": 6, "udp": 17}
UNITS_MS = (("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000))
TICKS_PER_SECOND = 16


def packed(address):
    return ipaddress.ip_address(address).packed


def ticks(duration):
    """Ticks of 1/16 s; the cases only use durations that are whole ticks."""
    for unit, milliseconds in UNITS_MS:
        number = duration.removesuffix(unit)
        if number != duration and number.isdigit():
            product = int(number) * milliseconds * TICKS_PER_SECOND
            if product % 1000:
                raise ValueError(f"{duration} is not a whole number of ticks")
            return product // 1000
    raise ValueError(f"{duration} is not a duration")


class Backend:
    def __init__(self, pool, entry, inherited, tunnel_sources):
        if isinstance(entry, str):
            entry = {"address": entry}
        merged = {**inherited, **entry}
        # An address may carry the port of its check, which is nothing to a packet.
        text = merged["address"]
        if text.startswith("["):
            text = text[1 : text.index("]")]
        elif text.count(":") == 1:
            text = text.split(":")[0]
        self.pool, self.name = pool, merged.get("name", str(ipaddress.ip_address(text)))
        self.address = packed(text)
        self.weight = merged.get("weight", 1)
        self.forward = merged.get("forward", L2)
        if self.forward not in (L2, IPIP):
            raise ValueError(f"forward = {self.forward!r}")
        self.state = merged.get("state", "enabled")
        self.outer_source = packed(tunnel_sources[4 if len(self.address) == 4 else 6])
        mac = merged.get("mac")
        self.fixed_mac = bytes.fromhex(mac.replace(":", "")) if mac else None
        self.source_mac, self.mtu_bytes, self.resolved = SOURCE_MAC, MTU_BYTES, True
        self.index, self.next_hop_mac = None, None

    def take(self, index):
        """Indexes are given out in the order of pool and name; the placeholder next hop shows the index."""
        self.index = index
        self.next_hop_mac = self.fixed_mac or bytes.fromhex("02677700") + (index & 0xFFFF).to_bytes(2, "big")


class ServiceEntry:
    def __init__(self, entry, defaults):
        merged = {**defaults, **entry}
        self.name = merged["name"]
        addresses = merged.get("addresses", merged.get("address"))
        self.addresses = [packed(a) for a in ([addresses] if isinstance(addresses, str) else addresses)]
        port = merged.get("port", 0)
        self.port = 0 if port == "any" else port
        protocol = merged.get("protocol", "tcp")
        self.protocol = PROTOCOLS[protocol]
        self.pool = merged.get("pool", self.name)
        self.scheduler = merged.get("scheduler", MAGLEV)
        if self.scheduler not in (MAGLEV, ROUND_ROBIN):
            raise ValueError(f"scheduler = {self.scheduler!r}")
        self.policy = merged.get("when_none", DROP)
        if self.policy not in (DROP, FAIL_OPEN):
            raise ValueError(f"when_none = {self.policy!r}")
        by_hash = protocol == "udp" and merged.get("udp", "follow") == "hash"
        self.remembers_nothing = by_hash
        self.follows = self.scheduler == ROUND_ROBIN or (protocol == "udp" and not by_hash)
        self.table_slots = merged.get("table_slots", DEFAULT_TABLE_SLOTS)
        self.idle = ticks(merged.get("idle_timeout", "60s" if protocol == "udp" else "900s"))
        self.opening = ticks(merged.get("opening_timeout", "30s"))
        self.closing = ticks(merged.get("closing_timeout", "30s"))


class Configuration:
    def __init__(self, text):
        document = tomllib.loads(text)
        defaults = document.get("defaults", {})
        self.hash_key = bytes.fromhex(document["hash_key"])
        tunnel_sources = dict(TUNNEL_SOURCES)
        given = document.get("tunnel_source", [])
        for source in [given] if isinstance(given, str) else given:
            tunnel_sources[ipaddress.ip_address(source).version] = source
        self.services = [ServiceEntry(entry, defaults) for entry in document.get("service", [])]
        self.backends = []
        owners = document.get("pool", []) + [s for s in document.get("service", []) if "backends" in s]
        for owner in owners:
            inherited = {k: owner.get(k, defaults.get(k)) for k in ("forward", "weight")}
            inherited = {k: v for k, v in inherited.items() if v is not None}
            for entry in owner["backends"]:
                self.backends.append(Backend(owner["name"], entry, inherited, tunnel_sources))
        self.backends.sort(key=lambda b: (b.pool.encode(), b.name.encode()))
        for index, backend in enumerate(self.backends):
            backend.take(index)

    def pool(self, name):
        return [b for b in self.backends if b.pool == name]

    def find(self, pool, name):
        return next(b for b in self.backends if (b.pool, b.name) == (pool, name))
