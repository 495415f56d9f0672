# SPDX-License-Identifier: Apache-2.0
"""Cases about how long a flow is remembered."""
from case_clients import homes, only_those_of_b_move, send_all, stay
from case_maker import case, pool, service, udp4


def moved_while_down(c, **timeouts):
    """Opens all flows while b is down. Then b is back with almost its full share, so that its slots are not plain and
    what is remembered decides. Returns the packets that showed the homes, and those that opened."""
    c.configure(pool(), service(**timeouts))
    c.event(0.25, "web b down")
    c.event(0.5, "web b up share 65000")
    home = homes(c)
    c.at(0.25)
    opened = send_all(c)
    only_those_of_b_move(c, home, opened)
    c.at(0.5)
    return home, opened


@case(
    "opening-timeout",
    "A flow of which only the SYN was seen is forgotten after the opening timeout; one that was answered is not.",
)
def _(c):
    home, opened = moved_while_down(c, opening_timeout="2s", idle_timeout="1m")
    c.at(1)
    answered = send_all(c, flags="A", clients=range(1, 16))
    stay(c, opened[:15], answered)
    c.at(3)
    stay(c, answered, send_all(c, flags="A", clients=range(1, 16)))
    stay(c, home[15:], send_all(c, flags="A", clients=range(16, 31)))


@case(
    "fin-shortens-timeout",
    "After FIN the closing timeout counts, also for the packets that follow it; then the flow is forgotten.",
)
def _(c):
    home, opened = moved_while_down(c, closing_timeout="5s")
    c.at(1)
    stay(c, opened, send_all(c, flags="A"))
    c.at(2)
    stay(c, opened, send_all(c, flags="FA"))
    c.at(6)
    stay(c, opened, send_all(c, flags="A"))
    c.at(10.5)
    stay(c, opened, send_all(c, flags="A"))
    c.at(16.5)
    stay(c, home, send_all(c, flags="A"))


@case("rst-shortens-timeout", "RST is the same as FIN.")
def _(c):
    home, opened = moved_while_down(c, closing_timeout="5s")
    c.at(2)
    stay(c, opened, send_all(c, flags="R"))
    c.at(6.5)
    stay(c, opened, send_all(c, flags="A"))
    c.at(12.5)
    stay(c, home, send_all(c, flags="A"))


@case(
    "closed-flow-opens-again",
    "A SYN on a closing flow puts it on probation again; its ACK makes it last as long as any.",
)
def _(c):
    home, opened = moved_while_down(c, closing_timeout="5s", opening_timeout="3s", idle_timeout="20s")
    c.at(1)
    stay(c, opened, send_all(c, flags="FA"))
    c.at(2)
    stay(c, opened, send_all(c))
    c.at(4)
    half = range(1, 16)
    stay(c, opened[:15], send_all(c, flags="A", clients=half))
    c.at(23)
    stay(c, opened[:15], send_all(c, flags="A", clients=half))
    stay(c, home[15:], send_all(c, flags="A", clients=range(16, 31)))


@case("syn-with-fin", "SYN and FIN in one packet open a flow and close it: it is remembered for the closing timeout.")
def _(c):
    c.configure(pool(), service(closing_timeout="2s", opening_timeout="20s"))
    c.event(0.25, "web b down")
    c.event(0.5, "web b up share 65000")
    home = homes(c)
    c.at(0.25)
    opened = send_all(c, flags="SF")
    only_those_of_b_move(c, home, opened)
    c.at(1)
    half = range(1, 16)
    stay(c, opened[:15], send_all(c, flags="A", clients=half))
    c.at(3)
    stay(c, opened[:15], send_all(c, flags="A", clients=half))
    stay(c, home[15:], send_all(c, flags="A", clients=range(16, 31)))


@case(
    "idle-expiry",
    "A followed flow is forgotten when nothing came for the idle timeout, to the tick, and not before.",
)
def _(c):
    c.configure(pool(), service(port=53, protocol="udp", idle_timeout="10s"))
    c.event(0, "web b down")
    c.event(1, "web b up")
    moved = send_all(c, udp4)
    c.uses("ac", moved)
    c.at(5)
    stay(c, moved, send_all(c, udp4))
    c.at(15.4375)  # tick 247, the last one: 80 + 160 + 8 is the deadline
    stay(c, moved, send_all(c, udp4))
    c.at(25.9375)  # tick 415, which is the deadline
    late = send_all(c, udp4)
    c.check("b has its own again", lambda names: "b" in [names[i] for i in late])


@case("deadline-slack", "Short deadlines are set half a second late, and left alone while they are late enough.")
def _(c):
    c.configure(pool(), service(port=53, protocol="udp", idle_timeout="10s"))
    c.event(0, "web b down")
    c.event(0.9, "web b up")
    moved = send_all(c, udp4)
    c.at(0.375)  # tick 6: probation ends, so the entry is written: until 6 + 160 + 8 = 174
    stay(c, moved, send_all(c, udp4))
    c.at(0.8125)  # tick 13: 174 is still 160 ahead, so nothing is written
    stay(c, moved, send_all(c, udp4))
    c.at(10.8125)  # tick 173
    half = range(1, 16)
    stay(c, moved[:15], send_all(c, udp4, clients=half))
    c.at(10.875)  # tick 174: too late for the other half
    late = send_all(c, udp4, clients=range(16, 31))
    c.check("some are on b", lambda names: "b" in [names[i] for i in late])
    c.at(21.25)  # tick 340; the first half was moved at 173, until 341
    stay(c, moved[:15], send_all(c, udp4, clients=half))


@case("deadline-slack-long", "A deadline of minutes is set late by a thirty-second part, not by half a second alone.")
def _(c):
    c.configure(pool(), service(port=53, protocol="udp", idle_timeout="160s"))
    c.event(0, "web b down")
    c.event(0.9, "web b up")
    moved = send_all(c, udp4)
    c.at(1)  # tick 16: probation ends, so the entry is written: until 16 + 2560 + 80 = 2656
    stay(c, moved, send_all(c, udp4))
    c.at(6)  # tick 96: 2656 is still 2560 ahead, so nothing is written
    stay(c, moved, send_all(c, udp4))
    c.at(165.9375)  # tick 2655
    half = range(1, 16)
    stay(c, moved[:15], send_all(c, udp4, clients=half))
    c.at(166)  # tick 2656: too late for the other half
    late = send_all(c, udp4, clients=range(16, 31))
    c.check("some are on b", lambda names: "b" in [names[i] for i in late])
