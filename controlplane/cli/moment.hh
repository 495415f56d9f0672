// SPDX-License-Identifier: Apache-2.0
// Moments as people write and read them. Pure: the time that it is now is an argument.
#pragma once

#include <cstdint>
#include <string>

#include "dataplane/base/result.hh"

namespace guideway {

// "10m" (ago), "2026-11-28T06:00:00Z", "2026-11-28 06:00" and "2026-11-28": UTC, like everything that is printed.
// Milliseconds since 1970.
[[nodiscard]] Result<std::int64_t> moment_form(const std::string& text, std::int64_t now_ms);
// "2026-11-28T06:00:00.123Z".
[[nodiscard]] std::string moment_text(std::int64_t time_ms);

}  // namespace guideway
