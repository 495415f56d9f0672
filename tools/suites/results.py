# SPDX-License-Identifier: Apache-2.0
"""What a run of `meson test` came to, case by case: the program's verdict from meson's log, the cases inside it from
the XML that GoogleTest wrote or from TAP lines. A program that failed is a failure even if it names no failed case."""

import dataclasses
import json
import pathlib
import re
import xml.etree.ElementTree as ElementTree


@dataclasses.dataclass
class Results:
    passed: int = 0
    failed: list = dataclasses.field(default_factory=list)  # (name, what it said)
    skipped: list = dataclasses.field(default_factory=list)  # (name, reason)

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def sentence(self):
        return f"{self.passed} passed, {len(self.failed)} failed, {len(self.skipped)} skipped"


def last_line(text):
    lines = [line.strip() for line in (text or "").splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"


def tail(text, line_count=80):
    return "\n".join((text or "").rstrip().splitlines()[-line_count:])


def gtest_cases(name, path: pathlib.Path, results: Results):
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        case_name = f"{name}: {case.get('classname')}.{case.get('name')}"
        failures = [node.get("message") or node.text or "" for node in case.findall("failure")]
        skip = case.find("skipped")
        if failures:
            results.failed.append((case_name, tail("\n".join(failures))))
        elif skip is not None:
            results.skipped.append((case_name, last_line(skip.get("message") or skip.text)))
        elif case.get("status") == "notrun":
            results.skipped.append((case_name, "disabled in the source"))
        else:
            results.passed += 1


tap_line = re.compile(r"^(not )?ok\b(?:\s+\d+)?(?:\s*-?\s*(.*?))?(?:\s+#\s*skip\S*\s*(.*))?$", re.IGNORECASE)


def tap_cases(name, output, results: Results):
    for line in output.splitlines():
        match = tap_line.match(line)
        if not match:
            continue
        failed, case, skip = match.groups()
        case_name = f"{name}: {case or ''}".rstrip(": ")
        if skip is not None:
            results.skipped.append((case_name, skip or "no reason given"))
        elif failed:
            results.failed.append((case_name, ""))
        else:
            results.passed += 1


def read_run(build: pathlib.Path, log: pathlib.Path) -> Results:
    """What the run that wrote `log` (meson's JSON lines) in `build` came to."""
    results = Results()
    for line in log.read_text().splitlines():
        test = json.loads(line)
        name = test["name"].split(" / ")[-1]
        output = (test.get("stdout") or "") + (test.get("stderr") or "")
        verdict = test["result"]
        inside = Results()
        xml = build / f"{name}.xml"
        try:
            if xml.exists():
                gtest_cases(name, xml, inside)
            elif re.search(r"^1\.\.\d+", output, re.MULTILINE):
                tap_cases(name, output, inside)
        except ElementTree.ParseError:
            inside = Results()
        if verdict == "SKIP":
            inside = Results(skipped=[(name, last_line(output))])
        elif verdict not in ("OK", "EXPECTEDFAIL"):
            if inside.failed:
                inside.failed[0] = (inside.failed[0][0], inside.failed[0][1] + "\n" + tail(output))
            else:
                inside.failed.append((name, f"{verdict}, exit code {test.get('returncode')}\n{tail(output)}"))
        elif inside.passed + len(inside.skipped) + len(inside.failed) == 0:
            inside.passed = 1
        results.add(inside)
    return results
