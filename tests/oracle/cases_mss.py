# SPDX-License-Identifier: Apache-2.0
"""Cases about the MSS of SYNs that go into tunnels."""
from scapy.layers.inet import IP, TCP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, PadN
from scapy.packet import Raw

import case_scapy
from case_maker import VIP4, VIP6, case, link, pool, service

CLAMPS = {"mss_clamp": True}


def syn(client, mss=None, flags="S", dport=80, options=None, family=4, extensions=None):
    options = ([] if mss is None else [("MSS", mss)]) if options is None else options
    if family == 4:
        packet = IP(src=f"198.51.100.{client}", dst=VIP4)
    else:
        packet = IPv6(src=f"2001:db8:c::{client:x}", dst=VIP6)
        if extensions is not None:
            packet = packet / extensions
    return link(packet / TCP(sport=1024, dport=dport, flags=flags, seq=7, options=options))


def announced(frame, inner_at):
    tcp = TCP(frame[inner_at + (20 if frame[inner_at] >> 4 == 4 else 40) :])
    return [value for name, value in tcp.options if name == "MSS"]


@case(
    "mss-clamp",
    "A SYN announces at most what fits the tunnel: MTU less outer header, inner header and 20, in every mix; SYN with "
    "ACK too. What is smaller stays, and so does a SYN that announces nothing.",
)
def _(c):
    modes = {"ipip": (0, {}), "gre": (4, {}), "gue": (12, {})}
    parts, wanted, port = [], [], 80
    for mode, (shim, keys) in modes.items():
        for outer, header in ((4, 20), (6, 40)):
            parts += [pool(f"{mode}{outer}", 1, outer, mode, {**CLAMPS, **keys}),
                      service(f"s{port}", (VIP4, VIP6), port, pool_name=f"{mode}{outer}")]
            for inner, inner_header in ((4, 20), (6, 40)):
                limit = 1500 - header - shim - inner_header - 20
                for mss in (limit - 1, limit, limit + 1, 1460, 9000, 65535, 0, 536):
                    for flags in ("S", "SA"):
                        wanted.append((syn(1, mss, flags, port, family=inner), 14 + header + shim, min(mss, limit)))
            wanted.append((syn(2, None, "S", port), None, None))
            port += 1
    c.configure(*parts)
    numbers = [(c.send(packet), at, mss) for packet, at, mss in wanted]
    c.left("the MSS of each", lambda frames: all(
        at is None or announced(frames[number], at) == [mss] for number, at, mss in numbers))


@case("mss-clamp-odd-offset", "The option may stand at any place, odd ones too; the TCP checksum is right in all.")
def _(c):
    c.configure(pool(count=1, forward_by="ipip", keys=CLAMPS), service(addresses=(VIP4, VIP6)))
    nop, mss = ("NOP", None), ("MSS", 1460)
    orders = [[mss], [nop, mss], [nop, nop, mss], [nop] * 3 + [mss], [("Timestamp", (1, 2)), mss],
              [("SAckOK", b""), ("WScale", 7), mss], [("WScale", 7), mss, ("Timestamp", (5, 0))],
              [mss, nop, ("WScale", 14)], [nop] * 36 + [mss]]
    numbers = {4: [], 6: []}
    for client, options in enumerate(orders, 1):
        for family in (4, 6):
            numbers[family].append(c.send(syn(client, options=options, family=family)))
    extensions = IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(4))])
    c.send(syn(50, options=[nop, mss], family=6, extensions=extensions))
    c.left("all are clamped", lambda frames: all(
        announced(frames[i], 34) == [limit] for family, limit in ((4, 1440), (6, 1420)) for i in numbers[family]))


@case("mss-not-clamped", "No clamp: without the key, by l2, in packets without SYN, in fragments.")
def _(c):
    c.configure(pool("off", 1, forward_by="ipip"), pool("direct", 1, 4, "l2", CLAMPS),
                pool("on", 1, 4, "gre", CLAMPS), service("a", pool_name="off"),
                service("b", port=81, pool_name="direct"), service("c", port=82, pool_name="on"))
    numbers = [(c.send(syn(1, 9000, dport=80)), 34), (c.send(syn(2, 9000, dport=81)), 14),
               (c.send(syn(3, 9000, "A", 82)), 38), (c.send(syn(4, 9000, "FA", 82)), 38)]
    first = syn(5, 9000, dport=82)
    first[IP].flags = "MF"
    numbers.append((c.send(first), 38))
    c.left("untouched", lambda frames: all(announced(frames[number], at) == [9000] for number, at in numbers))


@case(
    "mss-clamp-malformed-options",
    "Options that lie about their length end the search and pass as they came; only an MSS of four bytes counts, and "
    "only the first.",
)
def _(c):
    c.configure(pool(count=1, forward_by="ipip", keys=CLAMPS), service())
    full, limit = b"\x02\x04\x23\x28", b"\x02\x04\x05\xa0"
    cases = [
        (b"\x00\x00\x00\x00" + full, None), (b"\x08\x00\x01\x01" + full, None), (b"\x08\x01\x01\x01" + full, None),
        (b"\x08\x09\x01\x01" + full, None), (b"\x02\x03\x23\x01" + full, 4),
        (b"\x02\x06\x23\x28\x01\x01\x01\x01" + full, 8),
        (full + full, 0), (b"\x02\x04\x00\x64" + full, None), (b"\x01\x01\x01\x02", None), (b"\x01\x01\x02\x04", None),
        (b"\x01\x01\x01\xfe", None), (b"\xfe\x02\xfd\x02" + full, 4), (b"\x01\x02\x04\x23", None),
        (b"\x01\x01\x01\x01" + full, 4),
    ]
    numbers = []
    for client, (options, at) in enumerate(cases, 1):
        words = 5 + len(options) // 4
        header = TCP(sport=1024, dport=80, flags="S", seq=7, dataofs=words) / Raw(options)
        number = c.send(link(IP(src=f"198.51.100.{client}", dst=VIP4) / header), scapy_reads_it=False)
        wanted = options if at is None else options[:at] + limit + options[at + 4 :]
        numbers.append((number, wanted))
    c.left("what the options become", lambda frames: all(frames[i][74:] == wanted for i, wanted in numbers))
    c.left("checksums are right", lambda frames: all(
        case_scapy.checksum_of(IP(frames[i][34:54]), 6, frames[i][54:]) == TCP(frames[i][54:]).chksum
        for i, _ in numbers))
