# SPDX-License-Identifier: Apache-2.0
"""libFuzzer for a while on every target of tests/fuzz, all at the same time. A finding is kept in
build-asan/findings and fails the run."""

import concurrent.futures
import json
import pathlib
import subprocess
import tempfile

import builds
import results as outcome


def targets(build):
    """Programs that tests/fuzz builds, and where the corpus of each lies (tests/fuzz/corpus/NAME)."""
    listed = json.loads(
        subprocess.run(
            ["meson", "introspect", str(build), "--targets"], capture_output=True, check=True, text=True
        ).stdout
    )
    here = str(builds.root / "tests" / "fuzz") + "/"
    return sorted(
        (target["name"], target["filename"][0])
        for target in listed
        if target["type"] == "executable" and target["defined_in"].startswith(here)
    )


def corpus_of(name):
    folder = builds.root / "tests" / "fuzz" / "corpus"
    return next(
        (
            folder / guess
            for guess in (
                name,
                name.removeprefix("fuzz-"),
            )
            if (folder / guess).is_dir()
        ),
        None,
    )


def write_seeds(name, folder):
    """Inputs that the target's own seeds.py makes of what the tests have anyway, where it has one."""
    maker = builds.root / "tests" / "fuzz" / name.removeprefix("fuzz-") / "seeds.py"
    if maker.exists():
        subprocess.run(["/usr/bin/python3", str(maker), folder], check=True)


def fuzz(name, program, seconds, findings):
    with tempfile.TemporaryDirectory(prefix="guideway-fuzz-") as fresh:
        write_seeds(name, fresh)
        corpus = corpus_of(name)
        command = [
            program,
            f"-max_total_time={seconds}",
            "-timeout=10",
            "-rss_limit_mb=2048",
            "-print_final_stats=1",
            f"-artifact_prefix={findings}/{name}-",
            fresh,
        ]
        if corpus:
            command.append(str(corpus))
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=seconds + 120,
        )
    executed = next((line.split()[-1] for line in done.stdout.splitlines() if "number_of_executed_units" in line), None)
    if done.returncode != 0 or not executed:
        return outcome.Results(failed=[(name, outcome.tail(done.stdout))])
    print(f"  {name}: {int(executed):,} inputs in {seconds} s, no finding", flush=True)
    return outcome.Results(passed=1)


def run(options):
    problem = builds.configure("asan", options)
    build = builds.root / builds.flavours["asan"][0]
    if problem:
        return outcome.Results(failed=[("fuzzing configuration", problem)])
    programs = targets(build)
    if not programs:
        return outcome.Results(failed=[("libfuzzer", "tests/fuzz builds no program")])
    names = [str(pathlib.Path(program).relative_to(build)) for _, program in programs]
    problem = builds.called(["ninja", "-C", str(build), *names])
    if problem:
        return outcome.Results(failed=[("fuzzing build", problem)])
    findings = build / "findings"
    findings.mkdir(exist_ok=True)
    total = outcome.Results()
    with concurrent.futures.ThreadPoolExecutor(len(programs)) as pool:
        for came_to in pool.map(lambda p: fuzz(*p, options.fuzz_seconds, findings), programs):
            total.add(came_to)
    return total
