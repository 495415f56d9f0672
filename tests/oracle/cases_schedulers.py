# SPDX-License-Identifier: Apache-2.0
"""Cases about round robin and about UDP, which is followed or hashed."""
from case_clients import only_those_of_b_move, send_all, stay
from case_maker import case, pool, service, udp4


@case(
    "round-robin-spread-and-stickiness",
    "Each new flow takes the next slot of the table and stays there, whatever its hash.",
)
def _(c):
    c.configure(pool(), service(scheduler="round-robin"))
    opened = send_all(c, clients=range(1, 252))
    stay(c, opened, send_all(c, flags="A", clients=range(1, 252)))
    c.check("all slots were used once",
            lambda names: sorted([names[i] for i in opened].count(n) for n in "abc") == [83, 84, 84])
    again = send_all(c, clients=range(301, 552))
    c.check("and again in the same order", lambda names: [names[i] for i in opened] == [names[i] for i in again])


@case("round-robin-weights", "The slots of the table are the weights of round robin.")
def _(c):
    c.configure(pool(a="weight = 3", b="weight = 1", c="weight = 1"), service(scheduler="round-robin"))
    send_all(c, clients=range(1, 252))
    c.check("3 to 1 to 1", lambda names: sorted(names.count(n) for n in "abc") == [50, 50, 151])


@case(
    "round-robin-backend-down",
    "Only the flows of the backend that failed are chosen again, and they stay when it returns.",
)
def _(c):
    c.configure(pool(), service(scheduler="round-robin"))
    c.event(1, "web b down")
    c.event(2, "web b up")
    opened = send_all(c)
    c.at(1)
    moved = send_all(c, flags="A")
    only_those_of_b_move(c, opened, moved)
    c.at(2)
    stay(c, moved, send_all(c, flags="A"))


@case(
    "round-robin-fail-open",
    "With everybody down each packet takes the next slot; nothing is remembered, so flows do not stick.",
)
def _(c):
    c.configure(pool(count=2, a='state = "disabled"', b='state = "disabled"'),
                service(scheduler="round-robin", when_none="fail-open"))
    for _ in range(3):
        send_all(c, clients=range(1, 9))
    c.uses("ab")


@case(
    "round-robin-mid-flow-unseen",
    "A packet in mid-flow of an unknown flow goes to the home of its hash's slot, not to the cursor's.",
)
def _(c):
    c.configure(pool(), service(), service("rr", port=81, scheduler="round-robin"))
    stay(c, send_all(c, flags="A", dport=81), send_all(c, flags="PA", dport=81))


@case(
    "udp-follow",
    "UDP is followed by default: flows that moved off a failed backend stay where they went when it returns.",
)
def _(c):
    c.configure(pool(), service(port=53, protocol="udp"))
    c.event(1, "web b down")
    c.event(2, "web b up")
    opened = send_all(c, udp4)
    c.at(1)
    moved = send_all(c, udp4)
    only_those_of_b_move(c, opened, moved)
    c.at(2)
    stay(c, moved, send_all(c, udp4))


@case("udp-hash", "udp = hash: nothing is remembered, each packet goes where the table and health say now.")
def _(c):
    c.configure(pool(), service(port=53, protocol="udp", udp="hash"))
    c.event(1, "web b down")
    c.event(2, "web b up")
    opened = send_all(c, udp4)
    c.at(1)
    only_those_of_b_move(c, opened, send_all(c, udp4))
    c.at(2)
    stay(c, opened, send_all(c, udp4))


@case(
    "udp-draining",
    "A followed UDP flow stays on a draining backend; one that is not remembered is new, so it does not go there.",
)
def _(c):
    c.configure(pool(), service(port=53, protocol="udp"), service("hash", port=54, protocol="udp", udp="hash"))
    c.event(1, "web b draining")
    opened = send_all(c, udp4)
    c.at(1)
    stay(c, opened, send_all(c, udp4))
    c.uses("ac", send_all(c, udp4, clients=range(31, 61)))
    c.uses("ac", send_all(c, udp4, dport=54))
