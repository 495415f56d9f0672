# SPDX-License-Identifier: Apache-2.0
"""Unit tests mirror the tree: a test in tests/unit/FOLDER is about the code in FOLDER, is built by that folder's
meson.build, has a name of its own, and every folder with code in it has tests."""

import collections
import pathlib
import re

import sources

unit = pathlib.PurePosixPath("tests/unit")
# Programs: tests/netns and tests/replay run them as they are.
tested_as_a_whole = {"dataplane/dpdk", "dataplane/xdp_datapath", "controlplane/daemon", "controlplane/replay"}


def main():
    files = sources.every_file()
    problems = []
    code_folders = {str(p.parent) for p in files if p.suffix == ".cc" and p.parts[0] in ("dataplane", "controlplane")}
    tests = [p for p in files if p.is_relative_to(unit) and p.suffix == ".cc"]
    tested = {str(p.parent.relative_to(unit)) for p in tests}
    for folder in sorted(tested - code_folders - {str(p.parent) for p in files if p.suffix in (".hh", ".h")}):
        problems.append(f"{unit / folder}: there is no folder {folder} with code in it")
    for folder in sorted(code_folders - tested - tested_as_a_whole):
        problems.append(f"{folder}: no unit test in {unit / folder}")
    for path in tests:
        build = path.parent / "meson.build"
        if build not in files or path.name not in sources.text(build) and path.stem not in sources.text(build):
            problems.append(f"{path}: {build} does not build it")
    # GoogleTest writes its results into NAME.xml: two tests of one name would overwrite each other's.
    names = collections.Counter()
    for path in files:
        if path.name == "meson.build" and path.parts[0] == "tests":
            names.update(re.findall(r"\btest\(\s*'([^']+)'", sources.text(path)))
    problems += [f"{count} tests are called {name}" for name, count in sorted(names.items()) if count > 1]
    sources.finish("mirror", problems)


if __name__ == "__main__":
    main()
