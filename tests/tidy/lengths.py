# SPDX-License-Identifier: Apache-2.0
"""A ratchet on length: files of more than 300 lines and functions of more than 60 may not grow, and no new ones appear.
Functions are found by clang-format's own layout: what begins in column 0 with a brace ends with one in column 0."""

import pathlib
import re
import sys

import sources

file_lines_max = 300
function_lines_max = 60
allowance = pathlib.Path(__file__).with_name("lengths.txt")
not_functions = re.compile(r"^(namespace|extern|struct|class|enum|union|template <[^>]*>\s*(struct|class)|//|/\*|#)")


def cpp_functions(content):
    """(name, lines) of functions at namespace level, and of functions inside of classes (indented by two)."""
    for indent in ("", "  "):
        begin, name = None, None
        for number, line in enumerate(content.splitlines()):
            if line.startswith(indent) and len(line) > len(indent) and line[len(indent)] not in " }":
                head = line[len(indent) :]
                match = None if not_functions.match(head) else re.search(r"([\w:~]+(?:<=>|[=+\-*/<>!()\[\]]*))\(", head)
                if match:
                    begin, name = number, match.group(1)
                elif head[0] not in ":(":
                    begin = None
            elif line.rstrip() == indent + "}" and begin is not None:
                yield name, number - begin + 1
                begin = None


def python_functions(content):
    lines = content.splitlines()
    for number, line in enumerate(lines):
        match = re.match(r"( *)(?:async )?def (\w+)", line)
        if match:
            indent, end = len(match.group(1)), number
            for later in range(number + 1, len(lines)):
                text = lines[later]
                if text.strip() and len(text) - len(text.lstrip()) <= indent and not text.lstrip().startswith(")"):
                    break
                end = later if text.strip() else end
            yield match.group(2), end - number + 1


def long_ones():
    """What is too long -> how long: "path" for files, "path function" for functions."""
    found = {}
    for path in sources.every_file():
        cpp = path.suffix in sources.cpp_suffixes
        if not cpp and path.suffix != ".py":
            continue
        content = sources.text(path)
        if content.count("\n") > file_lines_max:
            found[str(path)] = content.count("\n")
        for name, lines in cpp_functions(content) if cpp else python_functions(content):
            if lines > function_lines_max:
                key = f"{path} {name}"
                found[key] = max(lines, found.get(key, 0))
    return found


def main():
    found = long_ones()
    head = [line for line in allowance.read_text().splitlines() if line.startswith("#")]
    if sys.argv[1:] == ["--write"]:
        allowance.write_text("\n".join(head + [f"{lines} {key}" for key, lines in sorted(found.items())]) + "\n")
        return
    allowed = {}
    for line in allowance.read_text().splitlines():
        if line and not line.startswith("#"):
            lines, key = line.split(" ", 1)
            allowed[key] = int(lines)
    problems = []
    canary = "void f(int x) {\n" + "  x++;\n" * 70 + "}\n"
    if [lines for _, lines in cpp_functions(canary)] != [72]:
        problems.append("the checker does not see a function of 72 lines")
    for key, lines in sorted(found.items()):
        limit = function_lines_max if " " in key else file_lines_max
        if lines > allowed.get(key, limit):
            problems.append(f"{key}: {lines} lines, it may have {allowed.get(key, limit)}")
    for key in sorted(set(allowed) - set(found)):
        problems.append(f"{key}: short by now; take it out of tests/tidy/lengths.txt")
    sources.finish("lengths", problems)


if __name__ == "__main__":
    main()
