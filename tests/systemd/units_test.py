# SPDX-License-Identifier: Apache-2.0
"""The units are hardened, and guidewayd tells systemd what it should and stays within its unit's filters.
Usage: units_test.py GUIDEWAYD"""

import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

import unit_file

binary = sys.argv.pop(1) if len(sys.argv) > 1 else None

configuration = """hash_key = "00112233445566778899aabbccddeeff"
door = "{folder}/door.sock"
api = "{folder}/api.sock"
state_directory = "{folder}/state"
metrics = "127.0.0.1:{port}"
[[service]]
name = "web"
address = "192.0.2.1"
port = 80
check = {{ type = "tcp", interval = "100ms", timeout = "100ms" }}
backends = [{{ name = "a", address = "127.0.0.1", port = 1 }}]
"""


class Units(unittest.TestCase):
    @unittest.skipUnless(unit_file.has_analyze, "systemd-analyze is not here")
    def test_exposure_is_at_most_3(self):
        files = sorted(unit_file.units.glob("*.service"))
        self.assertEqual(len(files), 4)
        for file in files:
            # --threshold counts in tenths.
            done = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--threshold=30", str(file)],
                                  capture_output=True, text=True, env=dict(os.environ, SYSTEMD_COLORS="0"))
            self.assertEqual(done.returncode, 0, (done.stdout + done.stderr)[-400:])

    def test_all_are_watched(self):
        for unit in (file.name for file in unit_file.units.glob("*.service")):
            self.assertEqual(unit_file.values(unit, "Type"), [["notify"]], unit)
            self.assertEqual(len(unit_file.values(unit, "WatchdogSec")), 1, unit)


class Guidewayd(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.folder = pathlib.Path(directory.name)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        config = self.folder / "guideway.toml"
        config.write_text(configuration.format(folder=self.folder, port=self.port))
        self.daemon = unit_file.Watched(self.folder, [binary, "--config", config])
        self.addCleanup(self.daemon.close)

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("guideway")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(self.folder / "api.sock"))
        connection.request(method, path, body=json.dumps(body) if body else None)
        try:
            return connection.getresponse().status
        finally:
            connection.close()

    def test_tells_what_it_does_and_stays_within_its_unit(self):
        self.daemon.hears("READY=1")
        self.daemon.hears("WATCHDOG=1")
        self.daemon.hears("WATCHDOG=1")
        self.assertEqual(self.ask("GET", "/metrics"), 200)
        self.assertEqual(self.ask("GET", "/v1/explain?protocol=tcp&source=10.0.0.1:1&destination=192.0.2.1:80"), 200)
        edit = {"op": "backend.weight", "pool": "web", "name": "a", "weight": 3}
        self.assertEqual(self.ask("POST", "/v1/edits", {"edits": [edit]}), 200)
        self.daemon.process.send_signal(signal.SIGHUP)
        self.daemon.hears("RELOADING=1\nMONOTONIC_USEC=")
        self.daemon.hears("READY=1")
        self.daemon.process.send_signal(signal.SIGTERM)
        self.daemon.hears("STOPPING=1")
        self.assertEqual(self.daemon.process.wait(timeout=20), 0)
        unit_file.check_calls(self, "guidewayd.service", self.daemon)

    def test_a_loop_that_hangs_is_not_heard(self):
        self.daemon.hears("READY=1")
        self.daemon.process.send_signal(signal.SIGSTOP)
        with self.assertRaises(AssertionError):
            while True:
                self.daemon.hears("WATCHDOG=1", seconds=2)


if __name__ == "__main__":
    unittest.main()
