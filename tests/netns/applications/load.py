# SPDX-License-Identifier: Apache-2.0
"""Load by the programs that come with the applications, for some seconds; what each of them calls a failure."""

import signal
import subprocess

seconds = 5


def redis_problem(done):
    """redis-benchmark goes round until it is told to stop, or a connection breaks."""
    return "" if done.returncode == -signal.SIGTERM else done.stdout[-300:]


def pgbench_problem(done):
    return "" if done.returncode == 0 and "failed transactions: 0 " in done.stdout else done.stdout[-600:]


def wrk_problem(done):
    wrong = "Socket errors" in done.stdout or "Non-2xx" in done.stdout or "requests in" not in done.stdout
    return done.stdout[-600:] if wrong or done.returncode != 0 else ""


class Load:
    def __init__(self, namespace, address):
        commands = {
            "redis-benchmark": ["redis-benchmark", "-h", address, "-t", "get", "-c", "8", "-q", "-l"],
            "pgbench -S": f"pgbench -h {address} -U postgres -n -S -c 6 -T {seconds} postgres".split(),
            "wrk": ["wrk", "-t", "1", "-c", "8", "-d", f"{seconds}s", "--timeout", "4s", f"http://{address}/"],
        }
        self.running = {
            name: subprocess.Popen(
                ["ip", "netns", "exec", namespace, *command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            for name, command in commands.items()
        }

    def problems(self):
        """Waits for the end of all: {program: what went wrong}."""
        judges = {"redis-benchmark": redis_problem, "pgbench -S": pgbench_problem, "wrk": wrk_problem}
        found = {}
        for name, child in reversed(self.running.items()):
            if name == "redis-benchmark":
                child.terminate()
            output, _ = child.communicate()
            found[name] = judges[name](subprocess.CompletedProcess(name, child.returncode, output))
        return found
