# SPDX-License-Identifier: Apache-2.0
"""Builds and runs the suites and says what they came to: the program behind tools/test."""

import argparse
import os
import pathlib
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import builds  # noqa: E402
import fuzzing  # noqa: E402
import results as outcome  # noqa: E402

# In this order; meson's suites of the release build unless a function says otherwise.
meson_suites = ["unit", "oracle", "replay", "sim", "fuzz", "tidy", "ebpf", "netns"]
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


class Ledger:
    """What has come to what so far; two lanes write into it."""

    def __init__(self, options):
        self.options = options
        self.lock = threading.Lock()
        self.total = outcome.Results()
        self.summary = {}

    def run(self, suites):
        for suite in suites:
            started = time.monotonic()
            try:
                came_to = run_suite(suite, self.options)
            except Exception as error:  # a lane that stops silently would look like one that passed
                came_to = outcome.Results(failed=[(suite, f"the runner itself failed: {error!r}")])
            line = f"{suite:<11} {came_to.sentence():<40} {time.monotonic() - started:6.1f} s"
            with self.lock:
                for name, said in came_to.failed:
                    print(f"FAILED {name}\n{said}\n")
                print(line, flush=True)
                self.summary[suite] = line
                self.total.add(came_to)


def main():
    options = arguments()
    os.chdir(builds.root)
    started = time.monotonic()
    ledger = Ledger(options)
    total = ledger.total
    # clang-tidy reads headers that the build makes.
    if any(suite in meson_suites or suite == "clang-tidy" for suite in options.suites):
        problem = builds.build_release(options)
        if problem:
            print(problem)
            total.failed.append(("build", problem))
            options.suites = []
    # Many suites mostly wait, or use one core. What only computes goes on beside them, and gives way to them.
    background = threading.Thread(target=ledger.run, args=([s for s in special_suites if s in options.suites],))
    background.start()
    ledger.run([suite for suite in meson_suites if suite in options.suites])
    background.join()
    missing = [suite for suite in options.suites if suite not in ledger.summary]
    total.failed += [(suite, "it did not come to an end") for suite in missing]

    builds.give_back()
    print(f"\nAll suites, {time.monotonic() - started:.0f} s:")
    print("\n".join(f"  {ledger.summary.get(suite, suite)}" for suite in options.suites))
    for name, reason in total.skipped:
        print(f"skipped: {name}: {reason}")
    for name, _ in total.failed:
        print(f"failed: {name}")
    print(total.sentence())
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
