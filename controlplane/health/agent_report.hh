// SPDX-License-Identifier: Apache-2.0
// What an agent on a backend says of it: HAProxy's words. The newest report counts until the next.
#pragma once

#include <cstdint>
#include <string>

namespace guideway {

enum class AgentWord : std::uint8_t {
  ready,  // nothing against it
  down,   // takes nothing ("down", "fail", "stopped")
  drain,  // keeps its flows, takes no new ones
  maint,  // takes nothing, on purpose
};

struct AgentReport {
  AgentWord word = AgentWord::ready;
  std::uint32_t percent = 100;  // of its part of the new flows; 0: none, as with drain
  std::string reason;           // what it said behind #
  friend bool operator==(const AgentReport&, const AgentReport&) = default;
};

}  // namespace guideway
