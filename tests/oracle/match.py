# SPDX-License-Identifier: Apache-2.0
"""Section 2 of docs/packet-path.md, first half: which service a packet is for."""
from prefixes import PrefixMap


class Group:
    """The services of one address, or of one prefix."""

    def __init__(self):
        self.ports = {}  # (port or 0 for any, protocol) -> service
        self.ranges = []  # (first, last, protocol, service)

    def get(self, port, protocol):
        found = self.ports.get((port, protocol))
        if found is not None:
            return found
        for first, last, its_protocol, service in self.ranges:
            if its_protocol == protocol and first <= port <= last:
                return service
        return self.ports.get((0, protocol))


class Services:
    def __init__(self):
        self.addresses = {}  # address -> Group
        self.prefixes = PrefixMap()  # of Groups

    def add(self, address, bits, ports, protocol, service):
        """`ports` is (first, last): equal for one port, (0, 0) for any."""
        if bits == len(address) * 8:
            group = self.addresses.setdefault(address, Group())
        else:
            group = self.prefixes.exact(address, bits)
            if group is None:
                group = Group()
                self.prefixes.set(address, bits, group)
        if ports[0] == ports[1]:
            group.ports[ports[0], protocol] = service
        else:
            group.ranges.append((*ports, protocol, service))

    def get(self, destination, port, protocol):
        group = self.addresses.get(destination)
        found = group.get(port, protocol) if group else None
        if found is None:
            group = self.prefixes.get(destination)
            found = group.get(port, protocol) if group else None
        return found

    def has_address(self, destination):
        return destination in self.addresses or self.prefixes.get(destination) is not None
