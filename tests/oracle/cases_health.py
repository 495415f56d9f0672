# SPDX-License-Identifier: Apache-2.0
"""Cases about health: which flows move when a backend fails, drains, returns or takes a part of its slots."""
import exits
from case_clients import homes, only_those_of_b_move, send_all, stay
from case_maker import case, pool, service, tcp4, udp4

NO_BACKEND = exits.DROP_NO_BACKEND


@case(
    "down-backend-moves-only-its-own-flows",
    "A backend fails: its flows are chosen again and stay there; no flow of another moves, none is remembered.",
)
def _(c):
    c.configure(pool(), service())
    c.event(1, "web b down")
    opened = send_all(c)
    c.at(1)
    moved = send_all(c, flags="A")
    only_those_of_b_move(c, opened, moved)
    stay(c, moved, send_all(c, flags="PA", payload=b"x"))


@case("down-from-the-start", "A backend that is configured as disabled gets nothing, its slots go to the others.")
def _(c):
    c.configure(pool(b='state = "disabled"'), service())
    stay(c, send_all(c), send_all(c, flags="A"))
    c.uses("ac")


@case(
    "returned-backend",
    "A backend returns: flows that began elsewhere meanwhile are remembered and stay, new ones come back to it.",
)
def _(c):
    c.configure(pool(), service())
    c.event(1, "web b down")
    c.event(2, "web b up")
    home = homes(c)
    c.at(1)
    meanwhile = send_all(c)
    c.at(2)
    only_those_of_b_move(c, home, meanwhile)
    stay(c, meanwhile, send_all(c, flags="A"))
    fresh = send_all(c, clients=range(31, 61))
    c.check("b is used again", lambda names: "b" in [names[i] for i in fresh])


@case(
    "flapping-backend",
    "A backend that fails and returns again and again: every flow stays where it last was while that lives.",
)
def _(c):
    c.configure(pool(), service())
    for second in range(1, 9):
        c.event(second, "web b " + ("down" if second % 2 else "up"))
    for second in range(9):
        c.at(second)
        clients = range(second * 10 + 1, second * 10 + 11)
        opened = send_all(c, clients=clients)
        stay(c, opened, send_all(c, flags="A", clients=clients))
        if second % 2:  # opened while b was down: these never are on b
            c.at(second + 0.5)
            stay(c, opened, send_all(c, flags="A", clients=clients))


@case("exception-whose-backend-fails-too", "A remembered flow whose backend fails is chosen a third time.")
def _(c):
    c.configure(pool(count=4), service())
    c.event(1, "web b down")
    c.event(2, "web a down")
    c.event(3, "web b up")
    home = homes(c)
    c.at(1)
    second = send_all(c, flags="A")
    only_those_of_b_move(c, home, second)
    c.at(2)
    third = send_all(c, flags="A")
    c.uses("cd", third)
    c.at(3)
    stay(c, third, send_all(c, flags="A"))


@case(
    "all-but-one-down",
    "Six of seven are down: probing and the walk over the table find the last one for every flow.",
)
def _(c):
    down = {name: 'state = "disabled"' for name in "abcdef"}
    c.configure(pool(count=7, **down), service())
    send_all(c)
    send_all(c, flags="A")
    c.uses("g")


@case(
    "walk-gives-up",
    "Eight tries and a walk of 256 slots: one who owns 2 slots of 4093 is not found from everywhere.",
)
def _(c):
    down = {name: 'state = "disabled", weight = 500' for name in "abcd"}
    c.configure(pool(count=5, **down), service(table_slots=4093))
    found = send_all(c, exit_name=None, clients=range(1, 101))
    c.uses("e", found)
    c.check("most are dropped, some find it", lambda names: 2 <= sum(n is not None for n in names) <= 50)


@case("all-down-drop", "Nobody is up and the policy is drop: every packet leaves by name, and nothing is remembered.")
def _(c):
    c.configure(pool(), service())
    for name in "abc":
        c.event(1, f"web {name} down")
        c.event(2, f"web {name} up")
    home = homes(c)
    c.at(1)
    send_all(c, exit_name=NO_BACKEND)
    send_all(c, exit_name=NO_BACKEND, flags="A")
    c.at(2)
    stay(c, home, send_all(c, flags="A"))


@case(
    "all-down-fail-open",
    "Nobody is up and the policy is fail-open: each flow's own slot decides, and nothing is remembered.",
)
def _(c):
    c.configure(pool(), service(when_none="fail-open"))
    for name in "abc":
        c.event(1, f"web {name} down")
    home = homes(c)
    c.at(1)
    stay(c, home, send_all(c), send_all(c, flags="A"))


@case(
    "fail-open-while-one-is-up",
    "fail-open is for the worst only: as long as one backend accepts, that one gets all.",
)
def _(c):
    c.configure(pool(a='state = "disabled"', b='state = "disabled"'), service(when_none="fail-open"))
    send_all(c)
    c.uses("c")


@case("empty-pool", "A pool without backends: no slot names one, so both policies drop.")
def _(c):
    empty = '[[pool]]\nname = "web"\nbackends = []\n\n'
    c.configure(empty, service(), service("open", port=81, when_none="fail-open"),
                service("rr", port=82, scheduler="round-robin"))
    for port in (80, 81, 82):
        for flags in ("S", "A"):
            c.send(tcp4(dport=port, flags=flags), NO_BACKEND)


@case(
    "drained-backend-keeps-its-flows",
    "A draining backend keeps its flows, unremembered ones too, and gets no new one.",
)
def _(c):
    c.configure(pool(), service())
    c.event(1, "web b draining")
    opened = send_all(c)
    c.at(1)
    stay(c, opened, send_all(c, flags="A"), send_all(c, flags="FA"))
    fresh = send_all(c, clients=range(31, 61))
    c.uses("ac", fresh)
    stay(c, fresh, send_all(c, flags="A", clients=range(31, 61)))


@case(
    "draining-from-the-start",
    "A backend configured as draining: a packet in mid-flow is its, an opening one is not.",
)
def _(c):
    c.configure(pool(b='state = "draining"'), service())
    c.uses("ac", send_all(c))
    c.uses("abc", send_all(c, flags="SA", clients=range(31, 61)))


@case("all-draining", "All drain: flows in progress go on, new ones have nobody.")
def _(c):
    c.configure(pool(), service())
    for name in "abc":
        c.event(1, f"web {name} draining")
    opened = send_all(c)
    c.at(1)
    stay(c, opened, send_all(c, flags="A"))
    send_all(c, exit_name=NO_BACKEND)


@case(
    "port-reuse-to-draining",
    "A remembered flow on a draining backend goes on, but a SYN of the same ports is a new flow, for another.",
)
def _(c):
    c.configure(pool(), service())
    c.event(0, "web b down")
    c.event(1, "web a draining")
    opened = send_all(c)
    c.uses("ac", opened)
    c.at(1)
    stay(c, opened, send_all(c, flags="A"))
    again = send_all(c)
    c.uses("c", again)
    stay(c, again, send_all(c, flags="A"))


@case("port-reuse-to-a-living-backend", "A SYN of a remembered flow whose backend is up stays with it.")
def _(c):
    c.configure(pool(), service())
    c.event(0, "web b down")
    c.event(1, "web b up")
    opened = send_all(c)
    c.at(1)
    stay(c, opened, send_all(c), send_all(c, flags="A"))


@case("drained-then-failed", "A backend that fails while it drains loses its flows to the others.")
def _(c):
    c.configure(pool(), service())
    c.event(1, "web b draining")
    c.event(2, "web b down")
    opened = send_all(c)
    c.at(1)
    stay(c, opened, send_all(c, flags="A"))
    c.at(2)
    only_those_of_b_move(c, opened, send_all(c, flags="A"))


@case(
    "share-half",
    "Half a share: b refuses new flows in about half of its slots, always the same ones, and keeps its flows.",
)
def _(c):
    c.configure(pool(), service())
    c.event(1, "web b up share 32768")
    clients = range(1, 121)
    home = homes(c, clients)
    c.at(1)
    stay(c, home, send_all(c, flags="A", clients=clients))
    opened = send_all(c, clients=clients)
    c.check("others keep theirs",
            lambda names: all(names[y] == names[x] for x, y in zip(home, opened) if names[x] != "b"))
    c.check("b accepts about half", lambda names: 8 <= sum(names[i] == "b" for i in opened) <= 32)
    stay(c, opened, send_all(c, flags="A", clients=clients))
    c.at(2)
    stay(c, opened, send_all(c, clients=clients))


@case("share-grows", "Slow start: the slots that a small share accepts are among those of a larger one.")
def _(c):
    c.configure(pool(), service(udp="hash", protocol="udp", port=53))
    shares = (0, 6000, 20000, 50000, 65535)
    for second, share in enumerate(shares):
        c.event(second, f"web b up share {share}")
    rounds = []
    for second in range(len(shares)):
        c.at(second)
        rounds.append(send_all(c, udp4, clients=range(1, 61)))
    c.uses("ac", rounds[0])
    for small, large in zip(rounds, rounds[1:]):
        c.check("grows", lambda names, s=small, l=large: all(names[y] == "b" for x, y in zip(s, l) if names[x] == "b"))


@case("share-zero", "Up with a share of 0 is like draining for openers, and its flows stay.")
def _(c):
    c.configure(pool(), service())
    c.event(1, "web b up share 0")
    opened = send_all(c)
    c.at(1)
    stay(c, opened, send_all(c, flags="A"))
    c.uses("ac", send_all(c, clients=range(31, 61)))


@case(
    "tcp-flags",
    "Only SYN without ACK opens: every combination of flags, with b draining, so that openers and others differ.",
)
def _(c):
    c.configure(pool(b='state = "draining"'), service())
    openers = [c.send(tcp4(60 + flags, flags=flags)) for flags in range(256) if flags & 0x12 == 0x02]
    others = [c.send(tcp4(60 + flags, flags=flags)) for flags in range(256) if flags & 0x12 != 0x02]
    c.uses("ac", openers)
    c.uses("abc", others)


@case(
    "mid-flow-unseen",
    "Packets of flows whose opening was never seen go to their home: a box that joins or restarts agrees.",
)
def _(c):
    c.configure(pool(), service())
    for flags in ("A", "PA", "FA", "R", "RA", "SA", ""):
        stay(c, homes(c), send_all(c, flags=flags))
