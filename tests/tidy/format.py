# SPDX-License-Identifier: Apache-2.0
"""clang-format has nothing to change in any C or C++ file. `--fix` changes them."""

import subprocess
import sys

import sources


def main():
    files = [str(path) for path in sources.with_suffix(*sources.cpp_suffixes)]
    if sys.argv[1:] == ["--fix"]:
        sys.exit(subprocess.run(["clang-format", "-i", *files], cwd=sources.root).returncode)
    done = subprocess.run(["clang-format", "--dry-run", *files], cwd=sources.root, capture_output=True, text=True)
    places = [line.split(" warning:")[0] for line in done.stderr.splitlines() if "[-Wclang-format-violations]" in line]
    changed = sorted({place.split(":")[0] for place in places})
    problems = [f"{file}: clang-format would change it (tests/tidy/format.py --fix)" for file in changed]
    if done.returncode != 0:
        problems.append(done.stderr)
    sources.finish("format", problems)


if __name__ == "__main__":
    main()
