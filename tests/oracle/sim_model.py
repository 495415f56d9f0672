#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Replays the trace that the simulator of tests/sim writes, JSON lines, and compares every packet's exit and backend
with the model of choose.py. Ends with 1 and tells the first disagreement; a trace without packets is an error too.

Usage: sim_model.py TRACE ("-": standard input)

  {"op":"start","hash_key":"32 hex digits","scheduler":"maglev","follows":false,"remembers_nothing":false,
   "idle":ticks,"opening":ticks,"closing":ticks,"policy":"drop"}          forgets everything and begins anew
  {"op":"table","slots":[[current,home],...]}                             4294967295 is "no backend"
  {"op":"health","backend":index,"word":health word}
  {"op":"packet","src":"192.0.2.1","dst":"192.0.2.2","sport":n,"dport":n,"proto":6,"flags":n,"now":ticks,
   "exit":n,"backend":index}                                              backend only means something where exit is 0
"""
import json
import socket
import sys

import choose
import exits
import parse
import slot
from siphash import flow_message, hash_messages

BLOCK_LINES = 65536


class Disagreement(Exception):
    pass


def packed(text, known={}):
    """An address as bytes; every address is only translated once."""
    address = known.get(text)
    if address is None:
        address = known[text] = socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)
    return address


def message_of(packet):
    return flow_message(packed(packet["src"]), packed(packet["dst"]), packet["sport"], packet["dport"], packet["proto"])


class SimulatorModel:
    def __init__(self):
        self.chooser, self.service, self.hash_key = None, None, None
        self.packets = self.plain = self.runs = self.now = 0

    def start(self, entry):
        self.chooser = choose.Chooser()
        self.hash_key = bytes.fromhex(entry["hash_key"])
        self.service = choose.Service([], entry["scheduler"], entry["policy"], entry["follows"],
                                      entry["remembers_nothing"], entry["idle"], entry["opening"], entry["closing"])
        self.runs += 1

    def table(self, entry):
        name = lambda index: None if index == slot.NO_BACKEND else index
        self.service.slots = [(name(current), name(home)) for current, home in entry["slots"]]

    def health(self, entry):
        self.chooser.words[entry["backend"]] = entry["word"]

    def packet(self, entry, hash_value):
        flags, is_udp = entry["flags"], entry["proto"] == parse.UDP
        opens_tcp = not is_udp and flags & (parse.SYN | parse.ACK) == parse.SYN
        ends = not is_udp and bool(flags & (parse.FIN | parse.RST))
        answer = self.chooser.choose(self.service, hash_value, opens_tcp, is_udp, ends, entry["now"])
        self.packets += 1
        self.plain += answer.plain
        self.now = entry["now"]
        expected = exits.DROP_NO_BACKEND if answer.backend is None else exits.SENT
        found = exits.ALL[entry["exit"]]
        if expected != found or (expected == exits.SENT and answer.backend != entry["backend"]):
            raise Disagreement(f"the model says {expected} {answer.backend}, flow hash {hash_value:016x}, "
                               f"slot {slot.scale(hash_value, len(self.service.slots))}")


def blocks(lines):
    """Lists of (line number, entry); a block ends where the hash key may change."""
    block = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        entry = json.loads(line)
        if block and (len(block) == BLOCK_LINES or entry["op"] == "start"):
            yield block
            block = []
        block.append((number, entry))
    yield block


def judge(lines):
    model = SimulatorModel()
    others = {"table": model.table, "health": model.health}
    for block in blocks(lines):
        if block and block[0][1]["op"] == "start":
            model.start(block[0][1])
            block = block[1:]
        hashes = iter(hash_messages(model.hash_key, [message_of(e) for _, e in block if e["op"] == "packet"])
                      if block else ())
        for number, entry in block:
            if entry["op"] != "packet":
                others[entry["op"]](entry)
                continue
            try:
                model.packet(entry, next(hashes))
            except Disagreement as disagreement:
                raise Disagreement(f"line {number}: {disagreement}\n  {json.dumps(entry)}") from None
    return model


def main(arguments):
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        with sys.stdin if arguments[0] == "-" else open(arguments[0]) as lines:
            model = judge(lines)
    except Disagreement as disagreement:
        print(f"{arguments[0]}: {disagreement}", file=sys.stderr)
        return 1
    print(f"{model.packets} packets of {model.runs} runs agree; {model.plain} were plain, "
          f"{model.chooser.held(model.now)} flows are remembered at the end")
    return 0 if model.packets else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
