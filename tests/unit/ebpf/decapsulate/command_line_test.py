# SPDX-License-Identifier: Apache-2.0
"""guideway-decapsulate refuses what it cannot do in one sentence that says why, and what to do. Nothing here needs root
or touches an interface: every call fails before."""

import subprocess
import sys
import unittest

PROGRAM = sys.argv.pop(1) if len(sys.argv) > 1 else None


class CommandLineTest(unittest.TestCase):
    def refuse(self, code, *words):
        done = subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=20)
        self.assertEqual(done.returncode, code, done)
        self.assertEqual(done.stdout, "")
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertTrue(done.stderr.startswith("guideway-decapsulate: "), done.stderr)
        return done.stderr

    def attach(self, *words, interface="lo"):
        return self.refuse(2, "attach", "--interface", interface, "--bpffs", "/nowhere", *words)

    def test_usage(self):
        self.assertIn("subcommand", self.refuse(2))
        self.assertIn("--interface", self.refuse(2, "attach", "--allow", "10.0.0.0/8"))
        self.assertIn("--allow for tunnels, or --dscp", self.attach())
        self.assertIn("--mode", self.attach("--allow", "10.0.0.0/8", "--mode", "fast"))
        for port in ("0", "65536", "-1", "x"):
            self.assertIn("--gue-port", self.attach("--allow", "10.0.0.0/8", "--gue-port", port))
        for key in ("4294967296", "x"):
            self.assertIn("--gre-key", self.attach("--allow", "10.0.0.0/8", "--gre-key", key))

    def test_prefixes(self):
        for text in ("10.0.0", "fd00::/129", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8x", "10.0.0.0/-1", "name", ""):
            self.assertIn("prefix", self.attach("--allow", text))
        self.assertIn("bits behind", self.attach("--allow", "10.0.0.1/24"))
        self.assertIn("bits behind", self.attach("--allow", "fd00::1/64"))

    def test_dscp(self):
        local = ("--local", "10.0.0.11")
        for text in ("0=192.0.2.10", "64=192.0.2.10", "x=192.0.2.10", "=192.0.2.10", "-1=192.0.2.10", "1x=192.0.2.10"):
            self.assertIn("from 1 to 63", self.attach("--dscp", text, *local))
        for text in ("10=", "10=192.0.2", "10=192.0.2.10/32", "10=name"):
            self.assertIn("is not an address", self.attach("--dscp", text, *local))
        self.assertIn("DSCP=ADDRESS", self.attach("--dscp", "192.0.2.10", *local))
        twice = ("--dscp", "10=192.0.2.10", "--dscp", "10=2001:db8::10", "--dscp", "10=192.0.2.11")
        self.assertIn("10=192.0.2.10 and 10=192.0.2.11", self.attach(*twice, *local))
        self.assertIn("--dscp needs --local", self.attach("--dscp", "10=192.0.2.10"))
        self.assertIn("--local needs --dscp", self.attach("--allow", "10.0.0.1", *local))
        self.assertIn("--local: 10.0.0", self.attach("--dscp", "10=192.0.2.10", "--local", "10.0.0"))

    def test_no_such_interface(self):
        said = self.refuse(1, "attach", "--interface", "nonesuch0", "--allow", "10.0.0.0/8")
        self.assertIn("no interface nonesuch0", said)
        for command in ("detach", "status"):
            self.assertIn("no interface nonesuch0", self.refuse(1, command, "--interface", "nonesuch0"))

    def test_nothing_attached(self):
        for command in ("detach", "status"):
            said = self.refuse(1, command, "--interface", "lo", "--bpffs", "/nowhere")
            self.assertIn("nothing is attached to lo", said)

    def test_help(self):
        done = subprocess.run([PROGRAM, "attach", "--help"], capture_output=True, text=True, timeout=20)
        self.assertEqual(done.returncode, 0)
        self.assertIn("--allow", done.stdout)


if __name__ == "__main__":
    unittest.main()
