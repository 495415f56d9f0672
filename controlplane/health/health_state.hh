// SPDX-License-Identifier: Apache-2.0
// The contents of a health word (ebpf/abi/health.h), and its words for people.
#pragma once

#include <cstdint>
#include <string_view>

#include "ebpf/abi/health.h"

namespace guideway {

// The health word without its generation.
struct HealthState {
  std::uint32_t share = 0;
  gw_health_state state = GW_HEALTH_DOWN;
  gw_health_reason reason = GW_REASON_NOT_CHECKED;

  [[nodiscard]] static HealthState of_word(std::uint64_t word);
  [[nodiscard]] std::uint64_t word(std::uint32_t generation) const;
  friend bool operator==(const HealthState&, const HealthState&) = default;
};

// The words for people, the same in the CLI, the API and the log: "up", "check failed".
[[nodiscard]] std::string_view name_of(gw_health_state state);
[[nodiscard]] std::string_view name_of(gw_health_reason reason);

}  // namespace guideway
