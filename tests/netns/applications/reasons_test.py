# SPDX-License-Identifier: Apache-2.0
"""Every checker asks its real server, which is stopped, hung, made to answer what is not wanted, and cut off with its
whole host; and the same server through a relay on another host, which is late, and says other words. Each time the
backend goes down with the reason in `events`, and comes back."""

import dataclasses
import pathlib
import shutil
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lab"))
import lab_case  # noqa: E402
import checked_servers  # noqa: E402
from lab_case import topology  # noqa: E402

timing = 'interval = "500ms", timeout = "400ms", fall = 3, rise = 2'
limit_s = 60
folder = "FOLDER"  # stands for the lab's folder

greeting = b"220 ready\r\n"


@dataclasses.dataclass
class Check:
    port: int
    text: str
    missing: str  # when its server hangs or is late; empty: it has no server
    other: str  # to other words
    words: bytes = greeting  # these
    wrong: str = ""  # when the real server answers what is not wanted; empty: it never does
    over: str = "tcp"


checks = {
    "mysql": Check(
        3306,
        'type = "mysql", user = "lab"',
        "greeting with protocol 10",
        'greeted with "220 ready", wanted protocol 10',
        wrong="MySQL says error 1045: \"Access denied for user 'lab'@'10.0.0.1' (using password: NO)\"",
    ),
    "postgresql": Check(
        5432,
        'type = "postgresql", user = "postgres"',
        "answer to a startup message",
        'answered a startup message with "220 ready"',
        wrong='PostgreSQL says FATAL 55000: "database "postgres" is not currently accepting connections"',
    ),
    "redis": Check(
        6379,
        'type = "redis"',
        "answer to PING with +PONG",
        'answered PING with "220 ready", wanted +PONG',
        wrong='answered PING with "-NOAUTH Authentication required.", wanted +PONG',
    ),
    "memcached": Check(
        11211,
        'type = "memcached"',
        "answer to version with VERSION",
        'answered version with "220 ready", wanted VERSION',
    ),
    "udp": Check(
        11211,
        r'type = "udp", send = "\\x00\\x07\\x00\\x00\\x00\\x01\\x00\\x00version\\r\\n", expect = "VERSION 1"',
        'answer with "VERSION 1"',
        'no answer with "VERSION 1" (but "220 ready") within 400 ms',
        over="udp",
    ),
    "smtp": Check(
        25, 'type = "smtp"', "greeting with 220", 'greeted with "554 no service", wanted 220', b"554 no service\r\n"
    ),
    "grpc": Check(
        2379,
        'type = "grpc"',
        "gRPC answer",
        'what answers is not HTTP/2: "HTTP/1.1 400 No"',
        b"HTTP/1.1 400 No\r\n\r\n",
    ),
    "amqp": Check(
        5672,
        'type = "amqp"',
        "answer to the AMQP header with Connection.Start",
        'answered the AMQP header with "AMQP....", wanted Connection.Start',
        b"AMQP\0\1\0\0",  # as whoever speaks another version says it
    ),
    "http": Check(
        80,
        'http = "/healthz"',
        "HTTP response",
        'not a well-formed HTTP response (bad version): "220 ready"',
        wrong="HTTP status 503, wanted 200 to 399",
    ),
    "https": Check(
        443,
        f'https = "/", verify = true, ca_file = "{folder}/tls-b1/right.pem", server_name = "b1.lab"',
        "TLS handshake",
        "TLS handshake failed: wrong version number",
        wrong="TLS handshake failed: self-signed certificate",
    ),
    "tls": Check(443, 'type = "tls"', "TLS handshake", "TLS handshake failed: wrong version number"),
    "tcp": Check(
        80,
        r'type = "tcp", send = "GET / HTTP/1.0\\r\\n\\r\\n", expect = "nginx"',
        'answer to what was sent with "nginx"',
        'answered what was sent with "220 ready" and closed, wanted "nginx"',
    ),
    "dns": Check(
        53,
        'type = "dns", query = "backend.lab", record = "TXT"',
        "answer for backend.lab TXT",
        "SERVFAIL for backend.lab TXT",
        b"",
        wrong="REFUSED for backend.lab TXT",
        over="udp",
    ),
    "dns-tcp": Check(
        53,
        'type = "dns", query = "backend.lab", record = "TXT", transport = "tcp"',
        "answer for backend.lab TXT",
        "what came is no answer for backend.lab TXT",
        b"\0\5hello",
        wrong="REFUSED for backend.lab TXT",
    ),
    "program": Check(
        80,
        f'type = "program", program = "{folder}/check-web"',
        f"end of {folder}/check-web",
        "curl: (1) ",
        wrong="curl: (22) The requested URL returned error: 503, exit code 22",
    ),
    "agent": Check(
        8700,
        'type = "agent"',
        "line from the agent",
        'the agent said "220", which is none of its words',
        wrong='the agent said "broken", which is none of its words',
    ),
    "icmp": Check(7, 'type = "icmp"', "", ""),
}


def configuration(ours):
    text = ""
    for number, (name, check) in enumerate(checks.items(), 1):
        address = topology.service_ipv4 if name == "http" else f"192.0.2.{100 + number}"
        text += f'[[service]]\nname = "{name}"\naddress = "{address}"\nport = {check.port}\n'
        text += 'table_slots = 251\nflap_hold = "0s"\n'
        text += f"check = {{ {check.text}, {timing} }}\nbackends = ["
        text += ", ".join(f'{{ name = "b{i}", address = "{topology.backend_ipv4(i)}" }}' for i in (1, 2)) + "]\n"
    return text.replace(folder, str(ours.folder))


def relayed_words():
    words = {"tcp": {}, "udp": {}}
    for check in checks.values():
        if check.missing:
            words[check.over].setdefault(check.port, check.words.hex())
    return words


def wait_all(ours, state, names):
    """`names`: "pool/backend"."""
    end = time.monotonic() + limit_s
    while True:
        listed = ours.balancer.ask("backend", "list")["backends"]
        found = {f"{one['pool']}/{one['name']}": (one["state"], one["check"]["detail"]) for one in listed}
        late = {name: found[name] for name in names if found[name][0] != state}
        if not late:
            return
        if time.monotonic() > end:
            raise topology.LabError(f"{late} not {state} after {limit_s} s:\n{ours.balancer.control.last_words()}")
        time.sleep(0.1)


def all_backends():
    return [f"{name}/b{i}" for name in checks for i in (1, 2)]


def reasons_since(ours, last):
    """{"pool/backend": why it went down}, of events after that number."""
    found = {}
    for event in ours.balancer.ask("events")["events"]:
        if event["id"] > last and event["kind"] == "backend" and event.get("reason") == "check failed":
            found.setdefault(f"{event['pool']}/{event['backend']}", event["text"])
    return found


def last_event(ours):
    return max(event["id"] for event in ours.balancer.ask("events")["events"])


def try_failure(case, ours, what, backend, fail, mend, wanted):
    """`wanted`: {service: the sentences that may be its reason}"""
    last = last_event(ours)
    began = time.monotonic()
    fail()
    wait_all(ours, "down", [f"{name}/{backend}" for name in wanted])
    reasons = reasons_since(ours, last)
    mend()
    wait_all(ours, "up", all_backends())
    for name, sentences in wanted.items():
        said = reasons.get(f"{name}/{backend}", "nothing")
        case.check(
            any(
                said.startswith(f"{name}/{backend} is down: check failed ({sentence}".replace(folder, str(ours.folder)))
                for sentence in sentences
            ),
            f"{what}: {said}",
            f"wanted one of {sentences}",
        )
    case.note(f"{what}: {time.monotonic() - began:.1f} s")


def try_real_servers(case, ours, started, front_page):
    processes = [server.process for server in started] + [ours.webs["b1"].process]

    def each(act):
        for process in processes:
            act(process)

    def start_again():
        for server in started:
            server.start()
        ours.webs["b1"].start()

    asking = {name: check for name, check in checks.items() if check.missing}
    refused = {name: ["connection refused"] for name in asking}
    refused |= {"dns": ["port unreachable"], "udp": ["port unreachable"], "program": ["curl: (7) "]}
    try_failure(case, ours, "stopped", "b1", lambda: each(lambda one: one.kill()), start_again, refused)

    silent = {name: [f"no {check.missing} within 400 ms"] for name, check in asking.items()}
    # As many as wait to be accepted are connected all the same, and dnsmasq lets few wait.
    hung = silent | {"dns-tcp": [*silent["dns-tcp"], "no connection within 400 ms"]}
    stop = lambda one: one.signal(signal.SIGSTOP)  # noqa: E731
    go_on = lambda one: one.signal(signal.SIGCONT)  # noqa: E731
    try_failure(case, ours, "hung", "b1", lambda: each(stop), lambda: each(go_on), hung)

    fickle = [server for server in [*started, front_page] if hasattr(server, "go_wrong")]
    wrong = {name: [check.wrong] for name, check in checks.items() if check.wrong}
    go_wrong = lambda: [server.go_wrong() for server in fickle]  # noqa: E731
    go_right = lambda: [server.go_right() for server in fickle]  # noqa: E731
    try_failure(case, ours, "wrong answer", "b1", go_wrong, go_right, wrong)

    gone = {name: ["no connection within 400 ms", "host unreachable"] for name in checks}
    gone |= {name: [*silent[name], "host unreachable"] for name in ("dns", "udp")}
    gone |= {"program": [*silent["program"], "curl: (7) "], "icmp": ["no echo reply within 400 ms", "host unreachable"]}
    network = ours.network
    try_failure(case, ours, "gone", "b1", lambda: network.pull_cable(1), lambda: network.plug_cable(1), gone)


def try_relay(case, ours, relay):
    late = {name: [f"no {check.missing} within 400 ms"] for name, check in checks.items() if check.missing}
    try_failure(case, ours, "slow answer", "b2", relay.be_late, relay.go_right, late)
    other = {name: [check.other] for name, check in checks.items() if check.missing}
    try_failure(case, ours, "another server", "b2", relay.say_other_words, relay.go_right, other)


def main():
    programs = ["redis-server", "memcached", "mariadbd", "mariadb-install-db", "dnsmasq", "aiosmtpd", "etcd", "setpriv"]
    programs += ["rabbitmq-server", "epmd", "openssl", "curl"]
    missing = [name for name in programs if shutil.which(name) is None]
    if missing:
        lab_case.skip(f"{', '.join(missing)} not there; tools/install_dependencies.sh installs them")
    with lab_case.prepared_lab(backends=2) as (case, ours):
        ours.up()
        ours.webs["b2"].kill()
        checked_servers.write_program(ours.folder / "check-web")
        started = []
        relay = None
        try:
            for kind in checked_servers.kinds:
                server = kind(ours.folder, ours.network.backend(1), "b1")
                started.append(server)
                server.prepare(ours.folder / f"template-{server.name}")
                server.start()
            relay = checked_servers.Relay(
                ours.folder, ours.network.backend(2), topology.backend_ipv4(1), relayed_words()
            )
            began = time.monotonic()
            ours.balancer.write_services(configuration(ours))
            ours.balancer.start()
            wait_all(ours, "up", all_backends())
            case.check(True, f"{len(checks)} checks pass on their servers, and through the relay")
            case.note(f"up after {time.monotonic() - began:.1f} s")
            ours.network.route_service(topology.balancer_ipv4, topology.balancer_ipv6)
            case.check_no_failures(ours.requests(count=50), "clients are served")
            try_real_servers(case, ours, started, checked_servers.FrontPage(ours.webs["b1"]))
            try_relay(case, ours, relay)
        finally:
            for server in started:
                server.kill()
                if hasattr(server, "stop_mapper"):
                    server.stop_mapper()
            if relay is not None:
                relay.process.kill()


main()
