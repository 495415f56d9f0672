# SPDX-License-Identifier: Apache-2.0
"""Redis, memcached, PostgreSQL, MariaDB, RabbitMQ, nginx and a DNS server behind one service address, used by their own
clients while a backend drains, fails and returns. Only what was on the failed one breaks; a drain breaks nothing."""

import collections
import contextlib
import importlib.util
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lab"))
import lab_case  # noqa: E402
import load  # noqa: E402
import servers  # noqa: E402
from lab_case import topology  # noqa: E402

here = pathlib.Path(__file__).resolve().parent
address = topology.service_ipv4
applications = ["rabbitmq", "mariadb", "postgres", "redis", "memcached", "dns", "http"]
ports = {kind.name: kind.port for kind in servers.kinds} | {"http": 80}
sessions_each = 6
news_each = 8
answer_limit_s = 15


# Of the others a connection is enough.
tcp = '"tcp"'
timing = 'interval = "500ms", timeout = "500ms", fall = 2, rise = 2'
questions = {"redis": '"redis"', "memcached": '"memcached"', "http": '"http", path = "/healthz"'}


def configuration():
    text = ""
    for name, port in ports.items():
        text += f'[[service]]\nname = "{name}"\naddress = "{address}"\nport = {port}\nclosing_timeout = "1s"\n'
        text += f'protocol = "{"tcp+udp" if name == "dns" else "tcp"}"\n'
        text += f"check = {{ type = {questions.get(name, tcp)}, {timing} }}\nbackends = [\n"
        for index in (1, 2):
            text += f'  {{ name = "b{index}", address = "{topology.backend_ipv4(index)}" }},\n'
        text += "]\n"
    return text


class Sessions:
    """clients.py in the client's namespace, and what it has said so far."""

    def __init__(self, ours):
        self.path = ours.folder / "sessions.log"
        with self.path.open("w") as log:
            command = [sys.executable, here / "clients.py", "sessions", address, str(sessions_each)]
            self.process = subprocess.Popen(
                ["ip", "netns", "exec", ours.network.client, *map(str, command)], stdout=log, stderr=subprocess.STDOUT
            )

    def said(self):
        """{(application, session): [line]}"""
        found = collections.defaultdict(list)
        for line in self.path.read_text().splitlines(keepends=True):
            if line.startswith("{") and line.endswith("\n"):
                entry = json.loads(line)
                found[entry["application"], entry["session"]].append(entry)
        return found

    def first_backends(self):
        return {key: lines[0]["backend"] for key, lines in self.said().items() if "backend" in lines[0]}

    def summary(self):
        """How many connections of each application began, and what the others said first."""
        began = collections.Counter()
        wrong = {}
        for (application, _), lines in self.said().items():
            began[application] += "backend" in lines[0]
            if "error" in lines[0]:
                wrong[application] = lines[0]["error"]
        strange = [line for line in self.path.read_text().splitlines() if not line.startswith("{")]
        return f"began: {dict(began)}, wrong: {wrong}, said: {strange[-5:]}"

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait()


def new_clients(ours, count=news_each):
    """{application: counter of backends and of what went wrong}"""
    command = ["ip", "netns", "exec", ours.network.client, sys.executable, here / "clients.py", "news", address, count]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True)
    found = {application: collections.Counter() for application in applications}
    for line in done.stdout.splitlines():
        entry = json.loads(line)
        found[entry["application"]][entry.get("backend") or entry["error"]] += 1
    if any(sum(seen.values()) != count for seen in found.values()):
        raise topology.LabError(f"not every new client told how it went: {found}, {done.stderr[-500:]}")
    return found


def wait_until(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise topology.LabError(f"{what() if callable(what) else what}, after {seconds} s")
        time.sleep(0.2)


def check_unbroken(case, sessions, keys, sentence):
    """Every one of these goes on answering, and has always answered from its own backend, without a mistake."""
    now = time.monotonic()
    with contextlib.suppress(topology.LabError):
        wait_until(lambda: all(lines[-1]["at"] > now + 1 for lines in pick(sessions, keys)), answer_limit_s, "silence")
    bad = []
    for lines in pick(sessions, keys):
        wrong = [line for line in lines if line.get("backend") != lines[0].get("backend")]
        if wrong or lines[-1]["at"] < now:
            bad.append((wrong[:2], lines[-1]))
    case.check(keys and not bad, f"{sentence}: {len(keys) - len(bad)} of {len(keys)} connections go on", bad[:5])


def pick(sessions, keys):
    said = sessions.said()
    return [said[key] for key in keys]


def check_new(case, ours, wanted, sentence, count=news_each):
    found = new_clients(ours, count)
    bad = {name: dict(seen) for name, seen in found.items() if not seen.keys() <= set(wanted)}
    case.check(not bad, f"{sentence}: {count * len(found)} new clients are served by {' and '.join(wanted)}", bad)
    return found


def ipvsadm(ours, *words, text=None):
    command = ["ip", "netns", "exec", ours.network.balancer, lab_case.balancer.program("guideway"), "--api"]
    done = subprocess.run(
        [*map(str, command), ours.balancer.api, "ipvsadm", *words], input=text, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise topology.LabError(f"ipvsadm {' '.join(words)}: {done.stderr}")
    return done.stdout


def drain_and_return(case, ours, sessions):
    """With the operator's commands in ipvsadm's words; DNS, which is TCP and UDP under one name, in Guideway's."""
    first = sessions.first_backends()
    running = load.Load(ours.network.client, address)
    time.sleep(1)
    lines = [f"-e -t {address}:{port} -r {topology.backend_ipv4(1)}" for name, port in ports.items() if name != "dns"]
    ipvsadm(ours, "-R", text="".join(f"{line} -w 0\n" for line in lines))
    ours.balancer.call("backend", "drain", "dns/b1")
    check_new(case, ours, ["b2"], "b1 drains")
    check_unbroken(case, sessions, list(first), "b1 drains")
    ipvsadm(ours, "-R", text="".join(f"{line} -w 1\n" for line in lines))
    ours.balancer.call("backend", "enable", "dns/b1")
    for name, problem in running.problems().items():
        case.check(not problem, f"b1 drains under load: {name} sees no failure", problem)
    check_new(case, ours, ["b1", "b2"], "b1 is back")
    check_unbroken(case, sessions, list(first), "b1 is back")


def edit(case, ours, sessions):
    """Services and weights are edited under open connections: each edit takes the service out and in again."""
    first = sessions.first_backends()
    for name, scheduler in (("redis", "wlc"), ("http", "wrr"), ("postgres", "random")):
        ipvsadm(ours, "-E", "-t", f"{address}:{ports[name]}", "-s", scheduler)
    server = f"-r {topology.backend_ipv4(2)} -w 9".split()
    ipvsadm(ours, "-e", "-t", f"{address}:{ports['mariadb']}", *server)
    check_unbroken(case, sessions, list(first), "services and weights are edited")
    for name in ("redis", "http", "postgres"):
        ipvsadm(ours, "-E", "-t", f"{address}:{ports[name]}", "-s", "mh")
    ipvsadm(ours, "-e", "-t", f"{address}:{ports['mariadb']}", *server[:2])
    check_unbroken(case, sessions, list(first), "they are edited back")


def fail_and_return(case, ours, sessions, machines):
    first = sessions.first_backends()
    lost = [key for key, backend in first.items() if backend == "b1"]
    kept = [key for key, backend in first.items() if backend == "b2"]
    for server in machines["b1"]:
        server.kill()
    ours.webs["b1"].kill()
    for name in ports:
        wait_until(lambda name=name: state(ours, name, "b1") == "down", 10, f"{name}/b1 is not down")
    check_new(case, ours, ["b2"], "b1 has failed")
    check_unbroken(case, sessions, kept, "b1 has failed: those on b2")
    # redis-cli only tells once its patience is over.
    with contextlib.suppress(topology.LabError):
        wait_until(
            lambda: all(lines[-1].get("backend") != "b1" for lines in pick(sessions, lost)), answer_limit_s, "an echo"
        )
    said = sessions.said()
    broken = [key for key in lost if key[0] != "dns"]
    alive = [(key, said[key][-1]) for key in broken if "error" not in said[key][-1]]
    case.check(broken and not alive, f"b1 has failed: the {len(broken)} connections to it have ended", alive[:5])
    moved = [key for key in lost if key[0] == "dns"]
    stuck = [(key, said[key][-2:]) for key in moved if "b2" not in [line.get("backend") for line in said[key][-2:]]]
    case.check(moved and not stuck, f"b1 has failed: the {len(moved)} flows of UDP to it are served by b2", stuck)
    for server in machines["b1"]:
        server.start()
    ours.webs["b1"].start()
    for server in machines["b1"]:
        server.wait()
    for name in ports:
        wait_until(lambda name=name: state(ours, name, "b1") == "up", 20, f"{name}/b1 is not up")
    found = check_new(case, ours, ["b1", "b2"], "b1 has returned", 2 * news_each)
    idle = [name for name, seen in found.items() if seen["b1"] == 0]
    case.check(not idle, "b1 has returned: it serves new clients of every application", found)
    check_unbroken(case, sessions, kept, "b1 has returned: those on b2")


def state(ours, pool, name):
    for backend in ours.balancer.ask("backend", "list", pool)["backends"]:
        if backend["name"] == name:
            return backend["state"]
    return None


def check_ipvsadm_counts(case, ours):
    rows = {}
    for line in ipvsadm(ours, "-Ln", "--stats", "--exact").splitlines()[3:]:
        words = line.split()
        if words[0] == "->":
            rows[words[1]] = [int(word) for word in words[2:]]
    counted = [where for where, row in rows.items() if row[0] > 0 and row[1] > row[0] and row[3] > row[1]]
    case.check(len(counted) == len(rows) >= 2 * len(ports), "ipvsadm --stats counts what every backend was sent", rows)
    case.check(all(row[2] == row[4] == 0 for row in rows.values()), "ipvsadm --stats shows no replies: none pass here")
    ipvsadm(ours, "-Z")
    sums = [sum(map(int, line.split()[3:])) for line in ipvsadm(ours, "-Ln", "--stats", "--exact").splitlines()[3:]]
    case.check(sum(sums) < sum(map(sum, rows.values())) / 10, "ipvsadm -Z: the count begins anew", sums)


def start_servers(ours, machines):
    """RabbitMQ first: it takes longest. `machines` is filled on the way, so that all are ended whatever happens."""
    for kind in servers.kinds:
        for index, name in enumerate(machines, 1):
            server = kind(ours.folder, ours.network.backend(index), name)
            machines[name].append(server)
            server.prepare(ours.folder / f"template-{server.name}")
            server.start()
    for server in [server for each in machines.values() for server in each]:
        server.wait()
        if server.name == "postgres":
            server.fill()


programs = """redis-server redis-cli redis-benchmark memcached psql pgbench mariadbd mariadb-install-db mariadb epmd
dnsmasq dig wrk setpriv""".split()


def need_programs():
    missing = [name for name in programs if shutil.which(name) is None]
    if not pathlib.Path(servers.RabbitMq.program).exists():
        missing.append("rabbitmq-server")
    if importlib.util.find_spec("pika") is None:
        missing.append("pika of " + sys.executable)
    if missing:
        lab_case.skip(f"{', '.join(missing)} not there; tools/install_dependencies.sh installs them")


def main():
    need_programs()
    with lab_case.prepared_lab(backends=2) as (case, ours):
        began = time.monotonic()
        ours.up()
        machines = {name: [] for name in ours.webs}
        try:
            start_servers(ours, machines)
            case.note(f"{sum(map(len, machines.values())) + 2} servers run after {time.monotonic() - began:.1f} s")
            ours.start_balancer(services=configuration())
            sessions = Sessions(ours)
            try:
                wanted = sessions_each * len(applications)
                wait_until(lambda: len(sessions.first_backends()) == wanted, 30, sessions.summary)
                spread = collections.Counter((key[0], backend) for key, backend in sessions.first_backends().items())
                case.note(f"connections: {dict(spread)}")
                drain_and_return(case, ours, sessions)
                edit(case, ours, sessions)
                fail_and_return(case, ours, sessions, machines)
                check_ipvsadm_counts(case, ours)
            finally:
                case.check(sessions.stop() == 0, "the clients end when they are asked to")
            case.note(f"all of it took {time.monotonic() - began:.1f} s")
        finally:
            for server in [server for each in machines.values() for server in each]:
                server.kill()
                if server.name == "rabbitmq":
                    server.stop_mapper()


if __name__ == "__main__":
    main()
