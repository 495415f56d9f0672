#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the simulator of tests/sim under every kind of service and holds each of its decisions to the model. The trace
goes through a pipe in the file system, so that nothing of its hundreds of megabytes is stored.

Usage: sim_agreement.py SIMULATE [SEED]
"""
import os
import pathlib
import subprocess
import sys
import tempfile

import sim_model

RUNS = ((20000, ()), (6000, ("--udp",)), (6000, ("--round-robin",)))


def judge(simulate, seed, ticks, flags, pipe):
    """The model after the run; raises sim_model.Disagreement, or CalledProcessError if the simulator found fault."""
    words = [simulate, "--seed", str(seed), "--ticks", str(ticks), *flags, "--trace", str(pipe)]
    with subprocess.Popen(words) as running:
        try:
            with open(pipe) as lines:
                model = sim_model.judge(lines)
        except BaseException:
            running.kill()
            raise
    if running.returncode:
        raise subprocess.CalledProcessError(running.returncode, words)
    return model


def main(arguments):
    if len(arguments) not in (1, 2):
        print(__doc__, file=sys.stderr)
        return 2
    seed = int(arguments[1]) if len(arguments) == 2 else 7
    with tempfile.TemporaryDirectory(prefix="guideway-sim-") as name:
        pipe = pathlib.Path(name) / "trace"
        os.mkfifo(pipe)
        for ticks, flags in RUNS:
            print(f"seed {seed}, {ticks} ticks {' '.join(flags)}", flush=True)
            try:
                model = judge(arguments[0], seed, ticks, flags, pipe)
            except (sim_model.Disagreement, subprocess.CalledProcessError) as fault:
                print(fault, file=sys.stderr)
                return 1
            print(f"{model.packets} packets agree, {model.plain} of them plain", flush=True)
            if model.packets < 100000:
                print("that is too short a story", file=sys.stderr)
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
