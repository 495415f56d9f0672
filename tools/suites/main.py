# SPDX-License-Identifier: Apache-2.0
"""Builds and runs the suites and says what they came to: the program behind tools/test."""

import argparse
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import builds  # noqa: E402
import fuzzing  # noqa: E402
import results as outcome  # noqa: E402

# In this order; meson's suites of the release build unless a function says otherwise.
meson_suites = ["unit", "oracle", "replay", "sim", "fuzz", "tidy", "ebpf", "netns", "bench"]
special_suites = {
    "libfuzzer": "60 s of libFuzzer a target",
    "asan": "unit and replay under the address and undefined behaviour sanitizers",
    "tsan": "what threads and processes share, under the thread sanitizer",
    "clang-tidy": "clang-tidy over every file of ours",
}


def arguments():
    parser = argparse.ArgumentParser(prog="tools/test", description="Builds Guideway and runs its suites.")
    names = meson_suites + list(special_suites)
    parser.add_argument("suites", nargs="*", metavar="SUITE", help="of: " + ", ".join(names) + " (default: all)")
    parser.add_argument(
        "--ci", action="store_true", help="warnings are errors, and libFuzzer's minute is not shortened"
    )
    parser.add_argument(
        "--fuzz-seconds", type=int, default=None, help="time a fuzz target (default: 60 with --ci, else 10)"
    )
    chosen = parser.parse_args()
    unknown = [suite for suite in chosen.suites if suite not in names]
    if unknown:
        parser.error(f"no suite {', '.join(unknown)}; there are {', '.join(names)}")
    chosen.suites = chosen.suites or names
    chosen.fuzz_seconds = chosen.fuzz_seconds or (60 if chosen.ci else 10)
    return chosen


def run_suite(suite, options):
    if suite == "libfuzzer":
        return fuzzing.run(options)
    if suite == "asan":
        return builds.run_meson_suites("asan", ["unit", "replay"], options)
    if suite == "tsan":
        return builds.run_meson_suites("tsan", ["threads"], options)
    if suite == "clang-tidy":
        return builds.run_meson_suites("release", ["clang-tidy"], options)
    return builds.run_meson_suites("release", [suite], options)


def main():
    options = arguments()
    os.chdir(builds.root)
    started = time.monotonic()
    total = outcome.Results()
    summary = []
    if any(suite in meson_suites for suite in options.suites):
        problem = builds.build_release(options)
        if problem:
            print(problem)
            total.failed.append(("build", problem))
            options.suites = []
    for suite in options.suites:
        print(f"== {suite}", flush=True)
        suite_started = time.monotonic()
        came_to = run_suite(suite, options)
        for name, said in came_to.failed:
            print(f"FAILED {name}\n{said}\n")
        seconds = time.monotonic() - suite_started
        summary.append(f"{suite:<11} {came_to.sentence():<40} {seconds:6.1f} s")
        print(summary[-1], flush=True)
        total.add(came_to)

    print(f"\nAll suites, {time.monotonic() - started:.0f} s:")
    print("\n".join(f"  {line}" for line in summary))
    for name, reason in total.skipped:
        print(f"skipped: {name}: {reason}")
    for name, _ in total.failed:
        print(f"failed: {name}")
    print(total.sentence())
    return 1 if total.failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    finally:
        builds.give_back()
