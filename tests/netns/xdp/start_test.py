# SPDX-License-Identifier: Apache-2.0
"""guideway-xdp starts or says in one sentence why not, leaves nothing behind when asked to go, and what it pins lives
on when it is killed. Needs root; prints why it is skipped without. Usage: start_test.py GUIDEWAY_XDP"""

import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest

from veth_case import VethCase, run

binary = sys.argv.pop(1) if len(sys.argv) > 1 else None
capabilities = "+bpf,+net_admin,+perfmon"


class StartAndStop(VethCase):
    def setUp(self):
        super().setUp()
        # Everybody's, so that one of the tests may do without root.
        self.folder.chmod(0o777)
        self.bpffs = self.folder / "bpf"
        self.bpffs.mkdir()
        run("mount", "-t", "bpf", "-o", "mode=0777", "bpf", self.bpffs)
        self.addCleanup(run, "umount", "-l", self.bpffs)
        self.pins = self.bpffs / "guideway" / "xdp"
        self.door = self.folder / "door.sock"

    def start(self, *arguments, prefix=(), interface="left"):
        command = ["ip", "netns", "exec", self.namespace, *prefix, binary]
        for option, value in (("--door", self.door), ("--pins", self.pins), ("--flows-max", 1024)):
            command += [] if option in arguments else [option, value]
        command += (["--interface", interface] if interface else []) + list(arguments)
        log = (self.folder / "log").open("w+")
        self.addCleanup(log.close)
        process = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        process.log = log
        self.addCleanup(self.end, process, signal.SIGKILL)
        return process

    def ready(self, *arguments, **how):
        process = self.start(*arguments, **how)
        deadline = time.monotonic() + 20
        while " ready " not in self.said(process):
            self.assertIsNone(process.poll(), self.said(process))
            self.assertLess(time.monotonic(), deadline, self.said(process))
            time.sleep(0.02)
        return process

    @staticmethod
    def said(process):
        return pathlib.Path(process.log.name).read_text() if not process.log.closed else ""

    def end(self, process, number):
        if process.poll() is None:
            process.send_signal(number)
        return process.wait(timeout=10)

    def fails(self, sentence, *arguments, **how):
        process = self.start(*arguments, **how)
        code = process.wait(timeout=20)
        said = self.said(process)
        self.assertEqual(code, 1, said)
        self.assertIn(sentence, said)
        self.assertEqual(said.count("\n"), 1, said)

    def program(self, interface="left"):
        """The number of the program on the interface, or nothing."""
        shown = self.ip("link", "show", interface)
        return shown.split("prog/xdp id ")[1].split()[0] if "prog/xdp" in shown else None

    def test_each_failure_is_one_sentence(self):
        self.fails("--interface is required", interface=None)
        self.fails('there is no interface "nosuch"', interface="nosuch")
        self.fails("is given twice", "--interface", "left")
        self.fails("there is no BPF filesystem at", "--pins", self.folder / "pins")
        self.fails("takes no native XDP program: its driver has none", "--native", interface="lo")
        nobody = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--reuid=65534"]
        self.fails("with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON", prefix=nobody)
        self.assertFalse(self.pins.exists(), list(self.bpffs.rglob("*")))

    def test_what_a_driver_refuses_is_said_with_the_remedy(self):
        self.ip("link", "add", "narrow", "type", "veth", "peer", "name", "wide", "numtxqueues", 4, "numrxqueues", 4)
        run("ip", "netns", "exec", self.namespace, "ethtool", "-L", "wide", "tx", 4)
        self.ip("link", "set", "narrow", "up")
        self.fails("it has too few queues for native XDP; give it more with ethtool -L", "--native", interface="narrow")
        for name in ("left", "right"):
            self.ip("link", "set", name, "mtu", 9000)
        large = "too big for native XDP, which takes about 3,500 bytes: ip link set dev INTERFACE mtu 3498"
        self.fails(large, "--native")
        process = self.ready()
        self.assertIn(large, self.said(process))
        self.assertIn("generic XDP serves it", self.said(process))
        self.assertEqual(self.end(process, signal.SIGTERM), 0)

    def test_serves_without_root(self):
        caps = [f"--inh-caps={capabilities}", f"--ambient-caps={capabilities}"]
        process = self.ready(prefix=["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *caps])
        self.assertIsNotNone(self.program())
        self.assertEqual(self.end(process, signal.SIGTERM), 0)
        self.assertIsNone(self.program())

    def test_sigterm_leaves_nothing_behind(self):
        process = self.ready("--interface", "right")
        self.assertIsNotNone(self.program("right"))
        # Alone, and then it says so, or behind libxdp's dispatcher.
        is_alone = "other XDP programs cannot live on the same interface" in self.said(process)
        self.assertEqual(is_alone, (self.pins / "port0").exists())
        self.fails("is in use: another datapath serves it")
        self.fails("another guideway-xdp uses", "--door", self.folder / "other.sock")
        self.assertEqual(self.end(process, signal.SIGTERM), 0)
        self.assertIsNone(self.program("left") or self.program("right"))
        self.assertFalse(self.door.exists())
        self.assertFalse((self.bpffs / "guideway").exists())

    def test_the_program_outlives_the_process_and_is_replaced(self):
        for number in (signal.SIGKILL, signal.SIGUSR2):
            process = self.ready()
            first = self.program()
            self.end(process, number)
            self.assertEqual(self.program(), first)
            self.fails("has room for", "--flows-max", "65536")
            self.assertEqual(self.program(), first)
        process = self.ready()
        self.assertNotIn(self.program(), (None, first))
        self.end(process, signal.SIGKILL)
        run("ip", "netns", "exec", self.namespace, binary, "detach", "--pins", self.pins)
        self.assertIsNone(self.program())
        self.assertFalse((self.bpffs / "guideway").exists())
        again = run("ip", "netns", "exec", self.namespace, binary, "detach", "--pins", self.pins, check=False)
        self.assertEqual((again.returncode, again.stderr.count("\n")), (1, 1), again.stderr)
        self.assertIn("nothing is attached", again.stderr)

    def test_generic_is_a_stated_fallback(self):
        process = self.ready(interface="lo")
        self.assertIn("generic XDP serves it", self.said(process))
        self.assertEqual(self.end(process, signal.SIGINT), 0)

    def test_an_interface_that_was_taken_off_is_let_go(self):
        self.end(self.ready("--interface", "right"), signal.SIGKILL)
        process = self.ready()
        self.assertIsNone(self.program("right"))
        self.assertEqual(self.end(process, signal.SIGTERM), 0)


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("skipped: network namespaces need root")
        sys.exit(77)
    unittest.main()
