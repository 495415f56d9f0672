# SPDX-License-Identifier: Apache-2.0
"""How the demonstration speaks: chapters, commands, bars, timelines, and claims that are counted."""

import collections
import sys
import textwrap

bar_columns = 40


class Screen:
    def __init__(self):
        self.colour = sys.stdout.isatty()
        self.claims = 0
        self.broken = []
        self.chapters = 0

    def paint(self, code, text):
        return f"\033[{code}m{text}\033[0m" if self.colour else text

    def say(self, text="", end="\n"):
        print(text, end=end, flush=True)

    def chapter(self, title):
        self.chapters += 1
        self.say("\n" + self.paint("1", f"{self.chapters}. {title}") + "\n")

    def typed(self, command):
        self.say(self.paint("36", f"$ {command}"))

    def output(self, text):
        self.say(textwrap.indent(text.rstrip(), "  "))
        self.say()

    def claim(self, holds, sentence, complaint=None):
        """A sentence that is true, or the run fails. Without a sentence only a failure is shown."""
        self.claims += 1
        if not holds:
            self.broken.append(complaint or sentence)
            self.say("  " + self.paint("31", f"NOT TRUE: {complaint or sentence}"))
        elif sentence:
            self.say("  " + self.paint("32", f"true: {sentence}"))

    def bars(self, counts):
        total = sum(counts.values())
        for name, count in sorted(counts.items()):
            self.say(f"  {name:<6} {'#' * round(bar_columns * count / total):<{bar_columns}} {count:>5}")
        self.say()

    def timeline(self, results, zero, step_s, names):
        """A line for each step of time: who answered the requests that began in it."""
        steps = collections.defaultdict(collections.Counter)
        for result in results:
            steps[int((result["at"] - zero) // step_s)][result["body"] or "failed"] += 1
        self.say("  second  " + "".join(f"{name:>6}" for name in names) + "  failed")
        for step, counts in sorted(steps.items()):
            total = sum(counts.values())
            line = "".join(f"{counts[name]:>6}" for name in names) + f"{counts['failed']:>8}"
            # Each backend is drawn with the last letter of its name, failures with x.
            bar = "".join(name[-1] * round(bar_columns * counts[name] / total) for name in names)
            bar += "x" * round(bar_columns * counts["failed"] / total)
            self.say(f"  {step * step_s:>+6.1f}  {line}   {bar}")
        self.say()

    def verdict(self):
        """The last sentence; 0 if everything was true."""
        self.say()
        if self.broken:
            self.say(self.paint("31", f"{len(self.broken)} of {self.claims} things shown were not true:"))
            for sentence in self.broken:
                self.say(f"  {sentence}")
            return 1
        self.say(self.paint("32", f"All {self.claims} things shown were checked, and true."))
        return 0
