# SPDX-License-Identifier: Apache-2.0
"""Cases about 802.1Q tags, in and out."""
from scapy.compat import raw
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.packet import Raw

import exits
from case_clients import stay
from case_maker import BOX_MAC, CLIENT_MAC, VIP4, VIP6, case, pool, service, tagged, tcp4, tcp6, udp4

MAC = 'mac = "0a:0b:0c:0d:0e:0f"'
CLIENTS = range(1, 13)


@case("vlan-in", "A tagged packet is a packet: the same flow, the same backend as without the tag, which is taken off.")
def _(c):
    c.configure(pool("web", 3), pool("tunnel", 3, 6, "ipip"), service(addresses=(VIP4, VIP6)),
                service("b", (VIP4, VIP6), 81, pool_name="tunnel"))
    for make in (tcp4, tcp6):
        for port in (80, 81):
            plain = [c.send(make(client, dport=port)) for client in CLIENTS]
            stay(c, plain, [c.send(tagged(make(client, dport=port, flags="A"), 5)) for client in CLIENTS])
    c.left("no frame is tagged", lambda frames: all(frame[12:14] != b"\x81\x00" for frame in frames))


@case("vlan-out", "A backend on a VLAN: frames to it carry its tag, priority 0; others carry none. In every mode.")
def _(c):
    on = {"a": f"{MAC}, vlan = 5", "b": f"{MAC}, vlan = 4094"}
    c.configure(pool("web", 3, **on), pool("tunnel", 3, 4, "gue", **on), pool("rewrite", 3, 4, "l3dsr", **on),
                service(), service("b", port=81, pool_name="tunnel"),
                service("c", port=82, pool_name="rewrite", dscp=3))
    for port in (80, 81, 82):
        for client in CLIENTS:
            c.send(tcp4(client, dport=port))
    c.uses("abc")
    c.left("tags", lambda frames: {frame[12:16] for frame in frames if frame[12:14] == b"\x81\x00"} == {
        b"\x81\x00\x00\x05", b"\x81\x00\x0f\xfe"})


@case("vlan-in-and-out", "In by one VLAN, out by another: the tag changes, the packet does not.")
def _(c):
    c.configure(pool(a=f"{MAC}, vlan = 7", b=f"{MAC}, vlan = 8", c=f"{MAC}, vlan = 9"), service(addresses=(VIP4, VIP6)))
    for client in CLIENTS:
        flow = c.send(tagged(tcp4(client), 100))
        c.same(flow, c.send(tagged(tcp4(client, flags="A"), 7)))
        c.send(tagged(tcp6(client), 9))
    c.left("VLANs", lambda frames: {frame[15] for frame in frames} == {7, 8, 9})


@case("vlan-priority-kept", "Priority and drop bit of the received tag go into the new one, in a tunnel too.")
def _(c):
    on = {"a": f"{MAC}, vlan = 1000"}
    c.configure(pool("web", 1, **on), pool("tunnel", 1, 6, "ipip", **on), service(),
                service("b", port=81, pool_name="tunnel"))
    numbers = [(c.send(tagged(tcp4(prio + 1, dport=port), 3, prio, dei)), prio << 13 | dei << 12 | 1000)
               for port in (80, 81) for prio in range(8) for dei in (0, 1)]
    c.left("tags", lambda frames: all(int.from_bytes(frames[i][14:16], "big") == tag for i, tag in numbers))


@case("vlan-priority-tag", "VLAN 0 is a priority tag: it is taken off like any.")
def _(c):
    c.configure(pool(), service())
    for client in CLIENTS:
        c.same(c.send(tagged(tcp4(client), 0, 6)), c.send(tcp4(client, flags="A")))


@case(
    "vlan-qinq-to-kernel",
    "Two tags, or an 802.1ad tag, are the kernel's, unchanged; so is anything else that is tagged.",
)
def _(c):
    c.configure(pool(), service())
    link = Ether(src=CLIENT_MAC, dst=BOX_MAC)
    inner = tcp4().payload
    c.send(link / Dot1Q(vlan=5) / Dot1Q(vlan=6) / inner, exits.KERNEL_NOT_IP)
    c.send(Ether(src=CLIENT_MAC, dst=BOX_MAC, type=0x88A8) / Dot1Q(vlan=5) / inner, exits.KERNEL_NOT_IP)
    c.send(Ether(src=CLIENT_MAC, dst=BOX_MAC, type=0x88A8) / Dot1Q(vlan=5) / Dot1Q(vlan=6) / inner, exits.KERNEL_NOT_IP)
    c.send(link / Dot1Q(vlan=5, type=0x88A8) / Dot1Q(vlan=6) / inner, exits.KERNEL_NOT_IP)
    c.send(link / Dot1Q(vlan=5) / ARP(psrc="198.51.100.1", pdst=VIP4), exits.KERNEL_NOT_IP)
    c.send(link / Dot1Q(vlan=5, type=0x88CC) / Raw(bytes(46)), exits.KERNEL_NOT_IP)
    c.send(tagged(tcp4(dst="192.0.2.99"), 5), exits.KERNEL_NO_SERVICE)
    c.send(tagged(udp4(), 5), exits.KERNEL_NO_SERVICE)


@case("vlan-truncated", "A tagged frame needs 18 bytes, and behind them the whole IP packet.")
def _(c):
    c.configure(pool(), service(), service("six", (VIP6,)))
    four, six = raw(tagged(tcp4(payload=b"0123456789"), 5)), raw(tagged(tcp6(payload=b"0123456789"), 5))
    for length in (14, 15, 17, 18, 19, 37, 38, 57, len(four) - 1):
        c.send(four[:length], exits.DROP_FRAME_TRUNCATED)
    for length in (18, 57, 58, len(six) - 1):
        c.send(six[:length], exits.DROP_FRAME_TRUNCATED)
    # Without its tag this would be one byte too short for ARP of the kernel; with it, EtherType is what counts.
    c.send(four[:16] + b"\x08\x06", exits.KERNEL_NOT_IP)
    c.send(four)
    c.send(six)


@case("vlan-mtu", "The tag is not part of the IP packet: 1500 bytes fit with it, in and out.")
def _(c):
    c.configure(pool("web", 1, a=f"{MAC}, vlan = 7"), service())
    c.send(tagged(tcp4(payload=bytes(1460)), 9))
    c.send(tcp4(payload=bytes(1460)))
    c.send(tagged(tcp4(payload=bytes(1461)), 9), exits.DROP_TOO_BIG)


@case("vlan-padding", "Padding of tagged frames: kept by l2, stripped by tunnels, as without a tag.")
def _(c):
    c.configure(pool("web", 1, a=f"{MAC}, vlan = 7"), pool("tunnel", 1, 4, "gre", a=f"{MAC}, vlan = 7"), service(),
                service("b", port=81, pool_name="tunnel"))
    for port in (80, 81):
        c.send(raw(tagged(tcp4(dport=port), 9)) + b"padding")
        c.send(raw(tcp4(dport=port)) + b"padding")
