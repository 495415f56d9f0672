# SPDX-License-Identifier: Apache-2.0
"""Every header compiles by itself: ours as C++20, those of ebpf/abi as C, as C++ and as BPF."""

import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys

import sources


def dependency_flags(build):
    """Where the compiler found other people's headers when it built this tree."""
    flags = []
    for entry in json.loads((build / "compile_commands.json").read_text()):
        words = entry["command"].split()
        for word in words:
            if (word.startswith("-isystem") or word.startswith("-I/")) and word not in flags:
                flags.append(word)
    return flags


def compiled(job):
    label, command, header = job
    # Twice: a header must also bear to be included again.
    done = subprocess.run(
        [*command, "-"],
        input=f'#include "{header}"\n#include "{header}"\n',
        cwd=sources.root,
        capture_output=True,
        text=True,
    )
    return None if done.returncode == 0 else f"{header} does not stand alone as {label}:\n{done.stderr[-2000:]}"


def main():
    build = pathlib.Path(sys.argv[1])
    # As the build: members that are left out of an initialiser have the value that their class says.
    warnings = ["-Wall", "-Wextra", "-Wno-missing-field-initializers", "-Werror", "-I."]
    cpp = ["g++", "-std=c++20", "-fsyntax-only", "-x", "c++", *warnings, *dependency_flags(build)]
    abi = {
        "C": ["gcc", "-std=gnu11", "-fsyntax-only", "-x", "c", *warnings],
        "C++": ["g++", "-std=c++20", "-fsyntax-only", "-x", "c++", *warnings],
        "BPF": ["clang", "-target", "bpf", "-O2", "-fsyntax-only", "-x", "c", *warnings],
    }
    multiarch = subprocess.run(["gcc", "-print-multiarch"], capture_output=True, text=True).stdout.strip()
    abi["BPF"] += ["-idirafter", f"/usr/include/{multiarch}"]
    jobs = []
    for path in sources.with_suffix(".hh", ".h"):
        if path.is_relative_to("ebpf/abi"):
            jobs += [(label, command, path) for label, command in abi.items()]
        elif path.suffix == ".hh":
            jobs.append(("C++", cpp, path))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        problems = [problem for problem in pool.map(compiled, jobs) if problem]
    print(f"{len(jobs)} compilations")
    sources.finish("headers", problems)


if __name__ == "__main__":
    main()
