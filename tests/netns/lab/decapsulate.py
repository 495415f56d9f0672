# SPDX-License-Identifier: Apache-2.0
"""A backend's end of an IP-in-IP tunnel without a tunnel device: takes outer packets (protocols 4 and 41, IPv4 and
IPv6) from raw sockets and hands the inner ones to the kernel through a TUN interface. Prints "ready" when it is."""

import fcntl
import selectors
import socket
import struct
import subprocess

IFF_TUN_NO_INFORMATION = 0x1001
TUNSETIFF = 0x400454CA


def open_tun(name):
    tun = open("/dev/net/tun", "r+b", buffering=0)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN_NO_INFORMATION))
    subprocess.run(["sysctl", "-qw", f"net.ipv4.conf.{name}.rp_filter=0"], check=True)
    subprocess.run(["ip", "link", "set", name, "up"], check=True)
    return tun


def main():
    tun = open_tun("decap0")
    selector = selectors.DefaultSelector()
    for family in (socket.AF_INET, socket.AF_INET6):
        for protocol in (4, 41):
            raw = socket.socket(family, socket.SOCK_RAW, protocol)
            raw.setblocking(False)
            selector.register(raw, selectors.EVENT_READ, family)
    print("ready", flush=True)
    while True:
        for key, _ in selector.select():
            packet = key.fileobj.recv(65536)
            # A raw IPv4 socket gives the outer header too, an IPv6 one does not.
            inner = packet[(packet[0] & 15) * 4 :] if key.data == socket.AF_INET else packet
            if inner and inner[0] >> 4 in (4, 6):
                tun.write(inner)


if __name__ == "__main__":
    main()
