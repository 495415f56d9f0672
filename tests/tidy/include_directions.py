# SPDX-License-Identifier: Apache-2.0
"""Holds every #include of ours to include_rules.txt."""

import pathlib
import re

import sources

include = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|(<[^>]+>))', re.MULTILINE)
# Without a directory and without ".h": the C++ standard library. C's own headers are free as well.
standard = re.compile(
    r"^<[a-z_0-9]+>$|^<(errno|stdint|stddef|stdlib|stdio|string|limits|assert|signal|math|ctype|inttypes)\.h>$"
)


def read_rules():
    """Folder or file -> what it may include; folder -> what it never may."""
    allowed, never = {}, {}
    for line in (pathlib.Path(__file__).with_name("include_rules.txt")).read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        target = allowed
        if line.startswith("never "):
            target, line = never, line.removeprefix("never ")
        where, _, names = line.partition(":")
        target[where] = names.split()
    return allowed, never


def covers(rule, name):
    """Whether a rule's word stands for an included name."""
    if rule.startswith("<"):
        return name.startswith(rule.rstrip(">")) if rule.endswith(("/>", "_>")) else name == rule
    return name == rule or name.startswith(rule[:-1] if rule.endswith("*") else rule + "/")


def rule_of(path, rules):
    fitting = [where for where in rules if covers(where, str(path))]
    return max(fitting, key=len, default=None)


def check(path, content, allowed, never):
    where = rule_of(path, allowed)
    if where is None:
        return [f"{path}: no line of include_rules.txt covers it"]
    forbidden = never.get(rule_of(path, never), [])
    problems = []
    for match in include.finditer(content):
        name = match.group(1) or match.group(2)
        line = content.count("\n", 0, match.start()) + 1
        own = not name.startswith("<") and str(pathlib.PurePosixPath(name).parent) == str(path.parent)
        if name not in allowed[where] and any(covers(rule, name) for rule in forbidden):
            problems.append(f"{path}:{line}: {name} is never to be included here")
        elif not (own or standard.match(name) or any(covers(rule, name) for rule in allowed[where])):
            problems.append(f"{path}:{line}: {where} may not include {name}")
        elif not name.startswith("<") and not any((sources.root / f"{name}{end}").exists() for end in ("", ".in")):
            problems.append(f"{path}:{line}: {name} is not a path from the root of the tree")
    return problems


def main():
    allowed, never = read_rules()
    # The check itself must be able to fail.
    canary = check(
        pathlib.PurePosixPath("dataplane/net/canary.hh"), '#include "controlplane/config/schema.hh"\n', allowed, never
    )
    problems = [] if canary else ["the checker lets dataplane/net include controlplane/config"]
    for path in sources.with_suffix(*sources.cpp_suffixes):
        problems += check(path, sources.text(path), allowed, never)
    sources.finish("include directions", problems)


if __name__ == "__main__":
    main()
