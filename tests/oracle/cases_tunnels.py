# SPDX-License-Identifier: Apache-2.0
"""Cases about GUE and GRE, and about what all tunnels share: outer sources, entropy, what is copied outward."""
from scapy.compat import raw
from scapy.layers.inet import IP, IPOption_Router_Alert, UDP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, PadN

import exits
from case_clients import send_all
from case_maker import VIP4, VIP6, case, pool, service, tcp4, tcp6, udp4, udp6

MODES = {
    "gue": ("gue", {}, "a UDP header with a source port from the flow's hash and a GUE header of four bytes"),
    "gue-direct": ("gue", {"gue_variant": 1, "gue_port": 6081}, "a UDP header alone (GUE variant 1)"),
    "gre": ("gre", {}, "a GRE header of four bytes"),
    "gre-key": ("gre", {"gre_key": 0xC0FFEE01}, "a GRE header with a key"),
}


def every_shape(c, inner):
    """Flows with and without payload, options inside, padding behind."""
    make, udp, vip = (tcp4, udp4, VIP4) if inner == 4 else (tcp6, udp6, VIP6)
    extras = {"options": [IPOption_Router_Alert()]} if inner == 4 else {
        "extensions": IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(4))])}
    for client in range(1, 9):
        first = c.send(make(client, dst=vip))
        c.same(first, c.send(make(client, flags="PA", payload=b"odd number of bytes", **extras)))
        c.send(udp(client, port=client))
    c.send(raw(make(9)) + b"padding")
    c.send(raw(udp(9, payload=b"?")) + bytes(17))
    c.check("more than one backend is used", lambda names: len(set(names)) > 1)


def tunnel_case(name, inner, outer):
    mode, keys, what = MODES[name]

    @case(f"{name}-ipv{inner}-in-ipv{outer}",
          f"IPv{inner} packets go out behind IPv{outer} and {what}, unchanged, options and extension headers included; "
          "padding stays behind.")
    def _(c):
        vip = VIP4 if inner == 4 else VIP6
        c.configure(pool(family=outer, forward_by=mode, keys=keys), service(addresses=(vip,)),
                    service("dns", (vip,), 53, "udp"))
        every_shape(c, inner)


for mode_name in MODES:
    for inner_family in (4, 6):
        for outer_family in (4, 6):
            tunnel_case(mode_name, inner_family, outer_family)


@case(
    "gue-source-port-from-hash",
    "All packets of a flow have one outer source port of 49152 or above, different flows have many: so a backend's "
    "NIC spreads them.",
)
def _(c):
    c.configure(pool(count=1, forward_by="gue"), service(addresses=(VIP4, VIP6)))
    rounds = [send_all(c, flags=flags) for flags in ("S", "A", "PA")]
    rounds6 = [send_all(c, tcp6, flags=flags) for flags in ("S", "A")]
    port = lambda frame: UDP(frame[34:42]).sport

    def judge(frames):
        ports = [[port(frames[i]) for i in numbers] for numbers in rounds]
        six = [[port(frames[i]) for i in numbers] for numbers in rounds6]
        return ports[0] == ports[1] == ports[2] and six[0] == six[1] and min(ports[0] + six[0]) >= 49152 \
            and len(set(ports[0] + six[0])) > 50

    c.left("a port a flow, spread", judge)


@case("gue-port-configured", "The outer destination port is the pool's, 6080 where it says none; variants may differ.")
def _(c):
    c.configure(pool("web", 2, forward_by="gue"), pool("other", 2, 6, "gue", {"gue_port": 5555}),
                pool("direct", 2, 4, "gue", {"gue_port": 65535, "gue_variant": 1}), service(),
                service("b", port=81, pool_name="other"), service("c", port=82, pool_name="direct"))
    numbers = {dport: c.send(tcp4(dport=dport)) for dport in (80, 81, 82)}
    c.left("ports", lambda frames: [UDP(frames[numbers[80]][34:]).dport, UDP(frames[numbers[81]][54:]).dport,
                                    UDP(frames[numbers[82]][34:]).dport] == [6080, 5555, 65535])


@case(
    "gre-keys",
    "Keys 0 and 4294967295 are keys: the flag is set, and four bytes follow; without a key there are none.",
)
def _(c):
    c.configure(pool("none", 1, forward_by="gre"), pool("zero", 1, 4, "gre", {"gre_key": 0}),
                pool("most", 1, 6, "gre", {"gre_key": 4294967295}), service("a", pool_name="none"),
                service("b", port=81, pool_name="zero"), service("c", port=82, pool_name="most"))
    numbers = [c.send(tcp4(dport=dport)) for dport in (80, 81, 82)]
    c.left("the bytes of the header", lambda frames: [
        frames[numbers[0]][34:38], frames[numbers[1]][34:42], frames[numbers[2]][54:62]] == [
        bytes.fromhex("00000800"), bytes.fromhex("2000080000000000"), bytes.fromhex("20000800ffffffff")])


@case(
    "dscp-and-ecn-copied-gre-gue",
    "DSCP and ECN stand in the outer header of GRE and GUE too, in every mix of families.",
)
def _(c):
    c.configure(pool("gre4", 1, 4, "gre"), pool("gre6", 1, 6, "gre"), pool("gue4", 1, 4, "gue"),
                pool("gue6", 1, 6, "gue"),
                *(service(name, (VIP4, VIP6), 80 + i, pool_name=name)
                  for i, name in enumerate(("gre4", "gre6", "gue4", "gue6"))))
    for value in (1, 2, 3, 0xB8, 0xFF):
        for port in range(80, 84):
            c.send(tcp4(dport=port, tos=value))
            c.send(tcp6(dport=port, tc=value))


@case(
    "tunnel-mtu",
    "What fits: 1500 less the outer header, GRE's 4 or 8 bytes, GUE's 12 or 8; a byte more does not.",
)
def _(c):
    shims = {"gre": 4, "gre-key": 8, "gue": 12, "gue-direct": 8}
    parts, sends, port = [], [], 80
    for name, shim in shims.items():
        mode, keys, _ = MODES[name]
        for family, header in ((4, 20), (6, 40)):
            parts += [pool(f"{name}{family}", 1, family, mode, keys),
                      service(f"s{port}", (VIP4, VIP6), port, pool_name=f"{name}{family}")]
            sends.append((port, 1500 - header - shim))
            port += 1
    c.configure(*parts)
    for port, room in sends:
        c.send(tcp4(dport=port, payload=bytes(room - 40)))
        c.send(tcp4(dport=port, payload=bytes(room - 39)), exits.DROP_TOO_BIG)
        c.send(tcp6(dport=port, payload=bytes(room - 60)))
        c.send(tcp6(dport=port, payload=bytes(room - 59)), exits.ANSWERED_TOO_BIG)


def source_case(name, why, sources, spread):
    @case(name, why)
    def _(c):
        c.configure(f'tunnel_source = ["{sources[0]}", "{sources[1]}"]\n\n', pool("four", 2, 4, "ipip"),
                    pool("six", 2, 6, "gre"), service("one", (VIP4, VIP6), pool_name="four"),
                    service("two", (VIP4, VIP6), 81, pool_name="six"))
        four = send_all(c) + send_all(c, tcp6)
        six = send_all(c, dport=81) + send_all(c, tcp6, dport=81)
        again = send_all(c, flags="A")

        def judge(frames):
            sources4 = [IP(frames[i][14:34]).src for i in four]
            sources6 = [IPv6(frames[i][14:54]).src for i in six]
            same = [IP(frames[i][14:34]).src for i in again] == sources4[: len(again)]
            return same and spread(set(sources4), set(sources6))

        c.left("outer sources", judge)


source_case("outer-source-prefix", "Behind a prefix the outer source's bits are the flow's hash: a flow keeps its "
            "source, and flows have many, so that backends which hash addresses alone spread them.",
            ("10.99.0.0/16", "2001:db8:99::/64"), lambda four, six: len(four) > 50 and len(six) > 50
            and all(a.startswith("10.99.") for a in four) and all(a.startswith("2001:db8:99:") for a in six))
source_case("outer-source-prefix-narrow", "Of a prefix with two bits left four sources are used; one of full length is "
            "an address.", ("10.99.0.4/30", "2001:db8:99::7/128"),
            lambda four, six: four == {f"10.99.0.{i}" for i in range(4, 8)} and six == {"2001:db8:99::7"})
source_case("outer-source-prefix-odd", "Prefixes need not end at a byte.", ("10.64.0.0/11", "2001:db8:99:8::/70"),
            lambda four, six: all(64 <= int(a.split(".")[1]) < 96 for a in four) and len(four) > 50 and len(six) > 50)
