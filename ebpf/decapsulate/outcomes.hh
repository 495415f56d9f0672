// SPDX-License-Identifier: Apache-2.0
// Names and meanings of the outcomes of decapsulate.h.
#pragma once

#include <array>
#include <string_view>

#include "ebpf/decapsulate/decapsulate.h"

namespace guideway::decapsulate {

struct Outcome {
  std::string_view name;
  std::string_view meaning;
};

// By number.
[[nodiscard]] const std::array<Outcome, GW_DECAPSULATE_OUTCOMES>& outcomes();

}  // namespace guideway::decapsulate
