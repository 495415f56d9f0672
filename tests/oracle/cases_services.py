# SPDX-License-Identifier: Apache-2.0
"""Cases about which service a packet is for, and about how a table spreads flows over a pool."""
from scapy.layers.inet import IP, UDP
from scapy.packet import Raw

import exits
from case_clients import homes, only_those_of_b_move, send_all, stay
from case_maker import VIP4, VIP6, case, link, pool, service, tcp4, tcp6, udp4, udp6

NO_SERVICE = exits.KERNEL_NO_SERVICE


@case("no-service-to-kernel", "Another address or another port than any service's is the kernel's, unchanged.")
def _(c):
    c.configure(pool(), service(), service("dns", port=53, protocol="udp"), service("six", (VIP6,)))
    c.send(tcp4(dst="192.0.2.11"), NO_SERVICE)
    c.send(tcp4(dport=81), NO_SERVICE)
    c.send(tcp4(dport=0), NO_SERVICE)
    c.send(udp4(dport=54), NO_SERVICE)
    c.send(tcp6(dst="2001:db8::11"), NO_SERVICE)
    c.send(tcp6(dport=8080, flags="A"), NO_SERVICE)
    # Source address and port mean nothing to the match.
    c.send(link(IP(src=VIP4, dst="198.51.100.1") / UDP(sport=53, dport=1024) / Raw(b"reply")), NO_SERVICE)
    c.send(tcp4())


@case("protocol-mismatch", "A TCP service does not get UDP packets to its port, nor the other way round.")
def _(c):
    c.configure(pool(), service(port=53), service("dns", port=5353, protocol="udp"))
    c.send(udp4(dport=53), NO_SERVICE)
    c.send(tcp4(dport=5353), NO_SERVICE)
    c.send(tcp4(dport=53))
    c.send(udp4(dport=5353))


@case(
    "same-address-other-family",
    "An IPv6 address whose first bytes are those of a service's IPv4 address is another address.",
)
def _(c):
    c.configure(pool(), service())
    c.send(tcp4())
    c.send(tcp6(dst="c000:20a::"), NO_SERVICE)


@case(
    "any-port-service",
    "A service for any port gets every port of its protocol, port 0 too, each flow by its own hash.",
)
def _(c):
    c.configure(pool(), service(port="any"), service("six", (VIP6,), port="any", protocol="udp"))
    for port in (0, 1, 22, 80, 443, 8080, 65535):
        c.send(tcp4(dport=port))
        c.send(udp6(dport=port))
    c.send(udp4(dport=80), NO_SERVICE)
    c.send(tcp6(dport=80), NO_SERVICE)
    c.uses("abc")


@case(
    "exact-port-before-any",
    "Where an address has a service for a port and one for any port, the exact one wins.",
)
def _(c):
    any_pool = pool("any", 2).replace('"a"', '"y"').replace('"b"', '"z"')
    c.configure(pool("exact", 2), any_pool, service("any", port="any", pool_name="any"),
                service("exact", pool_name="exact"))
    exact = [c.send(tcp4(client)) for client in range(1, 9)]
    other = [c.send(tcp4(client, dport=81)) for client in range(1, 9)]
    c.uses("ab", exact)
    c.uses("yz", other)


@case(
    "exact-port-of-the-other-protocol",
    "An exact UDP port does not hide the TCP service for any port of the address.",
)
def _(c):
    c.configure(pool(), service("any", port="any"), service("dns", port=53, protocol="udp"))
    c.send(tcp4(dport=53))
    c.send(udp4(dport=53))
    c.send(udp4(dport=54), NO_SERVICE)


@case(
    "service-of-both-families",
    "One service with an IPv4 and an IPv6 address; one pool of backends of mixed families, in tunnels.",
)
def _(c):
    backends = 'backends = ["203.0.113.11", "2001:db8:b::11"]\n\n'
    c.configure('[[pool]]\nname = "web"\nforward = "ipip"\n' + backends, service(addresses=(VIP4, VIP6)))
    for client in range(1, 13):
        c.send(tcp4(client))
        c.send(tcp6(client))
    c.check("both backends are used, under the names of their addresses",
            lambda names: set(names) == {"203.0.113.11", "2001:db8:b::11"})


@case(
    "services-with-their-own-backends",
    "Backends listed under a service form a pool of its own; the way of forwarding is inherited.",
)
def _(c):
    def own(name, address, way, *ends):
        backends = ", ".join(f'"203.0.113.{end}"' for end in ends)
        return (f'[[service]]\nname = "{name}"\naddress = "{address}"\nport = 80\ntable_slots = 251\n'
                f'forward = "{way}"\nbackends = [{backends}]\n\n')

    c.configure(own("one", "192.0.2.21", "l2", 21, 22), own("two", "192.0.2.22", "ipip", 21, 23))
    for client in range(1, 9):
        c.send(tcp4(client, dst="192.0.2.21"))
        c.send(tcp4(client, dst="192.0.2.22"))


@case("many-services", "Forty services with the same table, on forty addresses: each address is its own flow key.")
def _(c):
    c.configure(pool(), *(service(f"s{i}", (f"192.0.2.{100 + i}",)) for i in range(40)))
    for i in range(40):
        c.send(tcp4(dst=f"192.0.2.{100 + i}"))
    c.send(tcp4(dst="192.0.2.140"), NO_SERVICE)
    c.uses("abc")


@case("table-of-65537", "The default table size, and names as they are taken from addresses.")
def _(c):
    backends = ", ".join(f'"203.0.113.{i}"' for i in range(1, 21))
    c.configure(f'[[service]]\nname = "site"\naddress = "{VIP4}"\nport = 80\nbackends = [{backends}]\n\n')
    for client in range(1, 121):
        c.send(tcp4(client))
    c.check("at least 18 of 20 backends are used", lambda names: len(set(names)) >= 18)


@case("spread", "600 flows over five equal backends: each within 40 % of its fifth, without one remembered.")
def _(c):
    c.configure(pool(count=5), service(table_slots=1009))
    for client in range(1, 601):
        c.send(tcp4(client))
    c.check("the spread is even", lambda names: all(72 <= names.count(n) <= 168 for n in "abcde"))


@case("weights", "Weights 1, 2 and 5: flows follow the slots in proportion.")
def _(c):
    c.configure(pool(a="weight = 1", b="weight = 2", c="weight = 5"), service(table_slots=1009))
    for client in range(1, 401):
        c.send(tcp4(client))
    wanted = {"a": (30, 70), "b": (70, 130), "c": (210, 290)}
    c.check("flows are spread by weight",
            lambda names: all(least <= names.count(n) <= most for n, (least, most) in wanted.items()))


@case("weight-zero", "A backend of weight 0 owns no slot: no flow of it ever begins, though it is up.")
def _(c):
    c.configure(pool(b="weight = 0"), service())
    for client in range(1, 41):
        c.send(tcp4(client))
    c.uses("ac")


@case("weights-differ-by-65535", "The largest weight beside the smallest: the small one is left a slot at the most.")
def _(c):
    c.configure(pool(a="weight = 65535", b="weight = 1", c="weight = 65535"), service())
    for client in range(1, 41):
        c.send(tcp4(client))
    c.uses("ac")


@case(
    "order-of-probing",
    "Twelve of sixteen are down: flows find one of the four after one to eight tries, or on the walk, in that order.",
)
def _(c):
    down = {name: 'state = "disabled"' for name in "abcdefghijkl"}
    c.configure(pool(count=16, **down), service(table_slots=1009))
    flows = [c.send(tcp4(client)) for client in range(1, 301)]
    c.uses("mnop", flows)
    for client, number in zip(range(1, 301), flows):
        c.same(number, c.send(tcp4(client, flags="A")))


@case(
    "share-one",
    "Slot 0 has noise 0: a share of 0 accepts nothing, one of 1 exactly slot 0, which the walk over 251 slots finds.",
)
def _(c):
    c.configure(pool(count=1), service(port=53, protocol="udp", udp="hash"))
    c.event(0, "web a up share 0")
    c.event(1, "web a up share 1")
    for client in range(1, 11):
        c.send(udp4(client), exits.DROP_NO_BACKEND)
    c.at(1)
    for client in range(1, 11):
        c.send(udp4(client))


@case("one-backend", "A pool of one gets everything.")
def _(c):
    c.configure(pool(count=1), service())
    for client in range(1, 11):
        c.send(tcp4(client))
    c.uses("a")


@case(
    "flow-is-five-tuple",
    "Changing any one of addresses, ports and protocol makes another flow; flags, TTL and length do not.",
)
def _(c):
    c.configure(pool(count=5), service(addresses=(VIP4, "192.0.2.77"), port="any"),
                service("u", port="any", protocol="udp", udp="hash"))
    for client in range(1, 9):
        base = c.send(tcp4(client))
        c.same(base, c.send(tcp4(client, flags="A", payload=b"more", ttl=3, id=999)))
        for other in (tcp4(client, port=1025), tcp4(client, dport=81), tcp4(client, dst="192.0.2.77"),
                      udp4(client, dport=80)):
            c.send(other)
    c.uses("abcde")


@case(
    "two-services-one-pool",
    "A backend's health counts in every service of its pool; what is remembered is a flow, not a client.",
)
def _(c):
    c.configure(pool(), service(), service("other", port=81))
    c.event(1, "web b down")
    first, second = homes(c), send_all(c, flags="A", dport=81)
    c.at(1)
    only_those_of_b_move(c, first, send_all(c, flags="A"))
    only_those_of_b_move(c, second, send_all(c, flags="A", dport=81))


@case(
    "same-backend-in-two-pools",
    "The same address in two pools is two backends: health of one is nothing to the other.",
)
def _(c):
    c.configure(pool("one"), pool("two"), service("a", pool_name="one"), service("b", port=81, pool_name="two"))
    c.event(1, "one b down")
    other = send_all(c, flags="A", dport=81)
    c.at(1)
    c.uses("ac", send_all(c, flags="A"))
    stay(c, other, send_all(c, flags="A", dport=81))
