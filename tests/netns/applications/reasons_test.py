# SPDX-License-Identifier: Apache-2.0
"""Every checker asks its real server, which is then stopped, hung, and cut off with its whole host: each time the
backend goes down with the reason in `events`, and comes back."""

import pathlib
import shutil
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lab"))
import lab_case  # noqa: E402
import servers  # noqa: E402
from lab_case import topology  # noqa: E402

timing = 'interval = "500ms", timeout = "400ms", fall = 2, rise = 2'
limit_s = 60


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


kinds = [servers.MariaDb, servers.Postgres, servers.Redis, servers.Memcached, servers.Dns, Smtp, Etcd]
# Service: its port, its check, and what is missing when its server hangs.
checks = {
    "mysql": (3306, 'type = "mysql"', "greeting with protocol 10"),
    "postgresql": (5432, 'type = "postgresql", user = "postgres"', "answer to a startup message"),
    "redis": (6379, 'type = "redis"', "answer to PING with +PONG"),
    "memcached": (11211, 'type = "memcached"', "answer to version with VERSION"),
    "smtp": (25, 'type = "smtp"', "greeting with 220"),
    "grpc": (2379, 'type = "grpc"', "gRPC answer"),
    "http": (80, 'http = "/healthz"', "HTTP response"),
    "tcp": (80, r'type = "tcp", send = "GET / HTTP/1.0\\r\\n\\r\\n", expect = "nginx"', "answer to what was sent"),
    "dns": (53, 'type = "dns", query = "backend.lab", record = "TXT"', "answer for backend.lab TXT"),
    "dns-tcp": (53, 'type = "dns", query = "backend.lab", record = "TXT", transport = "tcp"', "answer for backend.lab"),
    "icmp": (7, 'type = "icmp"', None),
}


def configuration():
    text = ""
    for number, (name, (port, check, _)) in enumerate(checks.items(), 1):
        address = topology.service_ipv4 if name == "http" else f"192.0.2.{100 + number}"
        text += f'[[service]]\nname = "{name}"\naddress = "{address}"\nport = {port}\n'
        text += 'table_slots = 251\nflap_hold = "0s"\n'
        text += f"check = {{ {check}, {timing} }}\n"
        text += f'backends = [{{ name = "b1", address = "{topology.backend_ipv4(1)}" }}]\n'
    return text


def wait_all(ours, state, names):
    end = time.monotonic() + limit_s
    while True:
        found = {one["pool"]: one["state"] for one in ours.balancer.ask("backend", "list")["backends"]}
        late = [name for name in names if found[name] != state]
        if not late:
            return
        if time.monotonic() > end:
            raise topology.LabError(f"{late} not {state} after {limit_s} s:\n{ours.balancer.control.last_words()}")
        time.sleep(0.1)


def reasons_since(ours, last):
    """{service: why its backend went down}, of events after that number."""
    found = {}
    for event in ours.balancer.ask("events")["events"]:
        if event["id"] > last and event["kind"] == "backend" and event.get("reason") == "check failed":
            found.setdefault(event["pool"], event["text"])
    return found


def last_event(ours):
    return max(event["id"] for event in ours.balancer.ask("events")["events"])


def try_failure(case, ours, what, fail, mend, wanted):
    """`wanted`: {service: the sentences that may be its reason}"""
    last = last_event(ours)
    fail()
    wait_all(ours, "down", wanted)
    reasons = reasons_since(ours, last)
    mend()
    wait_all(ours, "up", checks)
    for name, sentences in wanted.items():
        said = reasons.get(name, "nothing")
        case.check(
            any(said.startswith(f"{name}/b1 is down: check failed ({sentence}") for sentence in sentences),
            f"{what}: {said}",
            f"wanted one of {sentences}",
        )


def main():
    programs = ["redis-server", "memcached", "mariadbd", "mariadb-install-db", "dnsmasq", "aiosmtpd", "etcd", "setpriv"]
    missing = [name for name in programs if shutil.which(name) is None]
    if missing:
        lab_case.skip(f"{', '.join(missing)} not there; tools/install_dependencies.sh installs them")
    with lab_case.prepared_lab(backends=1) as (case, ours):
        ours.up()
        started = []
        try:
            for kind in kinds:
                server = kind(ours.folder, ours.network.backend(1), "b1")
                started.append(server)
                server.prepare(ours.folder / f"template-{server.name}")
                server.start()

            def each(act):
                for process in [server.process for server in started] + [ours.webs["b1"].process]:
                    act(process)

            def start_again():
                for server in started:
                    server.start()
                ours.webs["b1"].start()

            ours.balancer.write_services(configuration())
            ours.balancer.start()
            wait_all(ours, "up", checks)
            case.check(True, f"{len(checks)} checks pass on their servers")
            ours.network.route_service(topology.balancer_ipv4, topology.balancer_ipv6)
            case.check_no_failures(ours.requests(count=50), "clients are served")
            silent = {name: [f"no {missing} "] for name, (_, _, missing) in checks.items() if missing}
            refused = {name: ["connection refused"] for name in silent} | {"dns": ["port unreachable"]}
            try_failure(case, ours, "stopped", lambda: each(lambda one: one.kill()), start_again, refused)
            stop = lambda one: one.signal(signal.SIGSTOP)  # noqa: E731
            go_on = lambda one: one.signal(signal.SIGCONT)  # noqa: E731
            silent["dns-tcp"] = ["no answer for backend.lab", "no connection"]
            silent["dns"] = ["no answer for backend.lab"]
            silent["tcp"] = ["no answer to what was sent"]
            try_failure(case, ours, "hung", lambda: each(stop), lambda: each(go_on), silent)
            gone = {name: ["no connection within 400 ms", "host unreachable"] for name in checks}
            gone["dns"] = ["no answer for backend.lab TXT within 400 ms", "host unreachable"]
            gone["icmp"] = ["no echo reply within 400 ms", "host unreachable"]
            network = ours.network
            try_failure(case, ours, "gone", lambda: network.pull_cable(1), lambda: network.plug_cable(1), gone)
        finally:
            for server in started:
                server.kill()


main()
