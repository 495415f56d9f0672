#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the folders of tests/cases from their definitions: make_cases.py FOLDER [NAME ...]; without names, all.

`make_cases.py --list` names them. tools/case is the front door."""
import importlib
import pathlib
import sys

from case_maker import Case, registry

# Each registers its cases.
for path in sorted(pathlib.Path(__file__).parent.glob("cases_*.py")):
    importlib.import_module(path.stem)


def make(name):
    why, fill = registry[name]
    made = Case(name, why)
    fill(made)
    return made


def main(arguments):
    if arguments == ["--list"]:
        for name in sorted(registry):
            print(f"{name:32} {registry[name][0]}")
        return 0
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    folder, names = arguments[0], arguments[1:] or sorted(registry)
    unknown = [name for name in names if name not in registry]
    if unknown:
        print(f"there is no case {', '.join(unknown)}; see --list", file=sys.stderr)
        return 2
    for name in names:
        make(name).write(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
