// SPDX-License-Identifier: Apache-2.0
// What a datapath's counters tell of trouble: drops that rise, flow tables that are full or nearly. Looks at
// them once a second and remembers a minute. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "controlplane/publish/counters_view.hh"
#include "ebpf/abi/exits.h"

namespace guideway {

class DatapathWatch {
 public:
  // Of drops by the same exit, in the last 5 s: fewer a second, or a smaller part of what came, are nobody's worry;
  // and to be rising they are at least twice as many a second as in the minute before.
  static constexpr std::int64_t recent_ms = 5000;
  static constexpr std::uint64_t drops_per_second_min = 10;
  static constexpr std::uint64_t received_per_drop_max = 1000;
  // Of a worker's flow table.
  static constexpr std::uint64_t nearly_full_percent = 90;

  // `flows_max`: of one worker; 0: it remembers none.
  void note(std::int64_t now_ms, const CountersView& counters, std::uint64_t flows_max);
  // Another datapath begins to count anew.
  void forget();
  [[nodiscard]] std::vector<std::string> warnings() const;

 private:
  struct Look {
    std::int64_t time_ms = 0;
    std::uint64_t received = 0;
    std::array<std::uint64_t, GW_EXIT_COUNT> exits{};
  };
  void warn_of_drops(std::vector<std::string>& warnings) const;

  std::deque<Look> looks_;            // oldest first
  std::vector<std::uint64_t> flows_;  // of each worker now
  std::uint64_t flows_max_ = 0;
  std::uint64_t flows_not_remembered_ = 0;  // by all workers, since the datapath began
};

}  // namespace guideway
