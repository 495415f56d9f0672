// SPDX-License-Identifier: Apache-2.0
// When this machine begins to be unable to make checks, and when it is able again: once for each reason, however many
// backends it hits. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace guideway {

class UnmadeChecks {
 public:
  // Nobody has met a reason for so long, or for three of the check's intervals: it is over.
  static constexpr std::int64_t over_after_ms = 5000;

  struct Spell {
    std::string reason;  // as the first one met it
    std::int64_t began_ms = 0;
    std::int64_t over_at_ms = 0;
  };

  // True if the reason is news. Reasons that differ in numbers only are one.
  bool note(const std::string& reason, std::int64_t interval_ms, std::int64_t now_ms);
  // Spells that have ended.
  [[nodiscard]] std::vector<Spell> take_over(std::int64_t now_ms);

 private:
  std::map<std::string, Spell> spells_;  // by the reason without its numbers
};

}  // namespace guideway
