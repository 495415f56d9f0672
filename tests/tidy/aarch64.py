# SPDX-License-Identifier: Apache-2.0
"""The packet path compiles for aarch64: every file of it through clang's front end, which needs no other machine but
that machine's headers (libc6-dev-arm64-cross, libstdc++-12-dev-arm64-cross)."""

import concurrent.futures
import os
import subprocess
import sys

import sources

folders = ("dataplane/base", "dataplane/net", "dataplane/forwarding", "dataplane/pipeline", "dataplane/ports",
           "dataplane/worker")
# Compiled for one kind of processor, and only there; and what DPDK's headers of this machine would be needed for.
left_out = ("flow_hash_avx", "dpdk_")
command = ["clang++", "--target=aarch64-linux-gnu", "-fsyntax-only", "-std=c++20", "-fno-exceptions", "-I.",
           "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wno-missing-field-initializers", "-Werror"]


def compiles(path):
    done = subprocess.run([*command, str(path)], capture_output=True, text=True, cwd=sources.root, check=False)
    return None if done.returncode == 0 else f"{path} does not compile for aarch64:\n{done.stderr}"


def lacks_headers():
    probe = subprocess.run([*command, "-x", "c++", "-"], input="#include <vector>\n#include <sys/mman.h>\n",
                           capture_output=True, text=True, cwd=sources.root, check=False)
    return probe.returncode != 0


def main():
    if lacks_headers():
        print("skipped: clang finds no headers for aarch64; install libc6-dev-arm64-cross libstdc++-12-dev-arm64-cross")
        sys.exit(77)
    files = [path for path in sources.every_file()
             if path.suffix == ".cc" and str(path.parent) in folders and not path.name.startswith(left_out)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        problems = [problem for problem in pool.map(compiles, files) if problem]
    print(f"{len(files)} files")
    sources.finish("aarch64", problems)


if __name__ == "__main__":
    main()
