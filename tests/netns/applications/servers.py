# SPDX-License-Identifier: Apache-2.0
"""The real servers of a backend, each in the backend's namespace with a folder of its own and nothing of the system's:
no configuration, no data, no port that anybody outside of the namespace sees. Every one tells which backend it is."""

import os
import pathlib
import pwd
import shutil
import subprocess
import time

from testbed import processes, topology
from testbed.topology import LabError

here = pathlib.Path(__file__).resolve().parent
start_limit_s = 150


def postgres_programs():
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        raise LabError("there is no PostgreSQL server under /usr/lib/postgresql; run tools/install_dependencies.sh")
    return found[-1].parent


def as_postgres(*command):
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *map(str, command)]


def give_to_postgres(folder):
    owner = pwd.getpwnam("postgres")
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, owner.pw_uid, owner.pw_gid)


class Server:
    """One server of one backend. `ask` is a command that prints the backend's name, run in its namespace."""

    name = ""
    port = 0
    environment = None

    def __init__(self, folder, namespace, backend):
        self.folder = folder / f"{self.name}-{backend}"
        self.namespace = namespace
        self.backend = backend
        self.process = processes.Process(folder, f"{self.name}-{backend}")

    def prepare(self, template):
        """Before its first start; `template` is a folder that all servers of the kind share."""
        self.folder.mkdir()

    def command(self):
        raise NotImplementedError

    def ask(self):
        raise NotImplementedError

    def run(self, command):
        return subprocess.run(
            ["ip", "netns", "exec", self.namespace, *map(str, command)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
        )

    def must(self, command):
        done = self.run(command)
        if done.returncode != 0:
            raise LabError(f"{self.name} of {self.backend}, {' '.join(map(str, command))}: {done.stdout}{done.stderr}")

    def start(self):
        self.process.start(self.namespace, self.command(), self.environment)

    def wait(self):
        """Until it says its name."""
        deadline = time.monotonic() + start_limit_s
        while True:
            done = self.run(self.ask())
            if done.returncode == 0 and self.backend in done.stdout:
                return
            if self.process.pid() is None or time.monotonic() > deadline:
                raise LabError(
                    f"{self.name} of {self.backend} does not answer: {done.stdout}{done.stderr}\n"
                    f"{self.process.last_words()}"
                )
            time.sleep(0.2)

    def kill(self):
        self.process.kill()


class Redis(Server):
    name = "redis"
    port = 6379

    def command(self):
        return ["redis-server", "--bind", "0.0.0.0", "--protected-mode", "no", "--save", "", "--dir", self.folder]

    def ask(self):
        return ["sh", "-c", f"redis-cli set backend {self.backend} >/dev/null && redis-cli get backend"]


class Memcached(Server):
    name = "memcached"
    port = 11211

    def command(self):
        return ["memcached", "-u", "nobody", "-l", "0.0.0.0", "-U", "0", "-t", "1"]

    def ask(self):
        return ["/usr/bin/python3", here / "clients.py", "name-memcached", self.backend]


class Postgres(Server):
    name = "postgres"
    port = 5432

    def prepare(self, template):
        if not template.exists():
            template.mkdir()
            give_to_postgres(template)
            command = [postgres_programs() / "initdb", "-D", template / "data", "-A", "trust", "--no-sync"]
            topology.run(as_postgres(*command), cwd="/")
            with (template / "data" / "pg_hba.conf").open("a") as rules:
                rules.write("host all all 0.0.0.0/0 trust\n")
        shutil.copytree(template, self.folder)
        give_to_postgres(self.folder)

    def command(self):
        settings = {
            "listen_addresses": "*",
            "unix_socket_directories": self.folder,
            "fsync": "off",
            "shared_buffers": "16MB",
            "cluster_name": self.backend,
        }
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        return as_postgres(postgres_programs() / "postgres", "-D", self.folder / "data", *options)

    def start(self):
        # What one that was killed has left.
        (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)
        super().start()

    def ask(self):
        return ["psql", "-h", "127.0.0.1", "-U", "postgres", "-Atc", "show cluster_name"]

    def fill(self):
        done = self.run(["pgbench", "-h", "127.0.0.1", "-U", "postgres", "-i", "-q", "postgres"])
        if done.returncode != 0:
            raise LabError(f"pgbench cannot fill the database of {self.backend}: {done.stderr}")


class MariaDb(Server):
    name = "mariadb"
    port = 3306

    def prepare(self, template):
        if not template.exists():
            template.mkdir()
            command = ["mariadb-install-db", "--no-defaults", "--user=root", "--skip-test-db"]
            topology.run([*command, "--auth-root-authentication-method=normal", f"--datadir={template}/data"])
        shutil.copytree(template, self.folder)
        (self.folder / "init.sql").write_text("create user if not exists lab@'%';\n")

    def command(self):
        return [
            "mariadbd",
            "--no-defaults",
            "--user=root",
            f"--datadir={self.folder}/data",
            f"--socket={self.folder}/socket",
            f"--pid-file={self.folder}/pid",
            f"--init-file={self.folder}/init.sql",
            f"--report-host={self.backend}",
            "--bind-address=0.0.0.0",
            "--skip-name-resolve",
            "--innodb-buffer-pool-size=16M",
            "--innodb-flush-log-at-trx-commit=0",
            "--performance-schema=off",
        ]

    def ask(self):
        return ["mariadb", "--no-defaults", "-h", "127.0.0.1", "-u", "lab", "-NBe", "select @@report_host"]


class RabbitMq(Server):
    name = "rabbitmq"
    port = 5672
    program = "/usr/lib/rabbitmq/bin/rabbitmq-server"

    def prepare(self, template):
        self.folder.mkdir()
        # Erlang's port mapper, which a node would otherwise leave behind as a daemon.
        self.mapper = processes.Process(self.folder.parent, f"epmd-{self.backend}")
        (self.folder / "rabbitmq.conf").write_text("loopback_users = none\nlog.console.level = warning\n")
        (self.folder / "enabled_plugins").write_text("[].\n")
        self.environment = {
            "HOME": str(self.folder),
            "RABBITMQ_NODENAME": f"{self.backend}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "0.0.0.0",
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1 +sbwt none",
        }

    def command(self):
        return [self.program]

    def start(self):
        if self.mapper.pid() is None:
            self.mapper.start(self.namespace, ["epmd"])
        super().start()

    def ask(self):
        return ["/usr/bin/python3", here / "clients.py", "once", "rabbitmq", "127.0.0.1"]

    def stop_mapper(self):
        self.mapper.kill()


class Dns(Server):
    name = "dns"
    port = 53

    def command(self):
        return [
            "dnsmasq",
            "--keep-in-foreground",
            "--conf-file=/dev/null",
            "--user=root",
            "--no-resolv",
            "--no-hosts",
            f"--pid-file={self.folder}/pid",
            f"--txt-record=backend.lab,{self.backend}",
        ]

    def ask(self):
        return ["dig", "@127.0.0.1", "backend.lab", "TXT", "+short", "+tries=1", "+time=1"]


kinds = [RabbitMq, MariaDb, Postgres, Redis, Memcached, Dns]
