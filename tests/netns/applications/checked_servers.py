# SPDX-License-Identifier: Apache-2.0
"""What reasons_test.py asks: beside the servers of servers.py those that only checks talk to, and a relay before all of
them. `go_wrong` makes a real server answer what its check does not want, `go_right` mends it."""

import json
import pathlib
import signal
import time

import servers
from testbed import processes
from testbed.topology import LabError, run

here = pathlib.Path(__file__).resolve().parent


class Smtp(servers.Server):
    name = "smtp"
    port = 25

    def command(self):
        return ["aiosmtpd", "-n", "-c", "aiosmtpd.handlers.Sink", "-l", f"0.0.0.0:{self.port}"]


class Etcd(servers.Server):
    name = "grpc"
    port = 2379

    def command(self):
        urls = f"http://0.0.0.0:{self.port}"
        return ["etcd", "--data-dir", self.folder, "--listen-client-urls", urls, "--advertise-client-urls", urls]


class Memcached(servers.Memcached):
    """By UDP as well."""

    def command(self):
        return ["memcached", "-u", "nobody", "-l", "0.0.0.0", "-U", str(self.port), "-t", "1"]


class Redis(servers.Redis):
    def go_wrong(self):
        self.must(["redis-cli", "config", "set", "requirepass", "secret"])

    def go_right(self):
        self.must(["redis-cli", "--no-auth-warning", "-a", "secret", "config", "set", "requirepass", ""])


class Postgres(servers.Postgres):
    def let_connect(self, word):
        words = ["psql", "-h", "127.0.0.1", "-U", "postgres", "-d", "template1", "-c"]
        self.must([*words, f"alter database postgres allow_connections {word}"])

    def go_wrong(self):
        self.let_connect("false")

    def go_right(self):
        self.let_connect("true")


class MariaDb(servers.MariaDb):
    def as_root(self, statement):
        self.must(["mariadb", "--no-defaults", "-u", "root", f"--socket={self.folder}/socket", "-e", statement])

    def go_wrong(self):
        self.as_root("drop user lab@'%'")

    def go_right(self):
        self.as_root("create user lab@'%'")


class Dns(servers.Dns):
    """What it serves is told on its command line."""

    knows = True

    def command(self):
        words = super().command()
        return words if self.knows else [word.replace("=backend.lab", "=elsewhere.lab") for word in words]

    def go_wrong(self):
        self.knows = False
        self.kill()
        self.start()

    def go_right(self):
        self.knows = True
        self.kill()
        self.start()


class TlsWeb(servers.Server):
    """nginx with a certificate that is its own authority."""

    name = "tls"
    port = 443

    def prepare(self, template):
        super().prepare(template)
        self.make_certificate("right")
        self.make_certificate("other")
        self.use("right")

    def make_certificate(self, name):
        words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        words += ["-days", "30", "-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:b1.lab"]
        run([*words, "-keyout", f"{self.folder}/{name}.key", "-out", f"{self.folder}/{name}.pem"])

    def use(self, certificate):
        temporary = "".join(
            f"{what}_temp_path {self.folder}/{what}; " for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (self.folder / "nginx.conf").write_text(
            f"daemon off; user root; worker_processes 1; pid {self.folder}/nginx.pid; error_log stderr;\n"
            f"events {{ }}\nhttp {{ access_log off; {temporary}\n"
            f"server {{ listen {self.port} ssl; ssl_certificate {self.folder}/{certificate}.pem;\n"
            f"ssl_certificate_key {self.folder}/{certificate}.key; location / {{ return 200 'well'; }} }} }}\n"
        )

    def command(self):
        return ["nginx", "-p", self.folder, "-e", "stderr", "-c", self.folder / "nginx.conf"]

    def reload(self, certificate):
        self.use(certificate)
        self.must([*self.command(), "-s", "reload"])

    def go_wrong(self):
        self.reload("other")

    def go_right(self):
        self.reload("right")


class Agent(servers.Server):
    """There is none but those that people write. It says what stands in a file."""

    name = "agent"
    port = 8700
    program = """
import pathlib, socketserver, sys

class Agent(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(pathlib.Path(sys.argv[2]).read_bytes())

socketserver.TCPServer.allow_reuse_address = True
socketserver.TCPServer(("0.0.0.0", int(sys.argv[1])), Agent).serve_forever()
"""

    def prepare(self, template):
        super().prepare(template)
        self.go_right()

    def command(self):
        return ["/usr/bin/python3", "-c", self.program, str(self.port), self.folder / "says"]

    def go_wrong(self):
        (self.folder / "says").write_text("broken by half\n")

    def go_right(self):
        (self.folder / "says").write_text("up 100%\n")


def write_program(path):
    """A check of the lab's nginx, as people write them."""
    path.write_text(
        '#!/bin/sh\nexec curl -sS -f -o /dev/null "http://$GUIDEWAY_ADDRESS:$GUIDEWAY_PORT/healthz"\n',
    )
    path.chmod(0o755)


class FrontPage:
    """The lab's own nginx, whose health page may say 503."""

    def __init__(self, web):
        self.web = web
        self.file = web.folder / "nginx.conf"
        self.text = self.file.read_text()

    def use(self, text):
        self.file.write_text(text)
        words = ["nginx", "-p", self.web.folder, "-e", self.web.folder / "error.log", "-c", self.file, "-s", "reload"]
        run(["ip", "netns", "exec", self.web.namespace, *map(str, words)])

    def go_wrong(self):
        self.use(self.text.replace("access_log off; return 200", "access_log off; return 503"))

    def go_right(self):
        self.use(self.text)


class Relay:
    """Before the servers of `target`, in the namespace of another backend: relay.py."""

    delay_s = 1

    def __init__(self, folder, namespace, target, words):
        self.process = processes.Process(folder, "relay")
        command = ["/usr/bin/python3", here / "relay.py", target, str(self.delay_s), json.dumps(words)]
        self.process.start(namespace, command)
        end = time.monotonic() + 10
        while self.process.times_said("ready") == 0:
            if self.process.pid() is None or time.monotonic() > end:
                raise LabError(f"the relay is not ready: {self.process.last_words()}")
            time.sleep(0.05)

    def be_late(self):
        self.process.signal(signal.SIGUSR1)

    def say_other_words(self):
        self.process.signal(signal.SIGUSR2)

    def go_right(self):
        self.process.signal(signal.SIGHUP)


kinds = [MariaDb, Postgres, Redis, Memcached, Dns, Smtp, Etcd, servers.RabbitMq, TlsWeb, Agent]
