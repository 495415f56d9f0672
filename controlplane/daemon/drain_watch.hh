// SPDX-License-Identifier: Apache-2.0
// For how long backends that drain have been quiet: no packet was sent to them. Flows in plain slots are not remembered
// and nobody can count them; that a backend gets packets is all that tells of them. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

namespace guideway {

class DrainWatch {
 public:
  // The packets that draining backends got so far, by index. Whoever is not among them is forgotten.
  void update(const std::map<std::uint32_t, std::uint64_t>& packets, std::int64_t now_ms);
  // Nothing for a backend that is not watched.
  [[nodiscard]] std::optional<std::int64_t> quiet_ms(std::uint32_t index, std::int64_t now_ms) const;

 private:
  struct Seen {
    std::uint64_t packets = 0;
    std::int64_t since_ms = 0;
  };
  std::map<std::uint32_t, Seen> seen_;
};

}  // namespace guideway
