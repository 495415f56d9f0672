# SPDX-License-Identifier: Apache-2.0
"""Prefixes of addresses, both families: masking, and the longest that holds an address. Addresses are bytes."""


def masked(address, bits):
    """The first `bits` bits, the others zero."""
    host_bits = len(address) * 8 - bits
    if host_bits <= 0:
        return address
    return (int.from_bytes(address, "big") >> host_bits << host_bits).to_bytes(len(address), "big")


def filled(prefix, bits, value):
    """The prefix, with the low bits of `value` behind its first `bits` bits."""
    host_bits = len(prefix) * 8 - bits
    return (int.from_bytes(prefix, "big") | value & ((1 << host_bits) - 1)).to_bytes(len(prefix), "big")


class PrefixMap:
    """Values by prefix; get() asks the longest prefix that holds an address."""

    def __init__(self):
        self.by_length = {4: {}, 16: {}}  # bytes of an address -> bits -> prefix -> value
        self.order = {4: [], 16: []}

    def set(self, address, bits, value):
        lengths = self.by_length[len(address)]
        lengths.setdefault(bits, {})[masked(address, bits)] = value
        self.order[len(address)] = sorted(lengths, reverse=True)

    def exact(self, address, bits):
        return self.by_length[len(address)].get(bits, {}).get(address)

    def get(self, address, default=None):
        lengths = self.by_length[len(address)]
        for bits in self.order[len(address)]:
            found = lengths[bits].get(masked(address, bits))
            if found is not None:
                return found
        return default
