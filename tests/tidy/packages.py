# SPDX-License-Identifier: Apache-2.0
"""tools/install_dependencies.sh names every Debian package that the tree uses: programs that Python and C++ start,
Python modules, headers, pkg-config modules. What is only there because another package happens to need it is not there
for sure. What a named package needs counts as named if both are of one source, and for headers in any case."""

import ast
import importlib.util
import pathlib
import re
import shutil
import sys

import sources

dpkg = pathlib.Path("/var/lib/dpkg")
program_path = "/usr/sbin:/usr/bin:/sbin:/bin"
# What a package is for, though others have the files.
comes_with = {"gcc": "build-essential", "g++": "build-essential", "epmd": "rabbitmq-server"}
# Words that begin a list and are a program as well, on machines that have it.
plain_words = {"file", "host", "smtp", "time"}
header = re.compile(r"^\s*#\s*include\s+<([^>]+)>", re.MULTILINE)
module = re.compile(r"\bdependency\('([^']+)'")
first_of_list = re.compile(r'\{"([a-z][\w.+-]*)"')
shell_text = re.compile(r'(?:system|popen)\(\(*"([^"\s]+)')


def listed_packages(script):
    return set(re.search(r'^packages="(.*?)"', script, re.MULTILINE | re.DOTALL)[1].split())


def same_file(path):
    """Since /bin is /usr/bin, packages and we may name a file by either."""
    return str(path).removeprefix("/usr")


class Installed:
    """What dpkg knows of this machine."""

    def __init__(self):
        self.source, self.needs, self.is_everywhere, self.owner = {}, {}, set(), {}
        for stanza in (dpkg / "status").read_text().split("\n\n"):
            field = dict(re.findall(r"^([A-Za-z-]+): (.*)$", stanza, re.MULTILINE))
            name = field.get("Package")
            if not name or not field["Status"].endswith(" installed"):
                continue
            self.source[name] = field.get("Source", name).split()[0]
            needs = ", ".join(field.get(key, "") for key in ("Pre-Depends", "Depends"))
            self.needs[name] = set(re.findall(r"(?:^|[,|] )([a-z0-9.+-]+)", needs))
            if field.get("Essential") == "yes" or field.get("Priority") == "required":
                self.is_everywhere.add(name)
        for listing in (dpkg / "info").glob("*.list"):
            package = listing.stem.split(":")[0]
            for line in listing.read_text().splitlines():
                self.owner.setdefault(same_file(line), package)

    def package_of(self, path):
        return self.owner.get(same_file(path)) or self.owner.get(same_file(pathlib.Path(path).resolve()))

    def covered(self, packages):
        """Those, what each of them needs of its own source, and what every Debian has."""
        own = {need for name in packages for need in self.needed_by([name])
               if self.source.get(need, "") == self.source.get(name)}
        return self.is_everywhere | packages | own

    def needed_by(self, packages):
        found, fresh = set(), set(packages)
        while fresh:
            found |= fresh
            fresh = {need for name in fresh for need in self.needs.get(name, ())} - found
        return found


def python_files():
    return [p for p in sources.every_file() if p.suffix == ".py" or sources.is_script(p, "python3")]


def programs_of_python(content):
    """Words that begin a list, and what which() is asked for."""
    for node in ast.walk(ast.parse(content)):
        first = node.elts if isinstance(node, ast.List) else []
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "which":
            first = node.args
        if first and isinstance(first[0], ast.Constant) and isinstance(first[0].value, str):
            yield first[0].value


def modules_of_python(content):
    for node in ast.walk(ast.parse(content)):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        yield from (name.split(".")[0] for name in names)


def used_programs():
    """Program -> a file that starts it."""
    used = {}
    for path in python_files():
        used |= {word: path for word in programs_of_python(sources.text(path))}
    for path in sources.with_suffix(".cc", ".hh"):
        content = sources.text(path)
        used |= {word: path for word in first_of_list.findall(content) + shell_text.findall(content)}
    return {word: path for word, path in used.items() if word not in plain_words}


def files_used():
    """(file of the machine, what it is, a file of the tree that uses it), for what has to be named itself."""
    for word, user in used_programs().items():
        found = shutil.which(word, path=program_path) if "/" not in word else None
        if found:
            yield found, word, user
    own = {path.stem for path in sources.with_suffix(".py")} | {"testbed", "measuring", "suites"}
    for path in python_files():
        for name in set(modules_of_python(sources.text(path))) - own - sys.stdlib_module_names:
            spec = importlib.util.find_spec(name)
            yield spec.origin if spec else None, f"Python's module {name}", path


def headers_used():
    """The same for what a named package may bring by its dependencies."""
    for path in sources.with_suffix(*sources.cpp_suffixes):
        for name in set(header.findall(sources.text(path))):
            yield pathlib.Path("/usr/include") / name, f"<{name}>", path
    for path in (p for p in sources.every_file() if p.name == "meson.build"):
        for name in module.findall(sources.text(path)):
            folders = [pathlib.Path(p) for p in ("/usr/share/pkgconfig", "/usr/lib/x86_64-linux-gnu/pkgconfig")]
            yield next((f for f in (d / f"{name}.pc" for d in folders) if f.exists()), ""), name, path


def unnamed(uses, installed, packages):
    problems = {}
    for file, what, user in uses:
        package = installed.package_of(file) if file else None
        if package and package not in packages and comes_with.get(what) not in packages:
            problems[what] = f"{user} uses {what}: tools/install_dependencies.sh does not name {package}"
    return list(problems.values())


def main():
    if not (dpkg / "status").exists():
        print("skipped: this machine has no dpkg")
        sys.exit(77)
    packages = listed_packages(sources.text("tools/install_dependencies.sh"))
    installed = Installed()
    named = installed.covered(packages)
    problems = unnamed(files_used(), installed, named)
    problems += unnamed(headers_used(), installed, named | installed.needed_by(packages))
    if not unnamed(files_used(), installed, installed.covered(packages - {"curl"})):
        problems.append("the checker does not see that curl is not named")
    sources.finish("packages", problems)


if __name__ == "__main__":
    main()
