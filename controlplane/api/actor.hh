// SPDX-License-Identifier: Apache-2.0
// Who asks for a change, as the log of what happened names it.
#pragma once

#include <cstdint>
#include <string>

namespace guideway {

struct Caller;

struct Actor {
  std::uint32_t uid = 0;
  std::int32_t pid = 0;     // 0: guidewayd itself
  std::string name;         // of the user, by /etc/passwd; empty: it has none there. Of a certificate its common name
  std::string certificate;  // its subject; then there is no user and no process

  [[nodiscard]] bool is_guidewayd() const noexcept { return pid == 0 && certificate.empty(); }
  // "alice (uid 1000, process 4242)", "alice (certificate CN=alice,O=ops)".
  [[nodiscard]] std::string text() const;
};

// Only /etc/passwd is asked for the name: a directory server could let the daemon wait.
[[nodiscard]] Actor actor_of(const Caller& caller);
// guidewayd, which does by itself what somebody asked for before.
[[nodiscard]] Actor own_actor();

}  // namespace guideway
