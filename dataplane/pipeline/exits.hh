// SPDX-License-Identifier: Apache-2.0
// The names of the ways out (ebpf/abi/exits.h): what counters, the CLI and the documentation call them.
#pragma once

#include <span>
#include <string_view>

#include "ebpf/abi/exits.h"

namespace guideway {

enum class ExitKind { sent, answered, kernel, drop };

struct ExitName {
  gw_exit exit;
  ExitKind kind;
  std::string_view name;     // "drop_no_backend"
  std::string_view meaning;  // one sentence for an operator
};

// In the order of their numbers, GW_EXIT_COUNT of them.
[[nodiscard]] std::span<const ExitName> exit_names() noexcept;
[[nodiscard]] ExitKind kind_of(std::uint8_t exit) noexcept;

}  // namespace guideway
