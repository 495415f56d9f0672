# SPDX-License-Identifier: Apache-2.0
"""The build directories (release and sanitizers) and `meson test` in them."""

import os
import pathlib
import subprocess

import results as outcome

root = pathlib.Path(__file__).resolve().parents[2]

# All sources of a target compiled as one, in a third of the time: most of it is headers. So a name means one thing in a
# target. Not in the release build, where each file shows that it stands alone.
together = ["-Dunity=on", "-Dunity_size=1000"]

# buildtype and options; a sanitizer build links what it needs and builds only the programs of its suites.
flavours = {
    # The level of meson.build, said again: to configure a build type once more sets its own, and compiles all anew.
    "release": ("build", {}, ["--buildtype=release", "-Doptimization=2"]),
    "tsan": ("build-tsan", {}, ["--buildtype=debugoptimized", "-Doptimization=1", "-Db_sanitize=thread", *together]),
    # One build for libFuzzer and for the tests under the sanitizers. Everything is instrumented, so that libFuzzer sees
    # which branches of ours an input takes. -gline-tables-only: names and lines are all that a report needs.
    "asan": (
        "build-asan",
        {"CC": "clang", "CXX": "clang++"},
        [
            "--buildtype=debugoptimized",
            "-Doptimization=1",
            "-Ddebug=false",
            "-Dfuzzing=true",
            "-Db_sanitize=address,undefined",
            "-Db_lundef=false",
            "-Dcpp_args=-fsanitize=fuzzer-no-link -gline-tables-only",
            *together,
        ],
    ),
}

sanitizer_options = {
    "ASAN_OPTIONS": "halt_on_error=1:detect_leaks=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
}


def called(command, **options):
    """Runs a command; what it said, if it failed, else nothing."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=root,
        **options,
    )
    return (
        None
        if done.returncode == 0
        else f"{' '.join(command)}: exit code {done.returncode}\n{outcome.tail(done.stdout, 120)}"
    )


def configure(flavour, options):
    folder, environment, arguments = flavours[flavour]
    # Compilers see uninitialised values and fences that are not there once a sanitizer has rewritten the code. The
    # release build is strict, and clang's own warnings come from clang-tidy.
    is_strict = options.ci and flavour == "release"
    arguments = [*arguments, f"-Dwerror={'true' if is_strict else 'false'}"]
    build = root / folder
    if (build / "build.ninja").exists():
        return called(["meson", "configure", folder, *[a.replace("--buildtype", "-Dbuildtype") for a in arguments]])
    return called(
        ["meson", "setup", "--wipe" if build.exists() else folder, *([folder] if build.exists() else []), *arguments],
        env={**os.environ, **environment},
    )


def build_release(options):
    print("== build", flush=True)
    return configure("release", options) or called(["ninja", "-C", flavours["release"][0]])


def give_back():
    """What root built in somebody's tree stays theirs."""
    if os.geteuid() == 0:
        folders = [folder for folder, _, _ in flavours.values() if (root / folder).exists()]
        subprocess.run(["chown", "-R", "--reference=.", *folders], cwd=root, check=False)


def run_meson_suites(flavour, suites, options):
    """Builds what the suites need and runs them."""
    folder = flavours[flavour][0]
    build = root / folder
    label = "+".join(suites)
    problem = configure(flavour, options)
    if problem:
        return outcome.Results(failed=[(f"{flavour} configuration", problem)])
    log = build / "meson-logs" / f"{flavour}-{label}.json"
    for old in [log, *build.glob("*.xml")]:
        old.unlink(missing_ok=True)
    command = ["meson", "test", "-C", folder, "--logbase", f"{flavour}-{label}", "--print-errorlogs"]
    for suite in suites:
        command += ["--suite", suite]
    # Two at a time would make each other late: packets and checks have their hours.
    if "netns" in suites or "clang-tidy" in suites or flavour == "asan":
        command += ["--num-processes", "1"]
    if flavour == "tsan":
        # The thread sanitizer of this compiler finds no room for its shadow under a large address randomisation.
        command = ["setarch", "--addr-no-randomize", *command]
    if flavour in ("asan", "tsan"):
        command += ["--timeout-multiplier", "5"]
    environment = {**os.environ, **sanitizer_options, "GUIDEWAY_CI": "1" if options.ci else "0"}
    problem = called(command, env=environment)
    if not log.exists():
        if problem is None:
            problem = f"no test is in suite {label}"
        return outcome.Results(failed=[(f"{flavour} {label}", problem)])
    came_to = outcome.read_run(build, log)
    if problem and not came_to.failed:
        came_to.failed.append((f"{flavour} {label}", problem))
    return came_to
