#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Stands on a host of its own before the real servers of another, on the same ports, and hands on what both sides say.
Told by a signal it does so too late, or something else answers instead: what a server of another kind would say.

    relay.py TARGET DELAY_S PORTS     PORTS: JSON, {"tcp": {PORT: WORDS}, "udp": {PORT: WORDS}}, WORDS in hexadecimal;
                                      empty words: DNS' SERVFAIL to what was asked

SIGUSR1: late; SIGUSR2: other words; SIGHUP: as it should be."""

import asyncio
import contextlib
import json
import os
import signal
import sys


class Relay:
    def __init__(self, target, delay_s):
        self.target = target
        self.delay_s = delay_s
        self.mode = "pass"

    async def hand_on(self, reader, writer, is_answer):
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                if is_answer and self.mode == "late":
                    await asyncio.sleep(self.delay_s)
                writer.write(data)
                await writer.drain()
        writer.close()

    # Reads what it is asked, so that its own words are not lost in a reset.
    async def say(self, words, reader, writer):
        with contextlib.suppress(OSError, asyncio.TimeoutError):
            writer.write(words)
            await writer.drain()
            while await asyncio.wait_for(reader.read(65536), 0.1):
                pass
        writer.close()

    async def connected(self, port, words, reader, writer):
        if self.mode == "other":
            return await self.say(words, reader, writer)
        try:
            there_reader, there_writer = await asyncio.open_connection(self.target, port)
        except OSError:
            return writer.close()
        await asyncio.gather(
            self.hand_on(reader, there_writer, False), self.hand_on(there_reader, writer, True)
        )

    async def serve_tcp(self, port, words):
        await asyncio.start_server(lambda *streams: self.connected(port, words, *streams), "0.0.0.0", port)

    async def serve_udp(self, port, words):
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: Datagrams(self, port, words), local_addr=("0.0.0.0", port))


class Datagrams(asyncio.DatagramProtocol):
    """Of one port. Each question has a socket of its own towards the server."""

    def __init__(self, relay, port, words):
        self.relay = relay
        self.port = port
        self.words = words
        self.asking = set()

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, sender):
        if self.relay.mode == "other":
            refusal = data[:2] + bytes([data[2] | 0x80, (data[3] & 0xF0) | 2]) + data[4:]
            return self.transport.sendto(self.words or refusal, sender)
        task = asyncio.ensure_future(self.ask(data, sender))
        self.asking.add(task)
        task.add_done_callback(self.asking.discard)

    async def ask(self, data, sender):
        loop = asyncio.get_running_loop()
        answered = loop.create_future()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: Answer(answered), remote_addr=(self.relay.target, self.port)
        )
        transport.sendto(data)
        with contextlib.suppress(asyncio.TimeoutError):
            answer = await asyncio.wait_for(answered, 2)
            if self.relay.mode == "late":
                await asyncio.sleep(self.relay.delay_s)
            self.transport.sendto(answer, sender)
        transport.close()


class Answer(asyncio.DatagramProtocol):
    def __init__(self, answered):
        self.answered = answered

    def datagram_received(self, data, sender):
        if not self.answered.done():
            self.answered.set_result(data)


async def main():
    # Whatever else this machine does: only what is asked for is late.
    os.nice(-15)
    relay = Relay(sys.argv[1], float(sys.argv[2]))
    ports = json.loads(sys.argv[3])
    loop = asyncio.get_running_loop()
    for number, mode in ((signal.SIGUSR1, "late"), (signal.SIGUSR2, "other"), (signal.SIGHUP, "pass")):
        loop.add_signal_handler(number, lambda mode=mode: setattr(relay, "mode", mode))
    for port, words in ports["tcp"].items():
        await relay.serve_tcp(int(port), bytes.fromhex(words))
    for port, words in ports["udp"].items():
        await relay.serve_udp(int(port), bytes.fromhex(words))
    print("ready", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
