# SPDX-License-Identifier: Apache-2.0
"""What a unit of configs/systemd lets its program do, and a program that is watched while it runs: the state that it
tells (sd_notify) and the system calls that it makes (strace)."""

import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time

units = pathlib.Path(__file__).resolve().parents[2] / "configs" / "systemd"
has_strace = shutil.which("strace") is not None
has_analyze = shutil.which("systemd-analyze") is not None


def values(unit, key):
    """Every word behind every KEY= of a unit."""
    lines = re.findall(rf"^{key}=(.*)$", (units / unit).read_text(), re.MULTILINE)
    return [line.split() for line in lines]


def calls_of(group):
    said = subprocess.run(["systemd-analyze", "syscall-filter", group], check=True, capture_output=True, text=True)
    calls = set()
    for word in said.stdout.split("\n")[1:]:
        word = word.strip()
        if word.startswith("@"):
            calls |= calls_of(word)
        elif word and not word.startswith("#"):
            calls.add(word)
    return calls


def allowed_calls(unit):
    allowed = set()
    for words in values(unit, "SystemCallFilter"):
        takes_away = words[0].startswith("~")
        for word in words:
            word = word.lstrip("~")
            calls = calls_of(word) if word.startswith("@") else {word}
            allowed = allowed - calls if takes_away else allowed | calls
    return allowed


class Watched:
    """A program as systemd would start it, but for the sandbox. Calls that it tries and can do without are `refused` as
    the unit refuses them."""

    def __init__(self, folder, command, inside=(), watchdog_us=400_000, refused=(), **variables):
        self.refused = set(refused)
        folder = tempfile.mkdtemp(dir=folder)
        self.trace = pathlib.Path(folder) / "trace"
        self.log = open(pathlib.Path(folder) / "log", "w+")
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind(str(pathlib.Path(folder) / "notify"))
        environment = dict(os.environ, NOTIFY_SOCKET=str(pathlib.Path(folder) / "notify"),
                           WATCHDOG_USEC=str(watchdog_us), **variables)
        # -D: the program is our child, not strace's.
        refusals = [f"--inject={call}:error=EPERM" for call in refused]
        tracer = ["strace", "-D", "-f", "-qq", "-o", str(self.trace), *refusals] if has_strace else []
        self.process = subprocess.Popen([*inside, *tracer, *map(str, command)], env=environment,
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def hears(self, beginning, seconds=30):
        """Waits for a message that begins so; whatever comes before is forgotten."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            self.manager.settimeout(1)
            try:
                message = self.manager.recv(4096).decode()
            except TimeoutError:
                continue
            if message.startswith(beginning):
                return message
        raise AssertionError(f"nothing that begins with {beginning!r} was heard; it said:\n{self.said()}")

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.manager.close()
        self.log.close()

    def calls(self):
        """Names of the system calls made once the program itself ran, and the families of its sockets."""
        text = self.trace.read_text(errors="replace")
        calls = set(re.findall(r"^\d+\s+(?:<\.\.\. )?([a-z_0-9]+)(?:\(| resumed)", text, re.MULTILINE))
        return calls, set(re.findall(r"socket\((AF_[A-Z0-9]+)", text))


def check_calls(test, unit, watched):
    """That the unit's filters would have let the program do all that it did."""
    if not has_strace or not has_analyze:
        test.skipTest("strace and systemd-analyze are needed to hold system calls to the unit")
    calls, families = watched.calls()
    test.assertIn("execve", calls, "the trace is empty")
    test.assertEqual(sorted(calls - watched.refused - allowed_calls(unit)), [], f"{unit} would refuse these")
    test.assertEqual(sorted(families - set(values(unit, "RestrictAddressFamilies")[0])), [])
