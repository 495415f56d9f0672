# SPDX-License-Identifier: Apache-2.0
"""Cases about who may use a service, and how many flows a second it is opened for."""
import ipaddress

import exits
from case_clients import homes, send_all, stay
from case_maker import VIP4, VIP6, case, client4, pool, service, tcp4, tcp6, udp4, udp6
from siphash import siphash13

DENIED, LIMITED, SOURCE_LIMITED = exits.DROP_ACCESS_DENIED, exits.DROP_RATE_LIMITED, exits.DROP_SOURCE_LIMITED


def asks(c, make, verdicts, **more):
    for client, allowed in verdicts:
        c.send(make(client, **more), exits.SENT if allowed else DENIED)


@case(
    "access-allow",
    "With a list of allowed prefixes everybody else is denied, opening or not, whatever the protocol.",
)
def _(c):
    c.configure(pool(), service(addresses=(VIP4, VIP6), protocol="tcp+udp",
                                allow=["198.51.100.16/28", "2001:db8:c::20/123", "198.51.100.99"]))
    for make in (tcp4, udp4):
        asks(c, make, ((15, False), (16, True), (31, True), (32, False), (99, True), (98, False)), dport=80)
    for make in (tcp6, udp6):
        asks(c, make, ((0x1F, False), (0x20, True), (0x3F, True), (0x40, False)), dport=80)
    c.send(tcp4(1, flags="A"), DENIED)
    c.send(tcp4(1, flags="R"), DENIED)
    c.send(tcp4(1, dport=81), exits.KERNEL_NO_SERVICE)


@case("access-deny", "With a list of denied prefixes everybody else is allowed.")
def _(c):
    c.configure(pool(), service(addresses=(VIP4, VIP6), deny=["198.51.100.16/28", "2001:db8:c::20/123"]),
                service("open", port=81))
    asks(c, tcp4, ((15, True), (16, False), (31, False), (32, True)))
    asks(c, tcp4, ((16, True), (31, True)), dport=81)
    asks(c, tcp6, ((0x1F, True), (0x20, False), (0x3F, False), (0x40, True)))


@case("access-longest-wins", "Allowed and denied prefixes in one list: the longest that holds the source decides.")
def _(c):
    c.configure(pool(), service(allow=["198.51.100.0/24", "198.51.100.66", "198.51.100.80/30"],
                                deny=["198.51.100.64/27", "198.51.100.81", "0.0.0.0/0"]))
    asks(c, tcp4, ((1, True), (63, True), (64, False), (65, False), (66, True), (67, False), (80, True), (81, False),
                   (82, True), (84, False), (96, True), (300, False)))


@case(
    "access-default-of-deny-all",
    "Denying everybody by ::/0 and allowing one: a list may hold both families, each its own.",
)
def _(c):
    c.configure(pool(), service(addresses=(VIP4, VIP6), deny=["::/0", "198.51.100.7/32"]))
    asks(c, tcp6, ((1, False), (2, False)))
    asks(c, tcp4, ((1, True), (7, False)))


@case("access-of-one-family", "Only IPv4 prefixes are allowed: every IPv6 source is denied.")
def _(c):
    c.configure(pool(), service(addresses=(VIP4, VIP6), allow=["0.0.0.0/0"]))
    asks(c, tcp4, ((1, True), (200, True)))
    asks(c, tcp6, ((1, False), (200, False)))


@case("access-shared-list", "Services with equal lists share one, others have their own.")
def _(c):
    c.configure(pool(), service("a", deny=["198.51.100.1", "198.51.100.2"]),
                service("b", port=81, deny=["198.51.100.2", "198.51.100.1"]),
                service("c", port=82, deny=["198.51.100.3"]), service("d", port=83))
    for port, denied in ((80, (1, 2)), (81, (1, 2)), (82, (3,)), (83, ())):
        asks(c, tcp4, [(client, client not in denied) for client in range(1, 5)], dport=port)


@case("access-thousands", "Three thousand prefixes, each found, and nobody beside them.")
def _(c):
    deny = [f"10.{i // 250}.{i % 250}.128/26" for i in range(3000)]
    c.configure(pool(), service(deny=deny))
    for i in (0, 1, 249, 250, 1499, 2750, 2999):
        for last, exit_name in ((127, exits.SENT), (128, DENIED), (191, DENIED), (192, exits.SENT)):
            packet = tcp4(1)
            packet["IP"].src = f"10.{i // 250}.{i % 250}.{last}"
            c.send(packet, exit_name)


@case("access-before-limits", "Who is denied takes no token.")
def _(c):
    c.configure(pool(), service(deny=["198.51.100.1"], new_flows_per_second=2))
    for _ in range(5):
        c.send(tcp4(1), DENIED)
    c.send(tcp4(2))
    c.send(tcp4(3))
    c.send(tcp4(4), LIMITED)


@case("flow-limit-tcp", "New TCP flows beyond the limit are dropped by name; packets of flows that are open are not.")
def _(c):
    c.configure(pool(), service(new_flows_per_second=4))
    opened = [c.send(tcp4(client)) for client in range(1, 5)]
    for client in range(5, 9):
        c.send(tcp4(client), LIMITED)
    stay(c, opened, [c.send(tcp4(client, flags="A")) for client in range(1, 5)])
    c.send(tcp4(50, flags="A"))
    c.send(tcp4(50, flags="SA"))


@case("flow-limit-udp", "Of UDP a datagram that is not remembered opens a flow; those of known flows pass.")
def _(c):
    c.configure(pool(), service(port=53, protocol="udp", new_flows_per_second=4))
    opened = [c.send(udp4(client)) for client in range(1, 5)]
    for client in range(5, 9):
        c.send(udp4(client), LIMITED)
    stay(c, opened, [c.send(udp4(client)) for client in range(1, 5)])
    c.send(udp4(5), LIMITED)
    c.at(0.25)
    c.send(udp4(5))
    c.send(udp4(5))
    c.send(udp4(6), LIMITED)


@case("flow-limit-refills", "The limit refills by sixteenths of a second, up to the burst and no further.")
def _(c):
    c.configure(pool(), service(new_flows_per_second=8, new_flows_burst=3))
    client = 0
    for second, open_now in ((0, 3), (0.0625, 0), (0.125, 1), (0.25, 1), (0.5, 2), (1, 3), (10, 3), (10.3125, 2)):
        c.at(second)
        for verdict in [exits.SENT] * open_now + [LIMITED] * 2:
            client += 1
            c.send(tcp4(client), verdict)


@case("flow-limit-slow", "One flow a second, one at once: fifteen ticks are not enough, sixteen are.")
def _(c):
    c.configure(pool(), service(new_flows_per_second=1))
    c.send(tcp4(1))
    c.at(0.9375)
    c.send(tcp4(2), LIMITED)
    c.at(1)
    c.send(tcp4(3))
    c.at(1.9375)
    c.send(tcp4(4), LIMITED)
    c.at(2)
    c.send(tcp4(5))


@case("flow-limit-each-address", "Every address and protocol of a service has its own bucket.")
def _(c):
    c.configure(pool(), service(addresses=(VIP4, "192.0.2.11", VIP6), protocol="tcp+udp", new_flows_per_second=1))
    for make, more in ((tcp4, {}), (tcp4, {"dst": "192.0.2.11"}), (tcp6, {}), (udp4, {}), (udp6, {})):
        c.send(make(1, dport=80, **more))
        c.send(make(2, dport=80, **more), LIMITED)


@case("flow-limit-prefix-and-range", "All addresses of a prefix and all ports of a range share one bucket.")
def _(c):
    c.configure(pool(), service(addresses=("192.0.2.0/24",), port="8000-8100", new_flows_per_second=3))
    for client, exit_name in ((1, exits.SENT), (2, exits.SENT), (3, exits.SENT), (4, LIMITED), (5, LIMITED)):
        c.send(tcp4(client, dst=f"192.0.2.{client}", dport=8000 + client), exit_name)


@case("source-limit", "So many new flows a source; others are not touched by one that asks for more.")
def _(c):
    c.configure(pool(), service(addresses=(VIP4, VIP6), source_flows_per_second=2))
    verdicts = (exits.SENT, exits.SENT, SOURCE_LIMITED, SOURCE_LIMITED)
    for client in (1, 2):
        for port, exit_name in enumerate(verdicts, 1):
            c.send(tcp4(client, port=port), exit_name)
        c.send(tcp4(client, port=9, flags="A"))
    for port, exit_name in enumerate(verdicts, 1):
        c.send(tcp6(1, port=port), exit_name)


@case("source-limit-bits", "A source is a prefix: as many bits as the service says, /32 and /64 if it says nothing.")
def _(c):
    c.configure(pool(), service("a", (VIP4, VIP6), source_flows_per_second=1),
                service("b", (VIP4, VIP6), 81, source_flows_per_second=1, source_flows_bits_ipv4=28,
                        source_flows_bits_ipv6=124))
    c.send(tcp4(16))
    c.send(tcp4(17))
    c.send(tcp6(1))
    c.send(tcp6(2), SOURCE_LIMITED)
    for make in (tcp4, tcp6):
        c.send(make(16, dport=81))
        c.send(make(31, dport=81), SOURCE_LIMITED)
        c.send(make(32, dport=81))
        c.send(make(15, dport=81))


@case(
    "source-limit-shared-cell",
    "Sources are counted in 65536 cells, so two may share one and its tokens; the hash is keyed.",
)
def _(c):
    c.configure(pool(), service(addresses=("192.0.2.9", VIP4), source_flows_per_second=1))
    key = bytes.fromhex("67756964657761792d63617365732d31")
    clients_of = {}
    for client in range(1, 2000):
        address = ipaddress.ip_address(client4(client)).packed
        cell = siphash13(key, address + bytes((1, 0, 0, 0, 4))) % 65536  # 1 is the number of the second address
        clients_of.setdefault(cell, []).append(client)
    shared = [clients for clients in clients_of.values() if len(clients) > 1]
    assert len(shared) > 5
    for one, other, *_ in shared:
        c.send(tcp4(one))
        c.send(tcp4(other), SOURCE_LIMITED)
        c.send(tcp4(one, dst="192.0.2.9"))
        c.send(tcp4(other, dst="192.0.2.9"))
    # Half the cells would not do: these have theirs to themselves.
    apart = [(clients[0], clients_of[cell + 32768][0]) for cell, clients in clients_of.items()
             if cell + 32768 in clients_of and len(clients) == len(clients_of[cell + 32768]) == 1]
    for one, other in apart[:20]:
        c.send(tcp4(one))
        c.send(tcp4(other))


@case("source-limit-udp", "UDP of one source: what is not remembered takes a token, what is does not.")
def _(c):
    c.configure(pool(), service(port=53, protocol="udp", source_flows_per_second=3, source_flows_burst=2))
    opened = [c.send(udp4(1, port=port)) for port in (1, 2)]
    c.send(udp4(1, port=3), SOURCE_LIMITED)
    stay(c, opened, [c.send(udp4(1, port=port)) for port in (1, 2)])
    c.send(udp4(2, port=1))
    c.at(0.375)
    c.send(udp4(1, port=3))
    c.send(udp4(1, port=4), SOURCE_LIMITED)


@case("source-limit-before-flow-limit", "The source's token is taken first, and is gone if the service then has none.")
def _(c):
    c.configure(pool(), service(new_flows_per_second=2, source_flows_per_second=3))
    c.send(tcp4(1, port=1))
    c.send(tcp4(1, port=2))
    c.send(tcp4(1, port=3), LIMITED)
    c.send(tcp4(1, port=4), SOURCE_LIMITED)
    c.send(tcp4(2, port=1), LIMITED)
    c.at(0.5)
    c.send(tcp4(2, port=2))
    c.send(tcp4(3, port=1), LIMITED)


@case("limits-count-reopened-flows", "A SYN that is sent again opens a flow again, as far as limits are concerned.")
def _(c):
    c.configure(pool(), service(scheduler="round-robin", new_flows_per_second=2))
    first, again = c.send(tcp4(1)), c.send(tcp4(1))
    c.same(first, again)
    c.send(tcp4(1), LIMITED)
    c.same(first, c.send(tcp4(1, flags="A")))


@case("limits-before-choice", "A flow that is refused is given no backend: round robin's cursor does not move.")
def _(c):
    c.configure(pool(), service(scheduler="round-robin", new_flows_per_second=1),
                service("u", port=53, protocol="udp", scheduler="round-robin", new_flows_per_second=1))
    opened, datagrams = [], []
    for second in range(8):
        c.at(second)
        opened.append(c.send(tcp4(second + 1)))
        datagrams.append(c.send(udp4(second + 1)))
        for client in range(10):
            c.send(tcp4(100 + client), LIMITED)
            c.send(udp4(100 + client), LIMITED)
    c.check("the table's order, both times", lambda names: [names[i] for i in opened] == [names[i] for i in datagrams])


@case("limits-when-nobody-is-up", "The limit is asked before the backends are: beyond it nothing is rejected.")
def _(c):
    c.configure(pool(count=1, a='state = "disabled"'), service(when_none="reject", new_flows_per_second=2))
    for client, exit_name in ((1, exits.ANSWERED_REJECT), (2, exits.ANSWERED_REJECT), (3, LIMITED)):
        c.send(tcp4(client), exit_name)


@case("no-limits-no-buckets", "Where nothing is limited, hundreds of flows open in the same instant.")
def _(c):
    c.configure(pool(), service(), service("limited", port=81, new_flows_per_second=100000000))
    send_all(c, clients=range(1, 201))
    send_all(c, dport=81, clients=range(1, 201))
    homes(c, clients=range(1, 11))
