#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Clients of the applications: the ones that come with each server, and the protocol where none does. A client is a
connection that is asked again and again which backend is behind it.

    clients.py sessions ADDRESS COUNT         so many of each until SIGTERM; one line of JSON an answer or an end
    clients.py news ADDRESS COUNT             so many of each, one question each
    clients.py once APPLICATION ADDRESS       the same of one application, as plain text
    clients.py name-memcached BACKEND         tells the memcached of this namespace its name
"""

import concurrent.futures
import contextlib
import http.client
import itertools
import json
import logging
import signal
import socket
import subprocess
import sys
import threading
import time

pause_s = 0.4
limit_s = 4


class Broken(Exception):
    """The connection ended, or did not answer in time."""


class Program:
    """A client program that takes questions on its standard input and answers each with a line."""

    def __init__(self, command, question):
        self.question = question
        self.child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
        )

    def ask(self):
        try:
            self.child.stdin.write(self.question + "\n")
            self.child.stdin.flush()
        except OSError as error:
            raise Broken(f"{error}: {self.last_words()}") from error
        watchdog = threading.Timer(limit_s, self.child.kill)
        watchdog.start()
        line = self.child.stdout.readline().strip()
        watchdog.cancel()
        if line not in ("b1", "b2"):
            raise Broken(f"{line} {self.last_words()}")
        return line

    def last_words(self):
        self.child.kill()
        return self.child.stderr.read().strip()

    def close(self):
        self.child.kill()
        self.child.wait()


def redis(address):
    # Unlike with others, a line that is not an answer tells of the end: redis-cli connects again by itself.
    return Program(["redis-cli", "-h", address], "get backend")


def postgres(address):
    return Program(["psql", "-h", address, "-U", "postgres", "-AtqX", "-v", "ON_ERROR_STOP=1"], "show cluster_name;")


def mariadb(address):
    command = ["mariadb", "--no-defaults", "-h", address, "-u", "lab", "-NB", "--unbuffered", "--skip-reconnect"]
    return Program(command, "select @@report_host;")


class Memcached:
    def __init__(self, address):
        self.connection = socket.create_connection((address, 11211), limit_s)
        self.stream = self.connection.makefile("rwb")

    def name(self, backend):
        self.stream.write(f"set backend 0 0 {len(backend)}\r\n{backend}\r\n".encode())
        self.stream.flush()
        return self.stream.readline().strip() == b"STORED"

    def ask(self):
        self.stream.write(b"get backend\r\n")
        self.stream.flush()
        lines = [self.stream.readline().strip().decode() for _ in range(3)]
        if not lines[0].startswith("VALUE backend ") or lines[2] != "END":
            raise Broken(str(lines))
        return lines[1]

    def close(self):
        self.connection.close()


class RabbitMq:
    """A queue of its own; every message that is put there comes back."""

    def __init__(self, address):
        import pika

        logging.getLogger("pika").setLevel(logging.CRITICAL)
        parameters = pika.ConnectionParameters(
            address, heartbeat=0, connection_attempts=1, socket_timeout=limit_s, blocked_connection_timeout=limit_s
        )
        self.connection = pika.BlockingConnection(parameters)
        self.channel = self.connection.channel()
        self.queue = self.channel.queue_declare("", exclusive=True).method.queue
        self.node = self.connection._impl.server_properties["cluster_name"]
        self.number = 0

    def ask(self):
        self.number += 1
        body = str(self.number).encode()
        self.channel.basic_publish("", self.queue, body)
        for _ in range(20):
            method, _, returned = self.channel.basic_get(self.queue, auto_ack=True)
            if method is not None:
                break
            time.sleep(0.02)
        if returned != body:
            raise Broken(f"{returned} came back instead of {body}")
        node = self.node.decode() if isinstance(self.node, bytes) else self.node
        return node.partition("@")[0]

    def close(self):
        with contextlib.suppress(Exception):
            self.connection.close()


class Web:
    """One connection that is kept alive."""

    def __init__(self, address):
        self.connection = http.client.HTTPConnection(address, 80, timeout=limit_s)

    def ask(self):
        self.connection.request("GET", "/")
        answer = self.connection.getresponse()
        body = answer.read().decode().strip()
        if answer.will_close:
            raise Broken("the server closes the connection")
        return body

    def close(self):
        self.connection.close()


class Dns:
    """A flow of UDP: dig, always from the same port: the next of these, or one that the kernel chose."""

    def __init__(self, address, ports=None):
        self.address = address
        self.ports = ports
        self.port = self.next_port()

    def next_port(self):
        return unused_port() if self.ports is None else next(self.ports)

    def move_to(self, backend, tries=64):
        """Other ports until one is served by this backend: chance alone may leave a backend without a flow."""
        while self.ask() != backend:
            if tries == 0:
                raise Broken(f"no port is served by {backend}")
            self.port = self.next_port()
            tries -= 1

    def ask(self):
        command = ["dig", "-b", f"0.0.0.0#{self.port}", f"@{self.address}", "backend.lab", "TXT", "+short"]
        done = subprocess.run([*command, "+tries=1", "+time=1"], capture_output=True, text=True)
        if done.returncode != 0:
            raise Broken(done.stdout.strip())
        return done.stdout.strip().strip('"')

    def close(self):
        pass


def unused_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("", 0))
        return probe.getsockname()[1]


applications = {
    "rabbitmq": RabbitMq,
    "mariadb": mariadb,
    "postgres": postgres,
    "redis": redis,
    "memcached": Memcached,
    "dns": Dns,
    "http": Web,
}
out_lock = threading.Lock()


def say(**what):
    with out_lock:
        print(json.dumps({"at": time.monotonic(), **what}), flush=True)


def session(stopping, application, number, address):
    client = None
    try:
        if application == "dns":
            # Ports that the kernel gives to nobody else: a flow that keeps its port must not meet another there.
            client = Dns(address, itertools.count(30000 + 100 * number))
            client.move_to(f"b{1 + number % 2}")
        else:
            client = applications[application](address)
        while not stopping.is_set():
            try:
                say(application=application, session=number, backend=client.ask())
            except Exception as error:
                say(application=application, session=number, error=f"{type(error).__name__}: {error}")
                # A flow of UDP has no end: it is asked again.
                if not isinstance(client, Dns):
                    return
            stopping.wait(pause_s)
    except Exception as error:
        say(application=application, session=number, error=f"{type(error).__name__}: {error}")
    finally:
        if client is not None:
            client.close()


def sessions(address, count):
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    threads = [
        threading.Thread(target=session, args=(stopping, application, number, address))
        for number in range(count)
        for application in applications
    ]
    for thread in threads:
        thread.start()
        time.sleep(0.02)
    while not stopping.is_set():
        time.sleep(0.1)
    for thread in threads:
        thread.join()


def new_client(application, address):
    try:
        client = applications[application](address)
        say(application=application, backend=client.ask())
        client.close()
    except Exception as error:
        say(application=application, error=f"{type(error).__name__}: {error}")


def news(address, count):
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        for _ in range(count):
            for application in applications:
                pool.submit(new_client, application, address)


def main():
    verb, *words = sys.argv[1:]
    if verb == "sessions":
        sessions(words[0], int(words[1]))
    elif verb == "news":
        news(words[0], int(words[1]))
    elif verb == "name-memcached":
        print(words[0] if Memcached("127.0.0.1").name(words[0]) else "refused")
    else:
        client = applications[words[0]](words[1])
        print(client.ask())
        client.close()


if __name__ == "__main__":
    main()
