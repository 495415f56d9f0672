# SPDX-License-Identifier: Apache-2.0
"""The Internet checksum: computed (RFC 1071) and updated (RFC 1624, equation 3)."""


def folded(total):
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def words(data):
    """The 16-bit words of `data`; a last odd byte is the high half of one."""
    return [int.from_bytes(data[i : i + 2].ljust(2, b"\0"), "big") for i in range(0, len(data), 2)]


def checksum(data):
    return folded(sum(words(data))) ^ 0xFFFF


def updated(old_checksum, old, new):
    """HC' = ~(~HC + ~m + m') over all words of `old` and `new`, which begin at an even place."""
    total = (old_checksum ^ 0xFFFF) + sum(word ^ 0xFFFF for word in words(old)) + sum(words(new))
    return folded(total) ^ 0xFFFF


def pseudo_header(source, destination, protocol, length):
    if len(source) == 4:
        return source + destination + bytes((0, protocol)) + length.to_bytes(2, "big")
    return source + destination + length.to_bytes(4, "big") + bytes((0, 0, 0, protocol))
