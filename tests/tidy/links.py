# SPDX-License-Identifier: Apache-2.0
"""Links between the documents lead somewhere, every folder at the top tells what it is, and a README with a table of
folders names them all."""

import pathlib
import re

import sources

link = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def broken_links(path, content):
    targets = [target for target in link.findall(content) if "://" not in target]
    folder = (sources.root / path).parent
    return [f"{path}: {target} is not there" for target in targets if not (folder / target).exists()]


def unnamed_folders(readme, folders):
    """Of these folders beside a README, those that are not in its table; none if it has no such table."""
    named = set(re.findall(r"^\| `([a-z_]+)`", sources.text(readme), re.MULTILINE))
    return sorted(folders - named) if named & folders else []


def main():
    problems = []
    if not broken_links("README.md", "[x](no/such/file.md)"):
        problems.append("the checker does not see a broken link")
    for path in sources.with_suffix(".md"):
        problems += broken_links(path, sources.text(path))
    folders = {
        path.parts[0] for path in sources.every_file() if len(path.parts) > 1 and not path.parts[0].startswith(".")
    }
    problems += [
        f"{folder}: no README.md" for folder in sorted(folders) if not (sources.root / folder / "README.md").exists()
    ]
    for folder in sorted(folders):
        beside = {p.parts[1] for p in sources.every_file() if len(p.parts) > 2 and p.parts[0] == folder}
        readme = pathlib.PurePosixPath(folder) / "README.md"
        if (sources.root / readme).exists():
            problems += [f"{readme}: its table lacks {name}" for name in unnamed_folders(readme, beside)]
    sources.finish("links", problems)


if __name__ == "__main__":
    main()
