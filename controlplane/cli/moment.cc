// SPDX-License-Identifier: Apache-2.0
#include "controlplane/cli/moment.hh"

#include <array>
#include <ctime>

#include <fmt/core.h>

#include "controlplane/config/duration.hh"

namespace guideway {

Result<std::int64_t> moment_form(const std::string& text, std::int64_t now_ms) {
  if (const auto ago_ms = parse_duration_ms(text)) return now_ms - *ago_ms;
  for (const char* form : std::array{"%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%MZ", "%Y-%m-%dT%H:%M",
                                     "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"}) {
    std::tm parts{};
    const char* end = ::strptime(text.c_str(), form, &parts);
    if (end != nullptr && *end == '\0') return static_cast<std::int64_t>(::timegm(&parts)) * 1000;
  }
  return failure("\"" + text + "\" is not a time; write 10m (ago), 2026-11-28 or 2026-11-28T06:00:00Z (UTC)");
}

std::string moment_text(std::int64_t time_ms) {
  const std::time_t seconds = time_ms / 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, time_ms % 1000);
}

}  // namespace guideway
