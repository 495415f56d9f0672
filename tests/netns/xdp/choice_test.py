# SPDX-License-Identifier: Apache-2.0
"""guideway datapath probe tells of real devices what then happens, and guideway datapath start becomes the datapath
that serves its ports. Needs root; prints why it is skipped without. Usage: choice_test.py BUILD_DIRECTORY"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest

from veth_case import VethCase, run

build = pathlib.Path(sys.argv.pop(1)).resolve() if len(sys.argv) > 1 else None


class Choice(VethCase):
    def setUp(self):
        super().setUp()
        self.programs = {
            "guideway": build / "controlplane/cli/guideway",
            "guidewayd": build / "controlplane/daemon/guidewayd",
            "guideway-xdp": build / "dataplane/xdp_datapath/guideway-xdp",
            "guideway-dpdk": build / "dataplane/dpdk/guideway-dpdk",
        }
        folders = {str(path.parent) for path in self.programs.values()}
        self.environment = dict(os.environ, PATH=":".join([*sorted(folders), os.environ["PATH"]]))

    def words(self, *command):
        # The namespace has its own /sys, in which nothing is mounted yet.
        with_bpf = ["sh", "-c", 'mount -t bpf bpf /sys/fs/bpf && exec "$@"', "sh"]
        return ["ip", "netns", "exec", self.namespace, *with_bpf, *map(str, command)]

    def inside(self, *command, **how):
        return run(*self.words(*command), env=self.environment, **how)

    def probe(self, *arguments, prefix=(), check=True):
        return self.inside(*prefix, self.programs["guideway"], "datapath", "probe", *arguments, check=check)

    def facts(self, interface, *arguments):
        """What the probe says of one interface."""
        found = json.loads(self.probe("--interface", interface, "--json", *arguments).stdout)["nics"]
        self.assertEqual([nic["interface"] for nic in found], [interface])
        return found[0]

    def start(self, *command):
        """A process, with what it says."""
        log = (self.folder / f"log{time.monotonic_ns()}").open("w+")
        self.addCleanup(log.close)
        words = self.words(*command)
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment)
        process.said = lambda: pathlib.Path(log.name).read_text()
        self.addCleanup(self.end, process, signal.SIGKILL)
        return process

    def wait_for(self, process, words):
        deadline = time.monotonic() + 30
        while words not in process.said():
            self.assertIsNone(process.poll(), process.said())
            self.assertLess(time.monotonic(), deadline, process.said())
            time.sleep(0.02)

    def end(self, process, number):
        if process.poll() is None:
            process.send_signal(number)
        return process.wait(timeout=20)

    def mode(self, interface):
        """How XDP serves it: native, generic, or not at all."""
        shown = self.ip("link", "show", interface)
        return "generic" if " xdpgeneric" in shown else "native" if " xdp" in shown else None

    def configuration(self, text):
        path = self.folder / "guideway.toml"
        path.write_text(
            f'hash_key = "00112233445566778899aabbccddeeff"\ndoor = "{self.folder}/door.sock"\n'
            f'api = "{self.folder}/api.sock"\nstate_directory = "{self.folder}/state"\n{text}\n'
        )
        return path

    def serve_by_hand(self, interface):
        """guideway-xdp as the probe says; returns how it is attached."""
        command = self.facts(interface)["command"].split()
        self.assertEqual(command, ["guideway-xdp", "--interface", interface])
        process = self.start(*command, "--door", self.folder / "hand.sock", "--flows-max", 1024)
        self.wait_for(process, " ready ")
        mode = self.mode(interface)
        self.assertEqual(self.end(process, signal.SIGTERM), 0)
        return mode

    def test_what_it_says_is_what_happens(self):
        self.assertEqual(self.facts("left")["served_by"], "xdp native")
        self.assertEqual(self.serve_by_hand("left"), "native")
        # Whichever this kernel has; neither driver has XDP.
        added = [run("ip", "-n", self.namespace, "link", "add", "flat", "type", kind, check=False).returncode
                 for kind in ("dummy", "ifb")]
        self.assertIn(0, added, "neither dummy nor ifb devices in this kernel")
        flat = self.facts("flat")
        self.assertEqual(flat["missing_for_native_xdp"], ["its driver has none"])
        self.assertEqual(flat["served_by"], "xdp generic")
        self.assertEqual(self.serve_by_hand("flat"), "generic")
        self.ip("link", "set", "left", "mtu", 9000)
        self.ip("link", "set", "right", "mtu", 9000)
        large = self.facts("left")
        self.assertEqual(large["served_by"], "xdp generic")
        self.assertIn("ip link set dev left mtu 3498", large["missing_for_native_xdp"][0])
        self.assertEqual(self.serve_by_hand("left"), "generic")

    def test_try_asks_the_driver(self):
        self.assertEqual(self.facts("left", "--try")["native_trial"], "worked")
        self.assertIsNone(self.mode("left"))
        self.ip("link", "set", "right", "mtu", 9000)
        self.assertIn("MTU", self.facts("left", "--try")["native_trial"])
        self.ip("link", "add", "narrow", "type", "veth", "peer", "name", "wide", "numtxqueues", 4, "numrxqueues", 4)
        self.inside("ethtool", "-L", "wide", "tx", 4)
        few = self.facts("narrow", "--try")
        self.assertIn("too few queues", few["native_trial"])
        self.assertEqual(few["served_by"], "xdp generic")

    def test_it_notes_what_matters_before_packets_flow(self):
        self.ip("link", "set", "right", "down")
        self.assertIn("it has no link: look at the cable and the other end", self.facts("left")["notes"])
        self.assertIn("it is down: ip link set dev right up", self.facts("right")["notes"])
        self.ip("addr", "add", "192.0.2.1/24", "dev", "left")
        process = self.start("guideway-xdp", "--interface", "left", "--door", self.folder / "door", "--flows-max", 1024)
        self.wait_for(process, " ready ")
        self.assertTrue(any("has an XDP program already" in note for note in self.facts("left")["notes"]))
        self.assertIsNone(self.facts("left", "--try")["native_trial"])  # that program stays alone
        self.assertEqual(self.end(process, signal.SIGTERM), 0)

    def test_sentences(self):
        text = self.probe("--interface", "left").stdout
        self.assertIn("left (veth): xdp native\n  run           guideway-xdp --interface left\n", text)
        self.assertIn("for dpdk      it is no PCI device", text)
        missing = self.probe("--interface", "nosuch", check=False)
        self.assertEqual((missing.returncode, missing.stderr.count("\n")), (1, 1))
        self.assertIn("there is no Ethernet device nosuch here", missing.stderr)
        nobody = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--reuid=65534"]
        self.folder.chmod(0o755)
        refused = json.loads(self.probe("--interface", "left", "--json", prefix=nobody).stdout)
        self.assertEqual(refused["nics"][0]["served_by"], "nothing")
        self.assertIn("CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON", refused["nics"][0]["missing_for_xdp"][0])

    def launch(self, *arguments, check=True):
        """What it would run."""
        words = ["guideway", "datapath", "start", "--door", self.folder / "door.sock", "--print", *arguments]
        return self.inside(*words, check=check)

    def test_auto_ends_in_native_xdp_on_veth(self):
        door = self.folder / "door.sock"
        printed = self.launch("--port", "left").stdout
        self.assertTrue(printed.endswith(f"guideway-xdp --door {door} --interface left\n"), printed)
        words = ["guideway", "datapath", "start", "--door", door, "--port", "left", "--", "--flows-max", 1024]
        datapath = self.start(*words)
        self.wait_for(datapath, " ready ")
        self.assertEqual(self.mode("left"), "native")
        control_plane = self.start("guidewayd", "--config", self.configuration(""))
        deadline = time.monotonic() + 20
        status = {}
        while status.get("datapath", {}).get("name") != "guideway-xdp":
            self.assertLess(time.monotonic(), deadline, f"{status} {control_plane.said()}")
            time.sleep(0.1)
            asked = self.inside("guideway", "--api", self.folder / "api.sock", "status", "--json", check=False)
            status = json.loads(asked.stdout or "{}")
        self.assertEqual(self.end(control_plane, signal.SIGTERM), 0)
        self.assertEqual(self.end(datapath, signal.SIGTERM), 0)
        self.assertIsNone(self.mode("left"))

    def test_auto_ends_in_dpdk_on_a_device_of_its_own(self):
        if not self.programs["guideway-dpdk"].exists():
            self.skipTest("this build has no guideway-dpdk")
        self.ip("link", "set", "left", "arp", "off")
        words = ["guideway", "datapath", "start", "--door", self.folder / "door.sock"]
        more = ["--port", "net_af_packet0,iface=left", "--", "--no-huge", "--no-kernel-face"]
        process = self.start(*words, *more)
        self.wait_for(process, " ready ")
        self.assertIn("guideway-dpdk --door", process.said())
        self.assertEqual(self.end(process, signal.SIGTERM), 0)

    def test_the_configuration_says_which_datapath_and_on_what(self):
        config = self.folder / "choice.toml"
        door = self.folder / "own.sock"
        head = f'hash_key = "000102030405060708090a0b0c0d0e0f"\ndoor = "{door}"\n'
        config.write_text(head + 'datapath = "auto"\nports = ["right", "left"]\n')
        words = ["guideway", "datapath", "start", "--config", config]
        printed = self.inside(*words, "--print").stdout
        self.assertTrue(printed.endswith(f"guideway-xdp --door {door} --interface right --interface left\n"), printed)
        datapath = self.start(*words, "--port", "left", "--", "--flows-max", 1024)
        self.wait_for(datapath, " ready ")
        self.assertEqual((self.mode("left"), self.mode("right")), ("native", None))
        self.assertEqual(self.end(datapath, signal.SIGTERM), 0)
        config.write_text(head + 'datapath = "dpdk"\nports = ["left"]\n')
        refused = self.inside(*words, check=False)
        self.assertEqual((refused.returncode, refused.stderr.count("\n")), (1, 1), refused.stderr)
        self.assertIn("port left is not for dpdk", refused.stderr)

    def test_what_cannot_be_started_is_one_sentence(self):
        for arguments, sentence in (
            (["--port", "nosuch"], "nosuch is no Ethernet device here"),
            (["--datapath", "dpdk", "--port", "left"], "port left is not for dpdk: it is no PCI device"),
            (["--datapath", "xdp", "--port", "net_null0"], "a device of DPDK's own, which XDP cannot serve"),
        ):
            done = self.launch(*arguments, check=False)
            self.assertEqual((done.returncode, done.stderr.count("\n")), (1, 1), done.stderr)
            self.assertIn(sentence, done.stderr)


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("skipped: network namespaces need root")
        sys.exit(77)
    unittest.main()
