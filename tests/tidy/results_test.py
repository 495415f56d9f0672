# SPDX-License-Identifier: Apache-2.0
"""tools/suites counts what tests came to: it must not take a crash, a timeout or a skip for a pass."""

import json
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools" / "suites"))
import results  # noqa: E402

gtest_xml = """<testsuites><testsuite name="S">
<testcase classname="S" name="good" status="run"/>
<testcase classname="S" name="bad" status="run"><failure message="1 is not 2"/></testcase>
<testcase classname="S" name="left_out" status="run"><skipped message="a.cc:7&#x0A;no huge pages here"/></testcase>
<testcase classname="S" name="off" status="notrun"/>
</testsuite></testsuites>"""


class CountingTest(unittest.TestCase):
    def read(self, *tests, xml=None):
        with tempfile.TemporaryDirectory() as folder:
            build = pathlib.Path(folder)
            if xml:
                (build / "cases.xml").write_text(xml)
            log = build / "log.json"
            log.write_text("".join(json.dumps(test) + "\n" for test in tests))
            return results.read_run(build, log)

    def test_counts_the_cases_of_a_program(self):
        came_to = self.read(
            {"name": "unit / cases", "result": "FAIL", "stdout": "said", "returncode": 1}, xml=gtest_xml
        )
        self.assertEqual(came_to.sentence(), "1 passed, 1 failed, 2 skipped")
        self.assertIn("1 is not 2", came_to.failed[0][1])
        self.assertIn("said", came_to.failed[0][1])
        self.assertEqual(came_to.skipped[0][1], "no huge pages here")

    def test_a_crash_without_a_failed_case_is_a_failure(self):
        for verdict in ("FAIL", "ERROR", "TIMEOUT", "INTERRUPT"):
            came_to = self.read({"name": "cases", "result": verdict, "stdout": "", "returncode": -11})
            self.assertEqual(came_to.sentence(), "0 passed, 1 failed, 0 skipped", verdict)

    def test_a_skip_carries_its_reason(self):
        came_to = self.read({"name": "netns / x", "result": "SKIP", "stdout": "ok 1\n\nskipped: needs root\n"})
        self.assertEqual(came_to.skipped, [("x", "skipped: needs root")])

    def test_tap_lines_are_cases(self):
        said = "ok 1 - first\nnot ok 2 - second\n# why\nok 3 - third # SKIP no tunnels\n1..3\n"
        came_to = self.read({"name": "x", "result": "FAIL", "stdout": said, "returncode": 1})
        self.assertEqual(came_to.sentence(), "1 passed, 1 failed, 1 skipped")
        self.assertEqual(came_to.skipped, [("x: third", "no tunnels")])

    def test_a_plain_program_is_one_case(self):
        self.assertEqual(
            self.read({"name": "x", "result": "OK", "stdout": "fine"}).sentence(), "1 passed, 0 failed, 0 skipped"
        )


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])  # like every check here it may be given the build directory
