# SPDX-License-Identifier: Apache-2.0
"""A manual page from its text, with what the program or the reference says itself put in: make_page.py TEXT (--help-of
PROGRAM | --file FILE). Takes the place of the line @HERE@."""

import pathlib
import subprocess
import sys


def troff(text):
    """Lines that stay as they are, without anything that troff would take for its own."""
    lines = text.replace("\\", "\\e").replace("-", "\\-").splitlines()
    lines = ["\\&" + line if line[:1] in (".", "'") else line for line in lines]
    return "\n".join([".nf", *lines, ".fi"])


def main():
    page, kind, source = sys.argv[1:]
    if kind == "--help-of":
        said = subprocess.run([source, "--help"], check=True, capture_output=True, text=True).stdout
    else:
        said = pathlib.Path(source).read_text(encoding="utf-8")
    text = pathlib.Path(page).read_text(encoding="utf-8")
    if text.count("\n@HERE@\n") != 1:
        sys.exit(f"{page}: the line @HERE@ must stand there once")
    sys.stdout.write(text.replace("\n@HERE@\n", "\n" + troff(said) + "\n"))


if __name__ == "__main__":
    main()
