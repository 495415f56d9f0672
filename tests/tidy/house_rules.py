# SPDX-License-Identifier: Apache-2.0
"""What is checked by reading a file: licence line and head, names, columns, conflict markers, leftover notes."""

import pathlib
import re

import sources

empty_names = {"utils", "util", "common", "helpers", "helper", "manager", "misc"}
licence = "SPDX-License-Identifier: "
column_limit = 120
# Files that carry a head; data, generated captures and licences do not.
headed = {".hh", ".cc", ".h", ".c", ".py", ".sh", ".toml", ".build"}
licences = {"ebpf": "GPL-2.0-only OR BSD-2-Clause"}


def head_problems(path, content):
    lines = content.splitlines()
    start = 1 if lines and lines[0].startswith("#!") else 0
    if len(lines) <= start or licence not in lines[start]:
        return [f"{path}: no `{licence}...` line at its top"]
    folder = next((part for part in path.parts if part in licences), None)
    wanted = licences[folder] if folder and path.suffix in (".h", ".c") else "Apache-2.0"
    if wanted not in lines[start]:
        return [f"{path}: its licence should be {wanted}"]
    if path.suffix in sources.cpp_suffixes + (".py",):
        said = lines[start + 1].strip() if len(lines) > start + 1 else ""
        if not said.startswith(("//", "/*", "*", '"""', "#")) or said in ("//", "#"):
            return [f"{path}: no sentence under the licence line says what the file is"]
    return []


def name_problems(path):
    words = {word for part in path.parts for word in re.split(r"[_.-]", part)}
    bad = sorted(words & empty_names)
    return [f"{path}: the name says nothing: {', '.join(bad)}"] if bad else []


def line_problems(path, content):
    problems = []
    for number, line in enumerate(content.splitlines(), 1):
        if len(line) > column_limit:
            problems.append(f"{path}:{number}: {len(line)} columns, {column_limit} are the limit")
        if re.match(r"^(<{7}|>{7}|={7}$)", line):
            problems.append(f"{path}:{number}: a merge was left unfinished")
        if re.search(r"\b(FIX" r"ME|XX" r"X|TO" r"DO)\b", line):
            problems.append(f"{path}:{number}: a note to do something later; do it, or open an issue")
        if line.rstrip() != line and path.suffix != ".md":
            problems.append(f"{path}:{number}: blanks at the end of the line")
    if content and not content.endswith("\n"):
        problems.append(f"{path}: its last line has no end")
    return problems


def has_head(path):
    return (
        path.suffix in headed
        or path.name == "meson_options.txt"
        or sources.is_script(path, "sh")
        or sources.is_script(path, "python3")
    )


def main():
    canary = pathlib.PurePosixPath("dataplane/net/string_utils.hh")
    problems = []
    if (
        not name_problems(canary)
        or not head_problems(canary, "int x;\n")
        or not line_problems(canary, "x" * 121 + "\n")
    ):
        problems.append("the checker finds nothing wrong with a file where everything is")
    for path in sources.every_file():
        if path.suffix in {".pcap", ".bin"} or "corpus" in path.parts or path.name == "LICENSE":
            continue
        problems += name_problems(path)
        content = sources.text(path)
        if has_head(path):
            problems += head_problems(path, content)
        if path.suffix in {".hh", ".cc", ".h", ".c", ".py", ".sh"} or path.suffix == "" and has_head(path):
            problems += line_problems(path, content)
    sources.finish("house rules", problems)


if __name__ == "__main__":
    main()
