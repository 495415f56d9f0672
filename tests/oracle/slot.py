# SPDX-License-Identifier: Apache-2.0
"""The arithmetic of slots: from a hash to a slot, to the further slots that are tried, and a slot's own noise.

The mixing function is the 64-bit finaliser of MurmurHash3 (Appleby, public domain), which slot_test.py checks by
inverting it and by its published property that 0 stays 0.
"""
MASK = (1 << 64) - 1
SHARE_FULL = 65535
NO_BACKEND = 0xFFFFFFFF
PROBES_DERIVED = 7
PROBES_WALKED = 256
SECOND_CHOICE = 8
GOLDEN = 0x9E3779B97F4A7C15

STATE_ABSENT, STATE_UP, STATE_DRAINING, STATE_DOWN = range(4)


def scale(value, slots):
    """The high half of the hash as a fraction of the table."""
    return (value >> 32) * slots // 2**32


def mix(x):
    x = ((x ^ (x >> 33)) * 0xFF51AFD7ED558CCD) & MASK
    x = ((x ^ (x >> 33)) * 0xC4CEB9FE1A85EC53) & MASK
    return x ^ (x >> 33)


def probe_slot(value, i, slots):
    return scale(mix((value + i) & MASK), slots)


def slot_noise(slot):
    """0 to 65534, fixed for a slot."""
    return (mix(slot) >> 48) * SHARE_FULL // 65536


def health_word(share, state, generation=1, reason=0):
    return share << 48 | state << 40 | reason << 32 | generation


def state_of(word):
    return word >> 40 & 0xFF


def share_of(word):
    return word >> 48


def generation_of(word):
    return word & 0xFFFFFFFF


def is_alive(word):
    return state_of(word) in (STATE_UP, STATE_DRAINING)


def is_plain(word):
    return state_of(word) == STATE_UP and share_of(word) == SHARE_FULL


def accepts(word, slot):
    return state_of(word) == STATE_UP and slot_noise(slot) < share_of(word)
