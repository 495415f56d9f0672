# SPDX-License-Identifier: Apache-2.0
"""A test in a network namespace of its own, with a pair of interfaces, left and right, and a folder."""

import os
import pathlib
import subprocess
import tempfile
import unittest


def run(*command, check=True, **how):
    return subprocess.run(list(map(str, command)), check=check, capture_output=True, text=True, **how)


class VethCase(unittest.TestCase):
    def setUp(self):
        self.namespace = f"gwx{os.getpid()}"
        run("ip", "netns", "add", self.namespace)
        self.addCleanup(run, "ip", "netns", "del", self.namespace)
        self.ip("link", "add", "left", "type", "veth", "peer", "name", "right")
        for name in ("left", "right", "lo"):
            self.ip("link", "set", name, "up")
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.folder = pathlib.Path(directory.name)

    def ip(self, *arguments):
        return run("ip", "-n", self.namespace, *arguments).stdout
