# SPDX-License-Identifier: Apache-2.0
"""Cases about the schedulers source, random and least-connections, and about UDP that is spread by packet."""
import exits
from case_clients import only_those_of_b_move, send_all, stay
from case_maker import VIP4, VIP6, case, pool, service, tcp4, tcp6, udp4, udp6


def of(names, numbers):
    return [names[i] for i in numbers]


@case("source-sticks-clients", "scheduler = source: all flows of a client go to one backend, in both families.")
def _(c):
    c.configure(pool(count=5), service(addresses=(VIP4, VIP6), port="any", scheduler="source"),
                service("u", ("192.0.2.11",), 53, "udp", scheduler="source", udp="hash"))
    for make in (tcp4, tcp6):
        rounds = [send_all(c, make, port=port, dport=dport) for port, dport in ((1, 80), (2, 80), (3, 443), (1, 443))]
        stay(c, *rounds)
    stay(c, send_all(c, udp4, dst="192.0.2.11", port=1), send_all(c, udp4, dst="192.0.2.11", port=2))
    c.uses("abcde")


@case("source-bits", "Of an address only so many bits count: a whole network is one client.")
def _(c):
    c.configure(pool(count=5), service(addresses=(VIP4, VIP6), scheduler="source", source_bits_ipv4=30,
                                       source_bits_ipv6=125), service("all", port=81, scheduler="source",
                                                                      source_bits_ipv4=1))
    for base in range(0, 96, 8):
        for make in (tcp4, tcp6):
            c.same(*(c.send(make(base + i)) for i in range(4 if make is tcp4 else 8)))
    c.same(*(c.send(tcp4(client, dport=81)) for client in range(0, 40, 4)))
    c.check("networks are spread", lambda names: len(set(names)) >= 4)


@case(
    "source-backend-down",
    "Clients of a failed backend go elsewhere, by the same rule for all their flows, and stay.",
)
def _(c):
    c.configure(pool(), service(scheduler="source"))
    c.event(1, "web b down")
    c.event(2, "web b up")
    before = send_all(c, flags="A")
    c.at(1)
    moved = send_all(c, flags="A")
    only_those_of_b_move(c, before, moved)
    stay(c, moved, send_all(c, port=2000))
    c.at(2)
    stay(c, moved, send_all(c, flags="A"))
    stay(c, before, send_all(c, port=3000))


@case("source-weights", "Clients are spread by weight.")
def _(c):
    c.configure(pool(count=2, a="weight = 1", b="weight = 4"), service(scheduler="source"))
    numbers = send_all(c, clients=range(1, 251))
    c.check("about one in five", lambda names: 30 <= of(names, numbers).count("a") <= 70)


@case("source-plain", "source is consistent: while all is well nothing is remembered, and nothing is looked up.")
def _(c):
    c.configure(pool(), service(scheduler="source"))
    stay(c, send_all(c), send_all(c, flags="A"), send_all(c, flags="FA"))


@case("random-spread-and-stickiness", "Each new flow is given a backend by chance; all are remembered and stay.")
def _(c):
    c.configure(pool(count=3), service(addresses=(VIP4, VIP6), scheduler="random"))
    opened = send_all(c, clients=range(1, 301)) + send_all(c, tcp6, clients=range(1, 51))
    stay(c, opened, send_all(c, clients=range(1, 301), flags="A") + send_all(c, tcp6, clients=range(1, 51), flags="A"))
    c.check("each a third", lambda names: all(80 <= of(names, opened).count(n) <= 150 for n in "abc"))
    again = send_all(c, clients=range(301, 601))
    c.check("another order", lambda names: of(names, opened[:300]) != of(names, again))


@case("random-weights", "Chance follows the slots, so it follows the weights.")
def _(c):
    c.configure(pool(a="weight = 1", b="weight = 2", c="weight = 5"), service(scheduler="random"))
    numbers = send_all(c, clients=range(1, 401))
    wanted = {"a": (30, 70), "b": (70, 130), "c": (210, 290)}
    c.check("1 to 2 to 5", lambda names: all(
        least <= of(names, numbers).count(n) <= most for n, (least, most) in wanted.items()))


@case("random-backend-down", "What chance hits and is down is passed over; only flows of the failed backend move.")
def _(c):
    c.configure(pool(), service(scheduler="random"))
    c.event(1, "web b down")
    c.event(2, "web b up")
    opened = send_all(c)
    c.at(1)
    moved = send_all(c, flags="A")
    only_those_of_b_move(c, opened, moved)
    c.uses("ac", send_all(c, clients=range(31, 61)))
    c.at(2)
    stay(c, moved, send_all(c, flags="A"))


@case(
    "random-one-state-for-all",
    "The services of a worker draw from one source of chance; mid-flow packets draw nothing.",
)
def _(c):
    c.configure(pool(count=5), service(scheduler="random"), service("b", port=81, scheduler="random"))
    for client in range(1, 21):
        c.send(tcp4(client))
        c.send(tcp4(client, dport=81))
        c.send(tcp4(client + 100, flags="A"))


@case(
    "least-connections-evens-out",
    "Of two slots the one whose backend has fewer flows: closer than chance would come.",
)
def _(c):
    c.configure(pool(count=4), service(scheduler="least-connections"))
    opened = send_all(c, clients=range(1, 401))
    stay(c, opened, send_all(c, clients=range(1, 401), flags="A"))
    c.check("100 each, give or take 5", lambda names: all(95 <= of(names, opened).count(n) <= 105 for n in "abcd"))


@case("least-connections-weights", "Flows are counted by weight: 1 to 2 to 5.")
def _(c):
    c.configure(pool(a="weight = 1", b="weight = 2", c="weight = 5"), service(scheduler="least-connections"))
    opened = send_all(c, clients=range(1, 401))
    wanted = {"a": (45, 55), "b": (93, 107), "c": (240, 260)}
    c.check("50, 100, 250", lambda names: all(
        least <= of(names, opened).count(n) <= most for n, (least, most) in wanted.items()))


@case(
    "least-connections-fills-a-new-backend",
    "A backend that comes back empty gets most of the new flows, until it has as many.",
)
def _(c):
    c.configure(pool(count=3, b='state = "disabled"'), service(scheduler="least-connections"))
    c.event(1, "web b up")
    before = send_all(c, clients=range(1, 61))
    c.uses("ac", before)
    c.at(1)
    fresh = send_all(c, clients=range(101, 161))
    c.check("most go to b", lambda names: of(names, fresh).count("b") > 26)


@case(
    "least-connections-counts-all-services",
    "Flows of every service count, by backend; a backend in two pools is two.",
)
def _(c):
    c.configure(pool("web", 2), service("a", port=80, scheduler="least-connections"),
                service("b", port=81, scheduler="round-robin"), service("c", port=82))
    c.event(0, "web a down")
    c.event(1, "web a up")
    busy = send_all(c, dport=81, clients=range(1, 41))
    c.uses("b", busy)
    c.at(1)
    fresh = send_all(c, clients=range(1, 31))
    c.check("a catches up", lambda names: of(names, fresh).count("a") > 18)


@case("least-connections-one-slot-refuses", "Of the two slots one is of a backend that is down: the other takes it.")
def _(c):
    c.configure(pool(count=4, a='state = "disabled"', b='state = "draining"'), service(scheduler="least-connections"))
    c.uses("cd", send_all(c, clients=range(1, 61)))


@case("least-connections-forgets-lost-flows", "A flow that left a failed backend is no longer counted there.")
def _(c):
    c.configure(pool(count=2), service(scheduler="least-connections"))
    c.event(1, "web a down")
    c.event(2, "web a up")
    send_all(c, clients=range(1, 41))
    c.at(1)
    c.uses("b", send_all(c, clients=range(1, 41), flags="A"))
    c.at(2)
    fresh = send_all(c, clients=range(101, 221))
    c.check("a has none, so it gets most", lambda names: of(names, fresh).count("a") > 70)


def packet_case(scheduler, why, law):
    @case(f"udp-packet-{scheduler}", f"udp = packet: {why} Nothing is remembered.")
    def _(c):
        c.configure(pool(), service(addresses=(VIP4, VIP6), port=53, protocol="udp", udp="packet", scheduler=scheduler))
        one = [c.send(udp4(1)) for _ in range(60)]
        other = [c.send(udp6(client)) for client in range(1, 31)]
        c.check("the law of the scheduler", lambda names: law(of(names, one), of(names, other)))


packet_case("round-robin", "each datagram, of one flow too, takes the next slot.",
            lambda one, other: all(one.count(n) >= 15 for n in "abc"))
packet_case("random", "each datagram goes where chance says.",
            lambda one, other: all(one.count(n) >= 10 for n in "abc"))
packet_case("maglev", "by hash, a flow has one backend as long as health stays.",
            lambda one, other: len(set(one)) == 1 and set(other) == set("abc"))
packet_case("source", "by source, a client has one backend as long as health stays.",
            lambda one, other: len(set(one)) == 1 and set(other) == set("abc"))


@case("udp-packet-health", "udp = packet obeys health at once, draining included, and fail-open too.")
def _(c):
    c.configure(pool(), service(port=53, protocol="udp", udp="packet", scheduler="round-robin", when_none="fail-open"),
                service("d", port=54, protocol="udp", udp="packet", scheduler="random"))
    c.event(1, "web a draining")
    c.event(2, "web b down")
    c.event(3, "web c down")
    for second, wanted in ((0, "abc"), (1, "bc"), (2, "c")):
        c.at(second)
        c.uses(wanted, [c.send(udp4(1, dport=port)) for port in (53, 54) for _ in range(30)])
    c.at(3)
    for _ in range(5):
        c.send(udp4(1))
        c.send(udp4(1, dport=54), exits.DROP_NO_BACKEND)


@case("udp-follow-random", "UDP that is followed is given a backend by chance once, then stays.")
def _(c):
    c.configure(pool(count=5), service(addresses=(VIP4, VIP6), port=53, protocol="udp", scheduler="random"))
    stay(c, send_all(c, udp4), send_all(c, udp4), send_all(c, udp4))
    stay(c, send_all(c, udp6), send_all(c, udp6))
    c.uses("abcde")
