# SPDX-License-Identifier: Apache-2.0
"""A leaky bucket, as section 2 of docs/packet-path.md counts: in sixteenths of a token, by ticks of 1/16 s."""

SIXTEENTHS = 16


class Bucket:
    __slots__ = ("used", "tick")

    def __init__(self):
        self.used = self.tick = 0

    def take(self, rate, burst, now):
        """Whether there was a token. `rate` a second, `burst` at once."""
        self.used -= min(self.used, (now - self.tick) * rate)
        self.tick = now
        if self.used + SIXTEENTHS > burst * SIXTEENTHS:
            return False
        self.used += SIXTEENTHS
        return True
