// SPDX-License-Identifier: Apache-2.0
// A number as it stands in a sentence: for refusals, which are about numbers more often than about anything else.
#pragma once

#include <cstdint>
#include <string>

namespace guideway {

[[nodiscard]] inline std::string number(std::uint64_t value) { return std::to_string(value); }

}  // namespace guideway
