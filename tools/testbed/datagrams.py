# SPDX-License-Identifier: Apache-2.0
"""UDP datagrams of all lengths, and servers that say what came: their name, the length and the SHA-256 of each. A
program: `serve` runs in a backend's namespace until it is killed, `ask` in the client's, and writes one JSON line a
datagram. Datagrams longer than the link are fragmented by the client's kernel. One that is not answered is sent again,
once: "tries" tells."""

import argparse
import asyncio
import hashlib
import json
import os
import socket
import sys
import time


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


class Server(asyncio.DatagramProtocol):
    def __init__(self, name):
        self.name = name

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, sender):
        self.transport.sendto(f"{self.name} {len(data)} {hashlib.sha256(data).hexdigest()}".encode(), sender)


async def serve(options):
    loop = asyncio.get_running_loop()
    for address in options.address:
        for port in options.port:
            sock = socket.socket(family_of(address), socket.SOCK_DGRAM)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            sock.bind((address, port))
            await loop.create_datagram_endpoint(lambda: Server(options.name), sock=sock)
    print("serving", flush=True)
    await asyncio.Event().wait()


def ask_once(sock, data):
    result = {"length": len(data), "server": None, "error": None, "tries": 1}
    try:
        sock.send(data)
        words = sock.recv(65536).decode().split(" ")
        result["server"] = words[0]
        if words[1:] != [str(len(data)), hashlib.sha256(data).hexdigest()]:
            result["error"] = f"{words[1]} bytes came, or others"
    except OSError as error:
        result["error"] = str(error)
    return result


def ask(options):
    with socket.socket(family_of(options.address[0]), socket.SOCK_DGRAM) as sock:
        sock.settimeout(options.timeout)
        sock.connect((options.address[0], options.port[0]))
        for length in options.length:
            data = os.urandom(length)
            began = time.monotonic()
            result = ask_once(sock, data)
            if result["error"] == "timed out":
                result = ask_once(sock, data) | {"tries": 2}
            result["seconds"] = time.monotonic() - began
            sys.stdout.write(json.dumps(result) + "\n")
            if result["error"]:
                return  # where one is lost twice, the next ones only cost time


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=("serve", "ask"))
    parser.add_argument("--name", default="")
    parser.add_argument("--address", action="append", required=True)
    parser.add_argument("--port", type=int, action="append", required=True)
    parser.add_argument("--length", type=int, action="append", help="of a datagram (may be repeated)")
    parser.add_argument("--timeout", type=float, default=2)
    options = parser.parse_args()
    if options.command == "serve":
        asyncio.run(serve(options))
    else:
        ask(options)


if __name__ == "__main__":
    main()
