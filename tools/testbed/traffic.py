# SPDX-License-Identifier: Apache-2.0
"""HTTP requests, each on a connection and from a source port of its own, so that a run can be repeated flow by flow.
A program: it runs in the client's namespace and writes one JSON line a request when that has ended. SIGTERM or SIGINT:
no new requests, those under way are finished."""

import argparse
import asyncio
import json
import signal
import socket
import sys
import time


async def request(address, source_port, path, timeout_s):
    """One request; what came of it. `body` is the first line of the answer."""
    loop = asyncio.get_running_loop()
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    result = {"port": source_port, "at": time.monotonic(), "body": None, "bytes": 0, "error": None}

    async def talk(sock):
        await loop.sock_connect(sock, (address, 80))
        result["connected"] = time.monotonic()
        await loop.sock_sendall(sock, f"GET {path} HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n".encode())
        head = b""
        while b"\r\n\r\n" not in head:
            chunk = await loop.sock_recv(sock, 65536)
            if not chunk:
                raise ConnectionError("closed before the answer")
            head += chunk
        head, _, body = head.partition(b"\r\n\r\n")
        fields = dict(line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:])
        status = head.split(b" ", 2)[1]
        if status != b"200":
            raise ConnectionError(f"status {status.decode()}")
        length = int(fields[b"content-length"])
        result["bytes"] = len(body)
        first = body
        while result["bytes"] < length:
            chunk = await loop.sock_recv(sock, 65536)
            if not chunk:
                raise ConnectionError(f"closed after {result['bytes']} of {length} bytes")
            result["bytes"] += len(chunk)
            first = first or chunk
        # The server closes first, so that the port is free again here.
        await loop.sock_recv(sock, 1)
        result["body"] = first.partition(b"\n")[0].decode()

    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("", source_port))
            await asyncio.wait_for(talk(sock), timeout_s)
        except asyncio.TimeoutError:
            result["error"] = f"timeout after {timeout_s} s"
        except OSError as error:
            result["error"] = str(error)
    result["seconds"] = time.monotonic() - result["at"]
    return result


async def run(options):
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    slots = asyncio.Semaphore(options.concurrency)
    under_way = set()
    last_of_port = {}

    async def one(port, before):
        try:
            # One request at a time has the port, however late the one before is.
            if before is not None:
                await asyncio.wait([before])
            result = await request(options.address, port, options.path, options.timeout)
            sys.stdout.write(json.dumps(result) + "\n")
            sys.stdout.flush()
        finally:
            slots.release()

    began = time.monotonic()
    for number in range(options.count):
        if options.rate:
            delay = began + number / options.rate - time.monotonic()
            if delay > 0:
                try:
                    await asyncio.wait_for(stopping.wait(), delay)
                except asyncio.TimeoutError:
                    pass
        await slots.acquire()
        if stopping.is_set():
            break
        port = options.first_port + number % options.ports
        task = last_of_port[port] = asyncio.create_task(one(port, last_of_port.get(port)))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    if under_way:
        await asyncio.wait(under_way)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", required=True)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--first-port", type=int, default=20000)
    parser.add_argument("--ports", type=int, default=10000, help="source ports in turn, from the first one")
    parser.add_argument("--rate", type=float, default=0, help="requests a second; 0: as fast as answers come")
    parser.add_argument("--concurrency", type=int, default=16)
    parser.add_argument("--path", default="/")
    parser.add_argument("--timeout", type=float, default=5)
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
