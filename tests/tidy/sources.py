# SPDX-License-Identifier: Apache-2.0
"""The files of the tree, for every check: what git tracks or would track; in a tree without git, what lies there."""

import pathlib
import subprocess
import sys

root = pathlib.Path(__file__).resolve().parents[2]
cpp_suffixes = (".hh", ".cc", ".h", ".c")


def every_file():
    """Paths relative to the root, sorted."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "-C", str(root), "ls-files", "-co", "--exclude-standard", "-z"],
        capture_output=True,
        text=True,
    )
    if listed.returncode == 0:
        paths = [pathlib.PurePosixPath(name) for name in listed.stdout.split("\0") if name]
    else:
        paths = [
            pathlib.PurePosixPath(p.relative_to(root))
            for p in root.rglob("*")
            if not str(p.relative_to(root)).startswith(("build", "."))
        ]
    return sorted(path for path in paths if (root / path).is_file())


def with_suffix(*suffixes):
    return [path for path in every_file() if path.suffix in suffixes]


def text(path):
    return (root / path).read_text(errors="replace")


def is_script(path, interpreter):
    """A program without a suffix, by its first line."""
    return path.suffix == "" and text(path).startswith("#!") and interpreter in text(path).split("\n", 1)[0]


def finish(what, problems):
    """Says what is wrong and ends the program with the verdict."""
    for problem in problems:
        print(problem)
    print(f"{what}: {len(problems)} problem{'' if len(problems) == 1 else 's'}")
    sys.exit(1 if problems else 0)
