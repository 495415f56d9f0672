# SPDX-License-Identifier: Apache-2.0
"""The manual pages as they were built: troff takes each without a word, and each has what its reader looks for."""

import pathlib
import re
import subprocess
import sys

root = pathlib.Path(__file__).resolve().parents[2]
folder = pathlib.Path(sys.argv[1])
# Beside these every page has a name and says where to read on.
sections = {
    "guideway.1": ["FIRST STEPS", "COMMANDS", "EXIT STATUS", "FILES"],
    "guidewayd.8": ["OPTIONS", "SIGNALS", "FILES", "EXIT STATUS"],
    "guideway-dpdk.8": ["OPTIONS"],
    "guideway-xdp.8": ["OPTIONS"],
    "guideway.toml.5": ["KEYS"],
}
options = {"guidewayd.8": ["--config"], "guideway-dpdk.8": ["--port"], "guideway-xdp.8": ["--interface"]}
mistakes = []


def shown(page):
    done = subprocess.run(
        ["groff", "-man", "-Tascii", "-P-c", "-P-b", "-P-u", "-wall", str(page)], capture_output=True, text=True
    )
    if done.returncode != 0 or done.stderr:
        mistakes.append(f"{page.name}: groff says: {done.stderr}")
    return done.stdout


pages = sorted(folder.glob("*.[158]"))
for page in pages:
    text = shown(page)
    for section in ["NAME", *sections[page.name], "SEE ALSO"]:
        if not re.search(f"^{section}$", text, re.MULTILINE):
            mistakes.append(f"{page.name} has no section {section}")
    for option in options.get(page.name, []):
        if not re.search(rf"^ +(-\w,\s*)?{option}\b", text, re.MULTILINE):
            mistakes.append(f"{page.name} does not have {option}")
    if page.name == "guideway.toml.5":
        keys = set(re.findall(r"^#? ?(\w+) = ", (root / "configs/reference.toml").read_text(), re.MULTILINE))
        mistakes += [f"{page.name} does not have {key}" for key in sorted(keys) if f"{key} =" not in text]
        if len(keys) < 50:
            mistakes.append(f"only {len(keys)} keys were found in the reference")
    for name, section in re.findall(r"([a-z.-]+)\((\d)\)", text[text.rfind("SEE ALSO") :]):
        if not list(folder.glob(f"{name}.{section}")) and not (root / f"docs/man/{name}.{section}.in").exists():
            mistakes.append(f"{page.name} sends readers to {name}({section}), which is not there")
if not {"guideway.1", "guidewayd.8", "guideway.toml.5"} <= {page.name for page in pages}:
    mistakes.append(f"pages are missing: {[page.name for page in pages]}")
print("\n".join(mistakes) or f"{len(pages)} pages")
sys.exit(1 if mistakes else 0)
