# SPDX-License-Identifier: Apache-2.0
"""Cases about port ranges, prefixes as addresses of services, and TCP and UDP under one name."""
import exits
from case_clients import send_all, stay
from case_maker import VIP4, VIP6, case, pool, service, tcp4, tcp6, udp4, udp6

NO_SERVICE = exits.KERNEL_NO_SERVICE


def named_pools(*names):
    """A pool of one backend for each of the names, which shows whose service a packet took."""
    return [pool(name, 1).replace('name = "a"', f'name = "{name}"') for name in names]


def asks(c, make, wanted):
    """Sends a packet with each of the fields; it must go to the named backend, or to the kernel (None)."""
    for fields, name in wanted:
        number = c.send(make(**fields), exits.SENT if name else NO_SERVICE)
        if name:
            c.goes_to(name, number)


@case("port-range", "A service for a range of ports gets each of them, both ends included, and no other.")
def _(c):
    c.configure(pool(), service(addresses=(VIP4, VIP6), port="8000-8100"), service("u", port="1-65535", protocol="udp"))
    for port in (8000, 8001, 8050, 8099, 8100):
        c.same(c.send(tcp4(dport=port)), c.send(tcp4(dport=port, flags="A")))
        c.send(tcp6(dport=port))
    for port in (0, 80, 7999, 8101, 65535):
        c.send(tcp4(dport=port), NO_SERVICE)
    for port in (1, 80, 65535):
        c.send(udp4(dport=port))
    c.send(udp4(dport=0), NO_SERVICE)
    c.send(udp6(dport=8000), NO_SERVICE)


@case(
    "exact-port-before-range-before-any",
    "The exact port wins over a range that holds it, and a range over any port.",
)
def _(c):
    c.configure(*named_pools("any", "range", "exact", "first"), service("any", port="any", pool_name="any"),
                service("range", port="8000-8100", pool_name="range"), service("exact", port=8080, pool_name="exact"),
                service("first", port=8000, pool_name="first"))
    asks(c, tcp4, [({"dport": port}, name) for port, name in (
        (8080, "exact"), (8000, "first"), (8001, "range"), (8079, "range"), (8081, "range"), (8100, "range"),
        (7999, "any"), (8101, "any"), (0, "any"), (65535, "any"))])


@case(
    "port-ranges-side-by-side",
    "Sixteen ranges of an address, the most there may be, each ends where the next begins.",
)
def _(c):
    pools = [f"p{i:02}" for i in range(16)]
    c.configure(*named_pools(*pools), *(
        service(name, port=f"{1000 + 10 * i}-{1009 + 10 * i}", pool_name=name) for i, name in enumerate(pools)))
    asks(c, tcp4, [({"dport": 1000 + 10 * i + more}, name) for i, name in enumerate(pools) for more in (0, 5, 9)])
    asks(c, tcp4, [({"dport": 999}, None), ({"dport": 1160}, None)])


@case("port-range-of-the-other-protocol", "A UDP range hides nothing of TCP, and the other way round.")
def _(c):
    c.configure(*named_pools("tcp", "udp", "rest"), service("t", port="100-200", pool_name="tcp"),
                service("u", port="150-300", protocol="udp", pool_name="udp"),
                service("r", port="any", pool_name="rest"))
    asks(c, tcp4, [({"dport": 150}, "tcp"), ({"dport": 250}, "rest")])
    asks(c, udp4, [({"dport": 150}, "udp"), ({"dport": 250}, "udp"), ({"dport": 100}, None)])


@case(
    "prefix-service",
    "A prefix as a service's address: every address in it is balanced by its own flows, none beside.",
)
def _(c):
    c.configure(pool(count=5), service(addresses=("192.0.2.64/27", "2001:db8:1::/64")))
    flows = [c.send(tcp4(client, dst=f"192.0.2.{64 + client}")) for client in range(32)]
    stay(c, flows, [c.send(tcp4(client, dst=f"192.0.2.{64 + client}", flags="A")) for client in range(32)])
    same_client = [c.send(tcp4(1, dst=f"192.0.2.{64 + i}")) for i in range(32)]
    c.check("addresses are part of the flow", lambda names: len({names[i] for i in same_client}) > 2)
    for dst in ("192.0.2.63", "192.0.2.96", "192.0.3.64"):
        c.send(tcp4(dst=dst), NO_SERVICE)
    for dst in ("2001:db8:1::", "2001:db8:1:0:ffff:ffff:ffff:ffff", "2001:db8:1::10"):
        c.send(tcp6(dst=dst))
    for dst in ("2001:db8:1:1::", "2001:db8:0:ffff:ffff:ffff:ffff:ffff"):
        c.send(tcp6(dst=dst), NO_SERVICE)


@case(
    "prefixes-of-every-length",
    "Prefixes end anywhere, in the middle of bytes too; the widest holds half of the world.",
)
def _(c):
    lengths4 = {1: "128.0.0.0", 7: "10.0.0.0", 9: "100.128.0.0", 15: "20.2.0.0", 17: "30.1.128.0", 23: "40.1.2.0",
                31: "50.1.2.4"}
    lengths6 = ["2001:db8::/33", "fd00::/63", "fd11::/65", "fd22::/127"]
    addresses = [f"{address}/{bits}" for bits, address in lengths4.items()] + lengths6
    c.configure(pool(), service(addresses=addresses))
    inside = ("255.255.255.255", "128.0.0.0", "11.255.255.255", "100.128.0.1", "20.3.255.255", "30.1.255.255",
              "40.1.3.255", "50.1.2.5")
    outside = ("127.255.255.255", "12.0.0.0", "100.127.255.255", "20.4.0.0", "30.1.127.255", "40.1.4.0", "50.1.2.6",
               "50.1.2.3")
    for dst in inside:
        c.send(tcp4(dst=dst))
    for dst in outside:
        c.send(tcp4(dst=dst), NO_SERVICE)
    for dst in ("2001:db8:7fff::1", "fd00:0:0:1::", "fd11::7fff:ffff:ffff:ffff", "fd22::1"):
        c.send(tcp6(dst=dst))
    for dst in ("2001:db8:8000::", "fd00:0:0:2::", "fd11::8000:0:0:0", "fd22::2"):
        c.send(tcp6(dst=dst), NO_SERVICE)


@case("address-before-prefix", "An address wins over a prefix that holds it, where it has the port and protocol.")
def _(c):
    c.configure(*named_pools("prefix", "address", "udp"), service("p", ("192.0.2.0/24",), "any", pool_name="prefix"),
                service("a", (VIP4,), 80, pool_name="address"),
                service("u", (VIP4,), 81, "udp", pool_name="udp"))
    asks(c, tcp4, [({"dport": 80}, "address"), ({"dport": 81}, "prefix"), ({"dport": 443}, "prefix"),
                   ({"dst": "192.0.2.11"}, "prefix")])
    asks(c, udp4, [({"dport": 81}, "udp"), ({"dport": 80}, None), ({"dst": "192.0.2.11"}, None)])


@case(
    "longest-prefix-decides",
    "The longest prefix of any service that holds an address decides alone: a wider one is not asked again if it lacks "
    "the port or the protocol.",
)
def _(c):
    c.configure(*named_pools("wide", "middle", "narrow", "six"),
                service("w", ("192.0.2.0/24",), "any", pool_name="wide"),
                service("m", ("192.0.2.128/25",), "100-200", pool_name="middle"),
                service("n", ("192.0.2.192/26",), 53, "udp", pool_name="narrow"),
                service("s", ("2001:db8::/32", "2001:db8:0:1::/64"), 80, pool_name="six"))
    asks(c, tcp4, [({"dst": "192.0.2.1"}, "wide"), ({"dst": "192.0.2.130", "dport": 150}, "middle"),
                   ({"dst": "192.0.2.130", "dport": 80}, None), ({"dst": "192.0.2.200", "dport": 150}, None)])
    asks(c, udp4, [({"dst": "192.0.2.200"}, "narrow"), ({"dst": "192.0.2.130"}, None), ({"dst": "192.0.2.1"}, None)])
    asks(c, tcp6, [({"dst": "2001:db8:0:1::5"}, "six"), ({"dst": "2001:db8:ffff::"}, "six"),
                   ({"dst": "2001:db9::"}, None)])


@case("prefix-of-full-length", "A prefix of 32 or 128 bits is an address.")
def _(c):
    c.configure(*named_pools("one", "net"), service("a", (f"{VIP4}/32", f"{VIP6}/128"), pool_name="one"),
                service("b", ("192.0.2.0/24", "2001:db8::/64"), "any", pool_name="net"))
    asks(c, tcp4, [({}, "one"), ({"dport": 81}, "net"), ({"dst": "192.0.2.11"}, "net")])
    asks(c, tcp6, [({}, "one"), ({"dport": 81}, "net"), ({"dst": "2001:db8::11"}, "net")])


@case("exact-range-any-in-prefix", "Inside one prefix the order is the same: port, range, any.")
def _(c):
    c.configure(*named_pools("any", "range", "exact"), *(
        service(name, ("192.0.2.0/24",), port, pool_name=name)
        for name, port in (("any", "any"), ("range", "80-90"), ("exact", 85))))
    wanted = ((85, "exact"), (80, "range"), (90, "range"), (91, "any"))
    asks(c, tcp4, [({"dport": port}, name) for port, name in wanted])


@case("tcp-and-udp", "One service of both protocols: the same port, the same backends, each by its own rules.")
def _(c):
    c.configure(pool(), service(addresses=(VIP4, VIP6), port=443, protocol="tcp+udp"))
    c.event(1, "web b down")
    c.event(2, "web b up")
    tcp, udp = send_all(c, dport=443), send_all(c, udp4, dport=443)
    c.at(1)
    moved_tcp, moved_udp = send_all(c, dport=443, flags="A"), send_all(c, udp4, dport=443)
    c.at(2)
    stay(c, moved_tcp, send_all(c, dport=443, flags="A"))
    stay(c, moved_udp, send_all(c, udp4, dport=443))
    send_all(c, tcp6, dport=443)
    send_all(c, udp6, dport=443)
    c.check("b had some of both", lambda names: all("b" in [names[i] for i in part] for part in (tcp, udp)))


@case("tcp-and-udp-timeouts", "Under one name UDP has an idle timeout of its own, TCP keeps its three.")
def _(c):
    c.configure(pool(), service(port=443, protocol="tcp+udp", scheduler="round-robin", idle_timeout="20s",
                                udp_idle_timeout="5s"))
    tcp, udp = send_all(c, dport=443), send_all(c, udp4, dport=443)
    c.at(1)
    stay(c, tcp, send_all(c, dport=443, flags="A"))
    stay(c, udp, send_all(c, udp4, dport=443))
    c.at(7.5)
    again = send_all(c, udp4, dport=443)
    c.check("UDP is forgotten", lambda names: [names[i] for i in udp] != [names[i] for i in again])
    c.at(19)
    stay(c, tcp, send_all(c, dport=443, flags="A"))
    send_all(c, udp4, dport=443)


@case("tcp-and-udp-hash", "udp = hash beside TCP: its datagrams are not remembered, TCP flows are.")
def _(c):
    c.configure(pool(), service(port=443, protocol="tcp+udp", udp="hash"))
    c.event(1, "web b down")
    c.event(2, "web b up")
    tcp, udp = send_all(c, dport=443), send_all(c, udp4, dport=443)
    c.at(1)
    moved = send_all(c, dport=443, flags="A")
    send_all(c, udp4, dport=443)
    c.at(2)
    stay(c, moved, send_all(c, dport=443, flags="A"))
    stay(c, udp, send_all(c, udp4, dport=443))
    c.check("TCP moved", lambda names: [names[i] for i in tcp] != [names[i] for i in moved])
