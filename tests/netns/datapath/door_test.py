# SPDX-License-Identifier: Apache-2.0
"""What a running guideway-dpdk's door accepts, rejects and refuses, and that none of it disturbs traffic.
Needs root; prints why it is skipped without. Usage: door_test.py GUIDEWAY_DPDK"""
import mmap
import os
import signal
import subprocess
import sys

import door
from running import MAC_A, VIP, Running, main, to_either


class Door(Running):
    def rejected(self, act, sentence):
        with self.assertRaises(door.Answer) as caught:
            act()
        self.assertEqual(caught.exception.kind, door.REJECTED)
        self.assertIn(sentence, caught.exception.reason)

    def refused(self, act, sentence):
        with self.assertRaises(door.Answer) as caught:
            act()
        self.assertEqual(caught.exception.kind, door.REFUSED)
        self.assertIn(sentence, caught.exception.reason)

    def test_welcome_tells_all(self):
        self.assertEqual(self.controller.datapath, "guideway-dpdk")
        self.assertEqual([port["name"] for port in self.controller.ports], ["net_af_packet0", "net_af_packet1"])
        self.assertEqual(len(self.controller.health), self.controller.backends_max * 8)

    def test_bad_snapshots_are_rejected_and_change_nothing(self):
        self.balance()
        g = self.generation
        service, backend = door.service(VIP, 80), door.backend(0, "10.9.1.10", MAC_A, self.egress_mac, port=1)
        offer = self.controller.offer_snapshot
        good = lambda **how: door.snapshot(g, [service], [backend], [g - 1], **how)
        end = self.controller.staging_bytes
        nine = door.table(9, [0] * 251)
        tables = lambda tables, count=None, **how: self.controller.offer_tables(
            len(tables) if count is None else count, door.together(tables), **how)
        for act, sentence in (
            (lambda: offer(g, good(), staged=(end - 63, 64)), "not within the %d of the staging memory" % end),
            (lambda: offer(g, good(), staged=(2**64 - 64, 64)), "not within"),
            (lambda: offer(g, good(), staged=(0, 2**64 - 1)), "can be meant"),
            (lambda: tables([nine], staged=(end, 64)), "not within"),
            (lambda: offer(g, good(magic=1)), "magic"),
            (lambda: offer(g, good(abi=9)), "abi_version"),
            (lambda: offer(g + 1, good()), "memory holds generation %d" % g),
            (lambda: offer(g - 1, door.snapshot(g - 1, [], [], [])), "generation must be above"),
            (lambda: offer(g, door.snapshot(g, [service], [backend], [77777])), "77777"),
            (lambda: offer(g, door.snapshot(g, [door.service(VIP, 80, table=3)], [backend], [g - 1])),
             "table"),
            (lambda: offer(g, b"short"), "length"),
            (lambda: offer(g, b""), "empty"),
            (lambda: tables([nine, door.table(8, [0] * 250)]), "table 2 of the memory's 2: table slot_count is 250"),
            (lambda: tables([nine, door.table(8, [1 << 30] * 251)]), "table 8: backend of slot[0]"),
            (lambda: tables([nine, nine]), "table 9: the memory holds it twice"),
            (lambda: tables([nine], count=0), "table_count is 0"),
            (lambda: tables([nine], count=2), "table 2 of the memory's 2: table length is 0"),
            (lambda: tables([nine, nine], count=1), "behind the last of its 1 tables"),
            (lambda: offer(g, door.snapshot(g, [service], [backend], [9])), "table_id is 9"),
        ):
            with self.subTest(sentence=sentence):
                self.rejected(act, sentence)
        self.controller.close()
        self.controller = door.Controller(self.door).hello()
        self.addCleanup(self.controller.close)
        self.assertEqual(self.controller.generation, g - 1)
        self.send_flows(range(8000, 8020))
        self.assertEqual(len(self.server.receive(to_either, 20)), 20)

    def test_messages_that_make_no_sense_are_refused(self):
        self.controller.close()
        hello = b"\1\0\0\0\0\0\0\0"
        for act, sentence in (
            (lambda c: c.exchange(door.HELLO, hello, magic=7), "magic"),
            (lambda c: c.exchange(door.HELLO, hello, version=1), "protocol version 1"),
            (lambda c: c.exchange(door.HELLO, hello, length=99), "99 bytes"),
            (lambda c: c.exchange(door.HELLO, hello + b"more"), "Hello has"),
            (lambda c: c.exchange(77, hello), "type 77"),
            (lambda c: c.exchange(door.WELCOME, hello), "type 2"),
            (lambda c: c.exchange(door.SNAPSHOT, b"\0" * 24), "must be Hello"),
            (lambda c: c.exchange(door.HELLO, hello, [os.open("/dev/null", os.O_RDONLY)]), "file descriptors"),
            (lambda c: c.hello(abi=7), "ABI version 7"),
            (lambda c: c.hello().hello(), "second Hello"),
            (lambda c: c.hello().exchange(door.TABLE, bytes(24), [os.open("/dev/null", os.O_RDONLY)]),
             "file descriptors"),
            (lambda c: c.exchange(door.HELLO, b"\0" * 4070), "Hello has"),
            (lambda c: c.exchange(door.HELLO, b"\0" * 8000), "longer than"),
        ):
            with self.subTest(sentence=sentence), door.Controller(self.door) as controller:
                self.refused(lambda: act(controller), sentence)
                with self.assertRaises((ConnectionResetError, BrokenPipeError)):
                    controller.read()
        self.controller = door.Controller(self.door).hello()
        self.addCleanup(self.controller.close)

    def test_one_controller_at_a_time(self):
        with door.Controller(self.door) as second:
            self.refused(second.read, "another controller is connected (process %d)" % os.getpid())
        self.controller.close()
        self.controller = door.Controller(self.door).hello()
        self.addCleanup(self.controller.close)

    def test_the_death_of_the_controller_costs_nothing(self):
        self.controller.close()
        # A controller of its own process publishes, and is killed while its connection is open.
        program = (
            "import sys, time, unittest; sys.path.insert(0, sys.argv[1]); sys.argv[1:] = []\n"
            "import running; running.BINARY = None\n"
            "test = running.Running(); running.Running.door, test.egress_mac = %r, %r\n"
            "test.controller = running.door.Controller(test.door).hello()\n"
            "test.generation = test.controller.generation + 1\n"
            "test.balance(); print('published', flush=True); time.sleep(60)" % (self.door, self.egress_mac))
        child = subprocess.Popen([sys.executable, "-c", program, os.path.dirname(os.path.abspath(__file__))],
                                 stdout=subprocess.PIPE, text=True)
        self.assertEqual(child.stdout.readline(), "published\n")
        child.send_signal(signal.SIGKILL)
        self.send_flows(range(9000, 9100))
        self.assertEqual(len(self.server.receive(to_either, 100)), 100)
        child.wait()
        # Whoever comes next finds the generation and the health as they were.
        self.controller = door.Controller(self.door).hello()
        self.addCleanup(self.controller.close)
        self.assertEqual(self.controller.generation, self.generation)
        self.send_flows(range(9100, 9200))
        self.assertEqual(len(self.server.receive(to_either, 100)), 100)

    def test_tables_are_kept_as_long_as_a_snapshot_names_them(self):
        self.balance()
        kept = self.generation - 1
        offer = self.controller.offer_snapshot
        # Held: accepted without a look at its slots. What comes beside it is taken, and kept as long.
        bad, beside = door.table(kept, [1 << 30] * 251), door.table(kept + 1000, [0] * 251)
        self.controller.offer_tables(2, door.together([bad, beside]))
        offer(self.generation, door.snapshot(self.generation, [], [], []))
        self.rejected(lambda: self.controller.offer_tables(1, bad), "table %d: backend" % kept)
        self.rejected(lambda: offer(self.generation + 1, door.snapshot(
            self.generation + 1, [], [], [kept + 1000])), "table_id is %d" % (kept + 1000))

    def test_counters_cannot_be_written_nor_memory_resized(self):
        with self.assertRaises(PermissionError):
            mmap.mmap(self.controller.counters_fd, 4096)
        for fd in (self.controller.counters_fd, self.controller.health_fd, self.controller.staging_fd):
            with self.assertRaises(PermissionError):
                os.ftruncate(fd, 0)


if __name__ == "__main__":
    main()
