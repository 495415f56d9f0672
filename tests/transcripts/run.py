#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a transcript against a guidewayd of its own, and compares every line. README.md tells the form."""

import argparse
import difflib
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

start_limit_s = 30
command_limit_s = 60


def steps_of(text):
    """[(command, [expected line])]"""
    steps = []
    for line in text.splitlines():
        if line.startswith("$ "):
            steps.append((line[2:], []))
        elif line and not line.startswith("#"):
            if not steps:
                raise ValueError(f"no command stands before {line!r}")
            steps[-1][1].append(line)
    return steps


def shown(line):
    return line + "|" if line.endswith(" ") else line


def outcome_of(command, environment, directory):
    run = subprocess.run(
        command, shell=True, cwd=directory, env=environment, capture_output=True, text=True, timeout=command_limit_s
    )
    lines = [shown(line) for line in run.stdout.splitlines() if line]
    lines += [f"! {line}" for line in run.stderr.splitlines()]
    return lines + ([f"= {run.returncode}"] if run.returncode != 0 else [])


def rewritten(text, outcome):
    """The transcript with what is printed now."""
    lines = []
    for line in text.splitlines():
        if line.startswith("$ "):
            lines += [line, *outcome(line[2:])]
        elif not line or line.startswith("#"):
            lines.append(line)
    return "\n".join(lines) + "\n"


def wait_for(path, daemon):
    deadline = time.monotonic() + start_limit_s
    while time.monotonic() < deadline and daemon.poll() is None:
        with socket.socket(socket.AF_UNIX) as client:
            if client.connect_ex(str(path)) == 0:
                return
        time.sleep(0.02)
    sys.exit("guidewayd does not answer:\n" + pathlib.Path(path).with_name("log").read_text())


def play(steps, outcome):
    failures = 0
    for command, expected in steps:
        lines = outcome(command)
        if lines != expected:
            failures += 1
            print("$ " + command)
            print(*difflib.unified_diff(expected, lines, "expected", "printed", lineterm=""), sep="\n")
    return failures


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("guidewayd")
    options.add_argument("guideway")
    options.add_argument("transcript", type=pathlib.Path)
    options.add_argument("--write", action="store_true", help="what is printed now becomes what is right: read it")
    given = options.parse_args()
    steps = steps_of(given.transcript.read_text())
    if not steps:
        sys.exit(f"{given.transcript}: there is no command in it")
    services = given.transcript.with_suffix(".toml")
    with tempfile.TemporaryDirectory(prefix="guideway-transcript-") as temporary:
        directory = pathlib.Path(temporary)
        (directory / "bin").mkdir()
        for name in ("guideway", "ipvsadm", "ipvsadm-save", "guideway-ipvsadm-restore"):
            (directory / "bin" / name).symlink_to(pathlib.Path(given.guideway).resolve())
        (directory / "guideway.toml").write_text(
            f'hash_key = "00112233445566778899aabbccddeeff"\ndoor = "{directory}/door.sock"\n'
            f'api = "{directory}/api.sock"\nstate_directory = "{directory}/state"\n'
            + (services.read_text() if services.exists() else "")
        )
        environment = {**os.environ, "PATH": f"{directory}/bin:{os.environ['PATH']}", "LC_ALL": "C"}
        environment["GUIDEWAY_API"] = f"{directory}/api.sock"

        def outcome(command):
            return outcome_of(command, environment, directory)

        with open(directory / "log", "w") as log:
            daemon = subprocess.Popen(
                [given.guidewayd, "--config", str(directory / "guideway.toml")], stdout=log, stderr=log
            )
        try:
            wait_for(directory / "api.sock", daemon)
            failures = 0
            if given.write:
                given.transcript.write_text(rewritten(given.transcript.read_text(), outcome))
            else:
                failures = play(steps, outcome)
        finally:
            daemon.send_signal(signal.SIGKILL)
            daemon.wait()
    print(f"{given.transcript.name}: {len(steps)} commands, {failures} with another outcome than written there")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
