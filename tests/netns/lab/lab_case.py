# SPDX-License-Identifier: Apache-2.0
"""What the lab's tests share: a lab of their own for each, named checks written as TAP, the conservation law at the
end, and the daemons' last words where something failed. Exit code 77, with the reason, where the lab cannot be had."""

import collections
import contextlib
import os
import pathlib
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "tools"))
from testbed import balancer, lab, topology  # noqa: E402

first_port = 20000


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


def need_lab():
    """The build folder is the first argument, the datapath (dpdk, xdp) the second; without root there are no
    namespaces."""
    if len(sys.argv) > 1:
        os.environ["GUIDEWAY_BUILD"] = sys.argv[1]
    if len(sys.argv) > 2:
        os.environ["GUIDEWAY_DATAPATH"] = sys.argv[2]
    if os.geteuid() != 0:
        skip("network namespaces need root")


class Case:
    """Counts named checks and remembers whether all held."""

    def __init__(self):
        self.count = 0
        self.failures = 0

    def check(self, holds, sentence, detail=""):
        self.count += 1
        self.failures += 0 if holds else 1
        print(f"{'ok' if holds else 'not ok'} {self.count} - {sentence}", flush=True)
        if detail and not holds:
            print("\n".join(f"# {line}" for line in str(detail).splitlines()), flush=True)
        return holds

    def note(self, text):
        print(f"# {text}", flush=True)

    def check_no_failures(self, results, sentence):
        failed = [result for result in results if result["error"]]
        kinds = collections.Counter(result["error"] for result in failed)
        self.check(results and not failed, f"{sentence}: 0 of {len(results)} requests failed", dict(kinds))


@contextlib.contextmanager
def prepared_lab(**network):
    """A Case and an own lab that is not up yet, taken down whatever happens; ends the program with the verdict. The
    balancer, if it was started, is held to the conservation law at the end."""
    need_lab()
    case = Case()
    ours = lab.Lab(f"gwt{os.getpid()}", **network)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        yield case, ours
        if ours.balancer.datapath.pid():
            check_conservation(case, ours.balancer)
            case.check(ours.balancer.stop(), "both daemons leave when they are asked to")
            if ours.balancer.xdp:
                left = ours.balancer.xdp.left_behind()
                case.check(not left, "XDP leaves nothing behind", left)
    except topology.LabError as error:
        case.check(False, "the lab works", error)
    finally:
        if case.failures:
            for process in (ours.balancer.datapath, ours.balancer.control):
                print("\n".join(f"# {process.name}: {line}" for line in process.last_words(25).splitlines()))
        ours.down()
    print(f"1..{case.count}")
    sys.exit(1 if case.failures else 0)


@contextlib.contextmanager
def running_lab(balanced=True, **config):
    """The same, up, with three backends; `config`: see Balancer.write_config."""
    with prepared_lab() as (case, ours):
        ours.up()
        if balanced:
            ours.start_balancer(**config)
        else:
            ours.route_to_backend(1)
        yield case, ours


def exits(ours: balancer.Balancer):
    """Exit -> packets, of all workers."""
    counted = collections.Counter()
    for worker in ours.ask("stats")["workers"]:
        counted.update(worker["exits"])
    return counted


def check_conservation(case, ours: balancer.Balancer):
    """received = sent + kernel + named drops, worker by worker. Counters are read while ARP and probes go on, so the
    equation may be caught in the middle of a burst: it has to hold in one of several looks."""
    for _ in range(40):
        workers = ours.ask("stats")["workers"]
        broken = [worker for worker in workers if worker["received"] != sum(worker["exits"].values())]
        if workers and not broken:
            break
        time.sleep(0.05)
    case.check(workers and not broken, "received = sent + kernel + named drops, on every worker", workers)
    case.check(sum(worker["exits"]["sent"] for worker in workers) > 0, "packets were sent")


def served_by(results):
    """Source port -> the backend that answered."""
    return {result["port"]: result["body"] for result in results if not result["error"]}


def spread(results):
    return dict(sorted(collections.Counter(result["body"] for result in results if not result["error"]).items()))
