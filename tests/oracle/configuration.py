# SPDX-License-Identifier: Apache-2.0
"""The part of a configuration that decides over packets, read with Python's own TOML: services, pools, backends.

Only what the cases use; whatever else stands in the file is ignored, except that an unknown value is an error.
Placeholders for what a running box learns from its kernel are those that replay documents.
"""
import ipaddress
import tomllib

from admit import AccessList, Limits
from answers import ECHO, REJECT, TOO_BIG
from choose import DROP, MAGLEV, SCHEDULERS
from choose import FAIL_OPEN, REJECT as REJECT_POLICY
from forward import L2, MODES

DEFAULT_TABLE_SLOTS = 65537
MTU_BYTES = 1500
SOURCE_MAC = bytes.fromhex("026777ff0000")
TUNNEL_SOURCES = {4: "192.0.2.254", 6: "2001:db8::fe"}
PROTOCOLS = {"tcp": (6,), "udp": (17,), "tcp+udp": (6, 17)}
UDP = 17
INHERITED = ("forward", "weight", "gue_variant", "gue_port", "gre_key", "mss_clamp")
UNITS_MS = (("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000))
TICKS_PER_SECOND = 16


def packed(address):
    return ipaddress.ip_address(address).packed


def prefix(text):
    """(address, bits) of an address or a prefix."""
    address, _, bits = text.partition("/")
    address = packed(address)
    return address, int(bits) if bits else len(address) * 8


def listed(value):
    return [value] if isinstance(value, str) else value


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
        if self.forward not in MODES:
            raise ValueError(f"forward = {self.forward!r}")
        self.gue_variant, self.gue_port = merged.get("gue_variant", 0), merged.get("gue_port", 6080)
        self.gre_key, self.clamps_mss = merged.get("gre_key"), merged.get("mss_clamp", False)
        self.vlan = merged.get("vlan")
        self.state = merged.get("state", "enabled")
        self.outer_source, self.outer_source_bits = prefix(tunnel_sources[4 if len(self.address) == 4 else 6])
        mac = merged.get("mac")
        self.fixed_mac = bytes.fromhex(mac.replace(":", "")) if mac else None
        self.source_mac, self.mtu_bytes, self.resolved = SOURCE_MAC, MTU_BYTES, True
        self.index, self.next_hop_mac = None, None

    def take(self, index):
        """Indexes are given out in the order of pool and name; the placeholder next hop shows the index."""
        self.index = index
        self.next_hop_mac = self.fixed_mac or bytes.fromhex("02677700") + (index & 0xFFFF).to_bytes(2, "big")


def ports_of(port):
    """(first, last): equal for one port, (0, 0) for any."""
    if port == "any":
        return 0, 0
    if isinstance(port, str):
        first, last = port.split("-")
        return int(first), int(last)
    return port, port


def limit(merged, key):
    """(rate, burst) or None."""
    rate = merged.get(f"{key}_per_second")
    return None if rate is None else (rate, merged.get(f"{key}_burst", rate))


class ServiceEntry:
    def __init__(self, entry, defaults):
        merged = {**defaults, **entry}
        self.name = merged["name"]
        self.addresses = [prefix(a) for a in listed(merged.get("addresses", merged.get("address")))]
        self.ports = ports_of(merged.get("port", 0))
        self.protocols = PROTOCOLS[merged.get("protocol", "tcp")]
        self.pool = merged.get("pool", self.name)
        self.scheduler = merged.get("scheduler", MAGLEV)
        if self.scheduler not in SCHEDULERS:
            raise ValueError(f"scheduler = {self.scheduler!r}")
        self.source_bits = merged.get("source_bits_ipv4", 32), merged.get("source_bits_ipv6", 128)
        self.policy = merged.get("when_none", DROP)
        if self.policy not in (DROP, FAIL_OPEN, REJECT_POLICY):
            raise ValueError(f"when_none = {self.policy!r}")
        self.udp = merged.get("udp", "follow")
        if self.udp not in ("follow", "hash", "packet"):
            raise ValueError(f"udp = {self.udp!r}")
        self.table_slots = merged.get("table_slots", DEFAULT_TABLE_SLOTS)
        alone = self.protocols == (UDP,)
        self.idle = ticks(merged.get("idle_timeout", "60s" if alone else "900s"))
        self.udp_idle = self.idle if alone else ticks(merged.get("udp_idle_timeout", "60s"))
        self.opening = ticks(merged.get("opening_timeout", "30s"))
        self.closing = ticks(merged.get("closing_timeout", "30s"))
        self.dscp = merged.get("dscp")
        allow, deny = ([prefix(p) for p in merged.get(key, [])] for key in ("allow", "deny"))
        self.access = AccessList(allow, deny) if allow or deny else None
        bits = merged.get("source_flows_bits_ipv4", 32), merged.get("source_flows_bits_ipv6", 64)
        self.limits = Limits(limit(merged, "new_flows"), limit(merged, "source_flows"), bits)

    def rows(self):
        """(address, bits, protocol) of each of its services in the sense of the packet path."""
        return [(address, bits, protocol) for address, bits in self.addresses for protocol in self.protocols]


class Configuration:
    def __init__(self, text):
        document = tomllib.loads(text)
        defaults = document.get("defaults", {})
        self.hash_key = bytes.fromhex(document["hash_key"])
        tunnel_sources = dict(TUNNEL_SOURCES)
        for source in listed(document.get("tunnel_source", [])):
            tunnel_sources[ipaddress.ip_network(source).version] = source
        answers = document.get("answers", {})
        self.echo_to_kernel = {"answer": False, "kernel": True}[answers.get("echo", "answer")]
        rates = {ECHO: 1000, TOO_BIG: 1000, REJECT: 10000}
        self.answer_rates = {kind: answers.get(f"{kind}_per_second", rate) for kind, rate in rates.items()}
        self.services = [ServiceEntry(entry, defaults) for entry in document.get("service", [])]
        self.backends = []
        owners = document.get("pool", []) + [s for s in document.get("service", []) if "backends" in s]
        for owner in owners:
            inherited = {k: owner.get(k, defaults.get(k)) for k in INHERITED}
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
