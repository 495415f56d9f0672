# SPDX-License-Identifier: Apache-2.0
"""What cases about choosing a backend share: a packet of every client, and what may be said of where they went.
Clients are numbered; "b" is the backend that things happen to."""
import exits
from case_maker import tcp4

CLIENTS = range(1, 31)


def send_all(c, make=tcp4, exit_name=exits.SENT, clients=CLIENTS, **more):
    """A packet of every client; their numbers in order of clients."""
    return [c.send(make(client, **more), exit_name) for client in clients]


def stay(c, *rounds):
    """Every client's flow is on one backend in all these rounds."""
    for flow in zip(*rounds):
        c.same(*flow)


def only_those_of_b_move(c, before, after):
    c.check("flows of b are elsewhere, all others where they were", lambda names: all(
        names[y] != "b" if names[x] == "b" else names[y] == names[x] for x, y in zip(before, after)))
    c.check("b had some flows", lambda names: "b" in [names[i] for i in before])


def homes(c, clients=CLIENTS):
    """Packets in mid-flow while all is well: they show each flow's home."""
    return send_all(c, flags="A", clients=clients)
