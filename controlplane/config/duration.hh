// SPDX-License-Identifier: Apache-2.0
// Durations as people write them: "500ms", "2s", "15m", "1h". A number without a unit is refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace guideway {

// Milliseconds; nothing if it is not a duration or does not fit 32 bits (49 days).
[[nodiscard]] std::optional<std::uint32_t> parse_duration_ms(std::string_view text);
// In the largest unit that is exact: 900000 is "15m".
[[nodiscard]] std::string duration_text(std::uint32_t duration_ms);

}  // namespace guideway
