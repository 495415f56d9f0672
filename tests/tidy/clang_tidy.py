# SPDX-License-Identifier: Apache-2.0
"""clang-tidy, by the tree's .clang-tidy, over every file of ours that the build compiles. Says what it leaves out."""

import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import sources

# Flags of g++ that clang 14 does not know.
unknown_to_clang = {"-Wno-restrict"}


def ours(build):
    """The entries of the compilation database that lie in this tree; one per file."""
    entries = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = (build / entry["file"]).resolve()
        if path.is_relative_to(sources.root) and path.suffix == ".cc":
            words = [word for word in entry["command"].split() if word not in unknown_to_clang]
            entries.setdefault(path.relative_to(sources.root), {**entry, "command": " ".join(words)})
    return entries


def checked(path, database):
    began = time.monotonic()
    done = subprocess.run(
        ["clang-tidy", "--quiet", "-p", database, str(path)], cwd=sources.root, capture_output=True, text=True
    )
    said = done.stdout.strip()
    return path, time.monotonic() - began, None if done.returncode == 0 else f"{said}\n{done.stderr[-1000:]}"


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    wanted = sys.argv[2:]
    entries = ours(build)
    tests = sorted(path for path in entries if path.parts[0] == "tests")
    chosen = [path for path in sorted(entries) if (str(path) in wanted if wanted else path.parts[0] != "tests")]
    compiled = {str(path) for path in entries}
    problems = [
        f"{path}: no build compiles it, so clang-tidy cannot see it"
        for path in sources.with_suffix(".cc")
        if path.parts[0] in ("dataplane", "controlplane", "ebpf") and str(path) not in compiled
    ]
    with tempfile.TemporaryDirectory(prefix="guideway-tidy-") as database:
        (pathlib.Path(database) / "compile_commands.json").write_text(json.dumps(list(entries.values())))
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            outcomes = list(pool.map(lambda path: checked(path, database), chosen))
    for path, seconds, problem in sorted(outcomes, key=lambda outcome: -outcome[1])[:5]:
        print(f"{seconds:5.1f} s {path}")
    problems += [f"{path}:\n{problem}" for path, _, problem in outcomes if problem]
    if not wanted:
        print(f"{len(chosen)} files; left out for their time: the {len(tests)} files of tests/ (g++ warns about those)")
    sources.finish("clang-tidy", problems)


if __name__ == "__main__":
    main()
