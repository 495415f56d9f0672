// SPDX-License-Identifier: Apache-2.0
// Who asks for a change, as the log of what happened names it.
#pragma once

#include <cstdint>
#include <string>

namespace guideway {

struct Actor {
  std::uint32_t uid = 0;
  std::int32_t pid = 0;  // 0: guidewayd itself
  std::string name;      // of the user, by /etc/passwd; empty: it has none there

  // "alice (uid 1000, process 4242)".
  [[nodiscard]] std::string text() const;
};

// Only /etc/passwd is asked for the name: a directory server could let the daemon wait.
[[nodiscard]] Actor actor_of(std::uint32_t uid, std::int32_t pid);

}  // namespace guideway
