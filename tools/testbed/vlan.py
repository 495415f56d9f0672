# SPDX-License-Identifier: Apache-2.0
"""A VLAN interface for kernels that have none: a TAP whose frames leave by a device with an 802.1Q tag, and which gets
the device's frames that carry it. A program that runs in the device's namespace until it is killed. Slow, and not for
more than tests."""

import argparse
import fcntl
import os
import selectors
import socket
import struct
import subprocess
import sys

ETH_P_ALL, PACKET_OUTGOING = 3, 4
SOL_PACKET, PACKET_AUXDATA, VLAN_VALID = 263, 8, 1 << 4
TUNSETIFF, TAP_WITHOUT_INFO = 0x400454CA, 0x1002


def open_tap(name):
    tap = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH22x", name.encode(), TAP_WITHOUT_INFO))
    return tap


def received_tag(frame, ancillary):
    """The tag of a frame and the frame without it. The kernel has mostly taken it off already and says so beside."""
    if frame[12:14] == b"\x81\x00":
        return int.from_bytes(frame[14:16], "big") & 0xFFF, frame[:12] + frame[16:]
    for level, kind, data in ancillary:
        if level == SOL_PACKET and kind == PACKET_AUXDATA:
            status, _, _, _, _, tci, _ = struct.unpack_from("=IIIHHHH", data)
            if status & VLAN_VALID:
                return tci & 0xFFF, frame
    return None, frame


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", required=True)
    parser.add_argument("--vlan", type=int, required=True)
    parser.add_argument("--tap", required=True)
    options = parser.parse_args()
    tap = open_tap(options.tap)
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    wire.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    wire.bind((options.device, 0))
    mac = wire.getsockname()[4]
    subprocess.run(["ip", "link", "set", options.tap, "address", mac.hex(":"), "up"], check=True)
    tag = struct.pack(">HH", 0x8100, options.vlan)
    with selectors.DefaultSelector() as selector:
        selector.register(tap, selectors.EVENT_READ)
        selector.register(wire, selectors.EVENT_READ)
        print("tagging", flush=True)
        while True:
            for key, _ in selector.select():
                if key.fd == tap:
                    frame = os.read(tap, 65536)
                    wire.send(frame[:12] + tag + frame[12:])
                    continue
                frame, ancillary, _, sender = wire.recvmsg(65536, 256)
                if sender[2] == PACKET_OUTGOING or not (frame[0] & 1 or frame[:6] == mac):
                    continue
                vlan, frame = received_tag(frame, ancillary)
                if vlan == options.vlan:
                    os.write(tap, frame)


if __name__ == "__main__":
    sys.exit(main())
