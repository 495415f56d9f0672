# SPDX-License-Identifier: Apache-2.0
"""Cases about the backend that an ICMP error is passed on to: what is remembered, what each scheduler knows."""
from scapy.layers.inet import UDP

import exits
from case_clients import only_those_of_b_move, send_all, stay
from case_icmp import CLIENTS, both, error4, error6, follow, reply4, reply6
from case_maker import VIP4, VIP6, case, pool, service, tcp4, tcp6, udp4


@case(
    "icmp-error-about-remembered-flow",
    "A flow that moved off a failed backend is remembered: errors about it go where it is now, not to its home.",
)
def _(c):
    both(c, count=3)
    c.event(1, "web b down")
    c.event(2, "web b up")
    before = send_all(c, flags="A")
    c.at(1)
    moved = send_all(c, flags="A")
    only_those_of_b_move(c, before, moved)
    c.at(2)
    errors = [c.send(error4(reply4(client), 28)) for client in range(1, 31)]
    stay(c, moved, errors, send_all(c, flags="A"))


@case(
    "icmp-error-of-a-fresh-balancer",
    "A consistent scheduler needs no memory: an error about a flow that was never seen goes to its home, and leaves "
    "nothing behind; where that is down, to whom the flow would be given.",
)
def _(c):
    both(c, count=3)
    c.event(1, "web b down")
    errors = [c.send(error4(reply4(client), 28)) for client in range(1, 31)]
    stay(c, errors, send_all(c, flags="A"))
    c.at(1)
    errors = [c.send(error4(reply4(client), 28)) for client in range(31, 61)]
    stay(c, errors, send_all(c, clients=range(31, 61)))
    c.uses("ac", errors)


@case("icmp-error-draining", "A draining backend still gets the errors about its flows.")
def _(c):
    both(c, count=3)
    c.event(1, "web b draining")
    opened = send_all(c)
    c.at(1)
    stay(c, opened, [c.send(error4(reply4(client), 28)) for client in range(1, 31)])


@case(
    "icmp-error-about-round-robin",
    "Round robin, random and least-connections know a flow only by memory: errors about remembered flows follow them, "
    "others are the kernel's.",
)
def _(c):
    schedulers = {80: "round-robin", 81: "random", 82: "least-connections"}
    services = [service(name, (VIP4, VIP6), port, scheduler=name) for port, name in schedulers.items()]
    c.configure(pool(count=5), *services)
    for port in schedulers:
        opened = send_all(c, dport=port, clients=CLIENTS)
        stay(c, opened, [c.send(error4(reply4(client, port), 28)) for client in CLIENTS])
        for client in range(31, 36):
            c.send(error4(reply4(client, port), 28), exits.KERNEL_NO_SERVICE)
            c.send(error6(reply6(client, port)), exits.KERNEL_NO_SERVICE)


@case(
    "icmp-error-about-source-hash",
    "With the scheduler source the slot is that of the quoted destination, the client.",
)
def _(c):
    both(c, scheduler="source")
    follow(c, tcp4, lambda client: error4(reply4(client), 28))
    follow(c, tcp6, lambda client: error6(reply6(client)))


@case(
    "icmp-error-about-udp-hash",
    "udp = hash remembers nothing, so the error goes to the flow's home; udp = packet by round robin knows nothing.",
)
def _(c):
    c.configure(pool(count=5), service("hash", port=53, protocol="udp", udp="hash"),
                service("packet", port=54, protocol="udp", udp="packet", scheduler="round-robin"))
    follow(c, udp4, lambda client: error4(reply4(client, 53, UDP), 28))
    c.send(udp4(1, dport=54))
    c.send(error4(reply4(1, 54, UDP), 28), exits.KERNEL_NO_SERVICE)


@case(
    "icmp-error-no-backend",
    "Nobody accepts: dropped by name, also with the policy reject; fail-open gives its first.",
)
def _(c):
    down = {name: 'state = "disabled"' for name in "abc"}
    c.configure(pool(**down), service(), service("b", port=81, when_none="reject"),
                service("c", port=82, when_none="fail-open"))
    for client in range(1, 6):
        c.send(error4(reply4(client, 80), 28), exits.DROP_NO_BACKEND)
        c.send(error4(reply4(client, 81), 28), exits.DROP_NO_BACKEND)
        c.same(c.send(tcp4(client, dport=82)), c.send(error4(reply4(client, 82), 28)))


@case("icmp-error-not-held-to-access", "Who may use a service is asked of clients; the router in between is no client.")
def _(c):
    c.configure(pool(), service(allow=["198.51.100.0/24"]))
    for client in CLIENTS:
        c.same(c.send(tcp4(client)), c.send(error4(reply4(client), 28)))


@case(
    "icmp-error-about-prefix-and-range",
    "The flow that is quoted is matched as a packet of it would be: prefixes, port ranges and any port included.",
)
def _(c):
    c.configure(pool(count=5), service("net", ("192.0.2.0/24", "2001:db8::/64"), "8000-8100"),
                service("any", ("192.0.2.0/24",), "any"))
    for client in CLIENTS:
        address = f"192.0.2.{client + 100}"
        for port in (8000, 8050, 7999):
            flow = c.send(tcp4(client, dst=address, dport=port))
            c.same(flow, c.send(error4(reply4(client, port, src=address), 28, dst=address)))
        flow = c.send(tcp6(client, dst="2001:db8::aaaa", dport=8100))
        c.same(flow, c.send(error6(reply6(client, 8100, src="2001:db8::aaaa"), dst="2001:db8::aaaa")))
        c.send(error6(reply6(client, 8101, src="2001:db8::aaaa"), dst="2001:db8::aaaa"), exits.KERNEL_NO_SERVICE)
