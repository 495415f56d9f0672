// SPDX-License-Identifier: Apache-2.0
// check(): a broken invariant of our own ends the program with file, line and reason, in release builds too.
// Never for anything that a packet, a peer or an operator can cause.
#pragma once

namespace guideway {

[[noreturn]] void check_failed(const char* why, const char* file, int line) noexcept;

inline void check(bool holds, const char* why, const char* file = __builtin_FILE(),
                  int line = __builtin_LINE()) noexcept {
  if (!holds) [[unlikely]]
    check_failed(why, file, line);
}

}  // namespace guideway
