# SPDX-License-Identifier: Apache-2.0
"""docs/walk-through.md, done as it stands there: its commands, in order, in a shell of the balancer's namespace,
against running daemons. What README.md and docs/cli.md show is compared, and the service that is left behind serves."""

import re

import lab_case
from lab_case import balancer, topology


def steps_of(page):
    """(command, lines that it is to print) of each `$ ` in the page's console blocks."""
    steps = []
    for block in re.findall(r"^```console\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                steps.append((line[2:], []))
            else:
                steps[-1][1].append(line)
    return steps


def pattern_of(lines):
    """Of what is printed, with one space between words: ... is anything, alone on its line any number of lines."""
    parts = [
        r"(?:.*\n)*" if line == "..." else ".*".join(re.escape(part) for part in re.split(r"\s*\.\.\.\s*", line)) + "\n"
        for line in (" ".join(line.split()) for line in lines)
    ]
    return "".join(parts)


def plain(text):
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "".join(line + "\n" for line in lines if line)


def wait_for_datapath(ours):
    ours.balancer.wait(
        lambda: ours.balancer.ask("status")["datapath"]["connected"], 10, ours.balancer.control, "finds no datapath"
    )


with lab_case.prepared_lab() as (case, ours):
    ours.up()
    ours.start_balancer(services="")
    wait_for_datapath(ours)
    steps = steps_of((balancer.repository / "docs/walk-through.md").read_text())
    case.check(len(steps) >= 12, f"the page has {len(steps)} commands")
    programs = balancer.program("guideway").resolve().parent
    here = f'cd {ours.folder}; export GUIDEWAY_API={ours.balancer.api} PATH="{programs}:$PATH"'
    for command, lines in steps:
        shell = ["ip", "netns", "exec", ours.balancer.namespace, "sh", "-c", f"{here}; {{ {command}; }} 2>&1"]
        said = plain(topology.run(shell, check=False).stdout)
        case.check(re.fullmatch(pattern_of(lines), said), f"$ {command}", said)

    # README.md shows a list with numbers of its own, but with these columns.
    shown = (balancer.repository / "README.md").read_text()
    columns = ours.balancer.call("backend", "list").stdout.splitlines()[0]
    case.check(plain(columns) in plain(shown), "README.md's list has the columns of the real one", columns)

    # So does docs/cli.md show a file of edits; its b2 is no longer here.
    page = (balancer.repository / "docs/cli.md").read_text()
    edits = re.search(r"^```\n(# tonight\n.*?)^```$", page, re.MULTILINE | re.DOTALL)[1]
    file = ours.folder / "edits"
    file.write_text("backend add web 10.0.0.12 --name b2\n" + edits)
    done = ours.balancer.call("batch", file, "--dry-run", check=False)
    said = done.stdout + done.stderr
    case.check("4 edits would be made" in said, "docs/cli.md's file of edits is right", said)

    ours.balancer.wait_up(["web/b1"])
    results = ours.requests(topology.service_ipv4, count=200, ports=200)
    case.check_no_failures(results, "what the page has built serves")
    case.check(set(lab_case.spread(results)) == {"b1"}, "by the backend that it has left", lab_case.spread(results))
