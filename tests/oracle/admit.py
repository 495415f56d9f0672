# SPDX-License-Identifier: Apache-2.0
"""Section 2 of docs/packet-path.md, second half: may this source use the service, may it open one more flow?"""
import exits
from buckets import Bucket
from prefixes import PrefixMap, masked
from siphash import limit_message, siphash13

LIMIT_CELLS = 65536


class AccessList:
    def __init__(self, allow, deny):
        """Lists of (address, bits). Without any the list allows everybody; with allowed ones all others are denied."""
        self.default = not allow
        self.prefixes = PrefixMap()
        for address, bits in allow:
            self.prefixes.set(address, bits, "allowed")
        for address, bits in deny:
            self.prefixes.set(address, bits, "denied")

    def allows(self, source):
        verdict = self.prefixes.get(source)
        return self.default if verdict is None else verdict == "allowed"


class Limits:
    """A service's limits of new flows: (rate, burst), or None for no limit."""

    def __init__(self, flows=None, source_flows=None, source_bits=(32, 64)):
        self.flows, self.source_flows, self.source_bits = flows, source_flows, source_bits

    def any(self):
        return self.flows is not None or self.source_flows is not None


class Gate:
    """The buckets of one worker."""

    def __init__(self, hash_key):
        self.hash_key = hash_key
        self.cells, self.cell_of, self.buckets = {}, {}, {}

    def source_bucket(self, limits, source, service_id):
        bits = limits.source_bits[0 if len(source) == 4 else 1]
        which = masked(source, bits), service_id
        if which not in self.cell_of:
            self.cell_of[which] = siphash13(self.hash_key, limit_message(*which)) % LIMIT_CELLS
        return self.cells.setdefault(self.cell_of[which], Bucket())

    def refuses_flow(self, limits, source, service_id, now):
        """The exit of a packet that would open a flow too many, or None; takes the tokens."""
        if limits.source_flows is not None:
            if not self.source_bucket(limits, source, service_id).take(*limits.source_flows, now):
                return exits.DROP_SOURCE_LIMITED
        if limits.flows is not None:
            if not self.buckets.setdefault(service_id, Bucket()).take(*limits.flows, now):
                return exits.DROP_RATE_LIMITED
        return None
