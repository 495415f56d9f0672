# SPDX-License-Identifier: Apache-2.0
"""What is measured on: a description without names, and huge pages for as long as they are needed."""

import os
import pathlib
import re
import signal

pages = pathlib.Path("/sys/kernel/mm/hugepages/hugepages-2048kB")


def description():
    text = pathlib.Path("/proc/cpuinfo").read_text()
    mhz = [float(value) for value in re.findall(r"^cpu MHz\s*:\s*(\S+)", text, re.M)]
    flags = set(re.search(r"^(?:flags|Features)\s*:\s*(.*)", text, re.M)[1].split())
    return {
        "cores": len(os.sched_getaffinity(0)),
        "ghz": round(sum(mhz) / len(mhz) / 1000, 1) if mhz else None,
        "vectors": [name for name in ("avx2", "avx512f", "asimd") if name in flags],
        "kernel": ".".join(os.uname().release.split(".")[:2]),
    }


class HugePages:
    """Sees to it that so many MB are free, and takes back afterwards what it added."""

    def __init__(self, wanted_mb):
        self.wanted = (wanted_mb + 1) // 2
        self.added = 0

    def __enter__(self):
        if self.wanted == 0:
            return self
        try:
            self.find()
        except BaseException:
            self.__exit__()
            raise
        return self

    def find(self):
        free = int((pages / "free_hugepages").read_text())
        if free >= self.wanted:
            return
        self.change(self.wanted - free)
        if int((pages / "free_hugepages").read_text()) < self.wanted:
            raise OSError(f"the kernel finds no {self.wanted} huge pages: close something, or say --no-huge")

    def change(self, by):
        """Whoever is to end meanwhile ends when it is known what has to be taken back."""
        held_back = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
        try:
            before = int((pages / "nr_hugepages").read_text())
            (pages / "nr_hugepages").write_text(str(max(0, before + by)))
            self.added += int((pages / "nr_hugepages").read_text()) - before
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, held_back)

    def __exit__(self, *_):
        if self.added > 0:
            self.change(-self.added)
