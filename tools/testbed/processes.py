# SPDX-License-Identifier: Apache-2.0
"""Processes of a lab, each in a namespace and a session of its own, recorded in the lab's folder so that a later
`tools/lab down` ends exactly these. A recorded number that by then belongs to somebody else is left alone."""

import os
import pathlib
import signal
import subprocess
import time


def start_time(pid):
    """The kernel's start tick of a process, which with its number is unique; None if it is gone or a zombie. A zombie
    that has threads yet, which are dying, has its files and locks yet too."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    threads = int(fields[17])
    return None if fields[0] in "ZX" and threads <= 1 else fields[19]


class Process:
    def __init__(self, folder: pathlib.Path, name):
        self.name = name
        self.record = folder / f"{name}.pid"
        self.log = folder / f"{name}.log"

    def pid(self):
        """Its number while it runs, else None."""
        try:
            pid, started = self.record.read_text().split()
        except (OSError, ValueError):
            return None
        return int(pid) if start_time(pid) == started else None

    def start(self, namespace, command, environment=None):
        with self.log.open("ab") as log:
            child = subprocess.Popen(
                ["ip", "netns", "exec", namespace, *map(str, command)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, **(environment or {})},
            )
        self.record.write_text(f"{child.pid} {start_time(child.pid)}")
        return child.pid

    def signal(self, number):
        pid = self.pid()
        if pid is not None:
            os.killpg(pid, number)
        return pid

    def wait_gone(self, seconds):
        deadline = time.monotonic() + seconds
        while self.pid() is not None:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    def kill(self):
        """kill -9 of the process and of what it started."""
        self.signal(signal.SIGKILL)
        self.wait_gone(5)

    def stop(self, seconds=5):
        """True if it left by itself, in time, when asked to."""
        self.signal(signal.SIGTERM)
        left = self.wait_gone(seconds)
        if not left:
            self.kill()
        return left

    def times_said(self, text):
        try:
            return self.log.read_text(errors="replace").count(text)
        except OSError:
            return 0

    def last_words(self, lines=20):
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""
