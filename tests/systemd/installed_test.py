# SPDX-License-Identifier: Apache-2.0
"""What `meson install` brings: programs that start, units that name them where they are, and the pages that the units
refer to. Usage: installed_test.py BUILD PREFIX"""

import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

prefix = pathlib.PurePosixPath(sys.argv.pop(2)) if len(sys.argv) > 2 else None
build = sys.argv.pop(1) if len(sys.argv) > 1 else None


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        cls.root = pathlib.Path(directory.name)
        # After `sudo meson install` it is root's, and no longer to be written to.
        (pathlib.Path(build) / "meson-logs" / "install-log.txt").unlink(missing_ok=True)
        command = ["meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", cls.root]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        cls.here = cls.root / prefix.relative_to("/")
        cls.units = {file.name: file.read_text() for file in cls.here.glob("lib/systemd/system/*.service")}

    def test_programs_start(self):
        programs = [*self.here.glob("bin/guideway*"), *self.here.glob("sbin/guideway*")]
        self.assertGreaterEqual({file.name for file in programs}, {"guideway", "guidewayd"})
        for program in programs:
            done = subprocess.run([program, "--help"], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, f"{program.name} --help: {done.stderr}")

    def test_units_start_what_is_installed(self):
        self.assertGreaterEqual(set(self.units), {"guidewayd.service", "guideway-datapath.service"})
        for name, unit in self.units.items():
            programs = re.findall(r"^ExecStart(?:Pre)?=(\S+)", unit, re.MULTILINE)
            self.assertTrue(programs, name)
            for program in programs:
                self.assertTrue((self.root / program.lstrip("/")).is_file(), f"{name} starts {program}")

    def test_pages_that_units_name_are_installed(self):
        for name, unit in self.units.items():
            pages = re.findall(r"man:([\w.-]+)\((\d)\)", unit)
            self.assertTrue(pages, name)
            for page, section in pages:
                self.assertTrue(list(self.here.glob(f"share/man/man{section}/{page}.{section}*")), f"{name}: {page}")


if __name__ == "__main__":
    unittest.main()
