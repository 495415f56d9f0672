# SPDX-License-Identifier: Apache-2.0
"""What tools/demo shows: real HTTP over real nginx servers, a server that dies, returns and is drained. Every claim on
the screen is checked while it is made; the exit code is 0 only if all held. The lab goes down at the end, also after
Ctrl-C."""

import collections
import os
import pathlib
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from testbed import balancer, lab, screen, topology, web  # noqa: E402

rate = 200
slow_start_s = 6


class Demonstration:
    def __init__(self, ours, shown):
        self.lab = ours
        self.guideway = ours.balancer
        self.screen = shown
        self.home = {}

    def command(self, *arguments):
        """Runs the command line and shows it as one would type it."""
        self.screen.typed("guideway " + " ".join(arguments))
        done = self.guideway.call(*arguments, check=False)
        self.screen.output(done.stdout + done.stderr)
        self.screen.claim(done.returncode == 0, None, f"guideway {arguments[0]} failed")

    def spread(self):
        self.screen.chapter("1,000 requests to the service, half over IPv4, half over IPv6")
        results = self.lab.requests(count=500, ports=500)
        self.home = {result["port"]: result["body"] for result in results}
        results += self.lab.requests(topology.service_ipv6, count=500, ports=500)
        self.screen.bars(collections.Counter(result["body"] or "failed" for result in results))
        self.screen.claim(not any(result["error"] for result in results), "every request was answered")
        counts = collections.Counter(result["body"] for result in results)
        self.screen.claim(
            all(233 < counts[name] < 433 for name in self.lab.webs), "each backend took about a third of them"
        )

    def explain(self):
        self.screen.chapter("Why does a flow go where it goes?")
        source, destination = f"{topology.client_ipv4}:20007", f"{topology.service_ipv4}:80"
        self.command("explain", "tcp", source, destination)
        foretold = self.guideway.explain("tcp", source, destination)
        result = self.lab.requests(count=1, first_port=20007, ports=1)[0]
        self.screen.say(f"A request from port 20007 was answered by {result['body']}.")
        self.screen.claim(result["body"] == foretold, "explain was right")

    def steady(self, **ports):
        return self.lab.start_requests(count=10**6, rate=rate, concurrency=1000, timeout=8, **ports)

    def death(self):
        self.screen.chapter(f"kill -9 of b2's nginx, while {rate} requests a second run")
        running = self.steady(ports=500)
        time.sleep(1.5)
        died_at = time.monotonic()
        self.lab.webs["b2"].kill()
        seen_s = self.guideway.wait_states({"b2": "down"})
        time.sleep(2.5)
        results = running.stop()
        self.screen.timeline(results, died_at, 0.5, list(self.lab.webs))
        failed = [result for result in results if result["error"]]
        lasted_s = max((result["at"] for result in failed), default=died_at) - died_at
        self.screen.say(f"The health check saw it after {seen_s:.2f} s; the last request that failed began at", end=" ")
        self.screen.say(f"{lasted_s:.2f} s. {len(failed)} of {len(results)} requests failed, all of them b2's.")
        others = [result for result in failed if self.home[result["port"]] != "b2"]
        moved = [r for r in results if not r["error"] and self.home[r["port"]] not in ("b2", r["body"])]
        limit = balancer.failover_s_max
        self.screen.claim(lasted_s <= limit, f"failover took no longer than fall x interval + 1 s = {limit:.0f} s")
        self.screen.claim(not others, "no request to another backend failed")
        self.screen.claim(not moved, "no flow of another backend moved")
        heirs = {r["body"] for r in results if r["at"] > died_at + limit and self.home[r["port"]] == "b2"}
        self.screen.claim(heirs == {"b1", "b3"}, "b2's share went to both of the others")
        self.command("backend", "list")

    def slow_return(self):
        self.screen.chapter(f"b2's nginx starts again; its traffic returns over {slow_start_s} s (slow start)")
        # Fresh source ports: one that was used a moment ago is remembered, and rightly stays where it is.
        running = self.steady(first_port=30_000)
        time.sleep(0.5)
        self.lab.webs["b2"].start()
        self.guideway.wait_states({"b2": "up"})
        returned_at = time.monotonic()
        time.sleep(slow_start_s + 3)
        results = running.stop()
        self.screen.timeline(results, returned_at, 1.0, list(self.lab.webs))
        self.screen.claim(not any(result["error"] for result in results), "no request failed")

        def share(begin_s, end_s):
            part = [r["body"] for r in results if begin_s <= r["at"] - returned_at < end_s]
            return part.count("b2") / max(len(part), 1)

        own = sum(name == "b2" for name in self.home.values()) / len(self.home)
        begin, end = share(0, 1.5), share(slow_start_s + 1, slow_start_s + 3)
        self.screen.claim(begin < own / 2, f"it began with little: {begin:.0%} of the requests in its first 1.5 s")
        self.screen.claim(abs(end - own) < 0.1, f"and ended with its own share again: {end:.0%}")

    def drain(self):
        self.screen.chapter("Drain b1 for maintenance while a long download from it runs")
        port = next(port for port, name in sorted(self.home.items()) if name == "b1")
        download = self.lab.start_requests(count=1, first_port=port, ports=1, path="/big", timeout=60)
        time.sleep(1)
        self.screen.say(f"A download of {web.big_bytes >> 20} MB from b1 is under way (it takes about 8 s).")
        self.command("backend", "drain", "web/b1")
        results = self.lab.requests(count=300, first_port=40_000)
        self.screen.say("300 new requests:")
        self.screen.bars(collections.Counter(result["body"] or "failed" for result in results))
        self.screen.claim(not any(result["error"] for result in results), "none failed")
        self.screen.claim(all(result["body"] != "b1" for result in results), "none went to b1")
        result = download.results()[0]
        self.screen.say(f"The download ended after {result['seconds']:.1f} s with {result['bytes']:,} bytes.")
        whole = not result["error"] and result["bytes"] == web.big_bytes and result["body"].startswith("b1 ")
        self.screen.claim(whole, "the download was whole, and came from b1 to its end")
        self.command("backend", "enable", "web/b1")

    def account(self):
        self.screen.chapter("Every packet is accounted for")
        time.sleep(0.5)
        for _ in range(20):
            workers = self.guideway.ask("stats")["workers"]
            balanced = all(worker["received"] == sum(worker["exits"].values()) for worker in workers)
            if workers and balanced:
                break
        exits = collections.Counter()
        for worker in workers:
            exits.update(worker["exits"])
        width = max(map(len, exits))
        self.screen.say(f"{'received':<{width}} {sum(worker['received'] for worker in workers):>9,}")
        for name, count in exits.items():
            if count:
                self.screen.say(f"{name:<{width}} {count:>9,}")
        self.screen.claim(workers and balanced, "received = sent + to the kernel + named drops")

    def run(self):
        self.screen.say(f"The lab, made of network namespaces; the datapath is {self.guideway.datapath.name}:\n")
        self.screen.say(topology.picture)
        self.command("status")
        self.spread()
        self.explain()
        self.death()
        self.slow_return()
        self.drain()
        self.account()


def main():
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    shown = screen.Screen()
    ours = lab.Lab(f"gwdemo{os.getpid()}")
    verdict = 1
    try:
        ours.up()
        ours.start_balancer(slow_start=f"{slow_start_s}s")
        Demonstration(ours, shown).run()
        verdict = shown.verdict()
    except KeyboardInterrupt:
        shown.say("\nInterrupted.")
    except topology.LabError as error:
        shown.say(f"\nThe demonstration cannot go on: {error}")
    finally:
        # A second Ctrl-C must not leave half a lab behind.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        ours.down()
        shown.say("The lab is down.")
    return verdict


if __name__ == "__main__":
    sys.exit(main())
