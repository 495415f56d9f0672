# SPDX-License-Identifier: Apache-2.0
"""clang-tidy, by the tree's .clang-tidy, over every file of ours that the build compiles. Says what it leaves out.

Sources of a target are looked at together, as one unit that includes them: most of the time goes into headers. With
files named (clang_tidy.py BUILD FILE...) only those are."""

import collections
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
files_a_unit = 12
# A source that another one includes is a header to clang-tidy, and its locals may have the name of something in a file
# before it: shadows are g++'s to find, a file at a time. bugprone-reserved-identifier takes a ninth of all time, and
# clang's own warning says the same for nothing.
options = [
    "--quiet",
    f"--config-file={sources.root}/.clang-tidy",
    f"--header-filter=^{sources.root}/(dataplane|controlplane|ebpf|tests)/",
    "--checks=-bugprone-suspicious-include,-clang-diagnostic-shadow",
    "--extra-arg=-Wreserved-identifier",
]


def ours(build):
    """The entries of the compilation database that lie in this tree; one per file."""
    entries = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = (build / entry["file"]).resolve()
        if path.is_relative_to(sources.root) and path.suffix == ".cc":
            words = [word for word in entry["command"].split() if word not in unknown_to_clang]
            entries.setdefault(path.relative_to(sources.root), {**entry, "command": " ".join(words)})
    return entries


def units_of(chosen, entries, folder):
    """Units of files of one target, written into `folder`: [(unit, its entry of a database, its files)]."""
    targets = collections.defaultdict(list)
    for path in chosen:
        targets[pathlib.Path(entries[path]["output"]).parent].append(path)
    units = []
    for files in targets.values():
        for begin in range(0, len(files), files_a_unit):
            together = files[begin : begin + files_a_unit]
            unit = pathlib.Path(folder) / f"unit{len(units)}.cc"
            unit.write_text("".join(f'#include "{sources.root / path}"\n' for path in together))
            entry = entries[together[0]]
            command = entry["command"].replace(f" -c {entry['file']}", f" -c {unit}")
            units.append((unit, {"directory": entry["directory"], "file": str(unit), "command": command}, together))
    return units


def checked(unit, files):
    began = time.monotonic()
    done = subprocess.run(
        ["clang-tidy", *options, "-p", str(unit.parent), str(unit)], cwd=sources.root, capture_output=True, text=True
    )
    problem = None if done.returncode == 0 else f"{done.stdout.strip()}\n{done.stderr[-1000:]}"
    return files, time.monotonic() - began, problem


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
    with tempfile.TemporaryDirectory(prefix="guideway-tidy-") as folder:
        units = units_of(chosen, entries, folder)
        (pathlib.Path(folder) / "compile_commands.json").write_text(json.dumps([entry for _, entry, _ in units]))
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            outcomes = list(pool.map(lambda unit: checked(unit[0], unit[2]), units))
    for files, seconds, problem in sorted(outcomes, key=lambda outcome: -outcome[1])[:5]:
        print(f"{seconds:5.1f} s {files[0]} and {len(files) - 1} more of its target")
    problems += [f"{', '.join(map(str, files))}:\n{problem}" for files, _, problem in outcomes if problem]
    if not wanted:
        print(f"{len(chosen)} files; left out for their time: the {len(tests)} files of tests/ (g++ warns about those)")
    sources.finish("clang-tidy", problems)


if __name__ == "__main__":
    main()
