// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/duration.hh"

#include <array>
#include <charconv>
#include <limits>

namespace guideway {
namespace {

struct Unit {
  std::string_view name;
  std::uint32_t length_ms;
};
constexpr std::array units{Unit{"h", 3'600'000}, Unit{"m", 60'000}, Unit{"s", 1'000}, Unit{"ms", 1}};

}  // namespace

std::optional<std::uint32_t> parse_duration_ms(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  const std::string_view rest = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const Unit& unit : units) {
    if (rest != unit.name) continue;
    if (number > std::numeric_limits<std::uint32_t>::max() / unit.length_ms) return std::nullopt;
    return static_cast<std::uint32_t>(number) * unit.length_ms;
  }
  return std::nullopt;
}

std::string duration_text(std::uint32_t duration_ms) {
  if (duration_ms == 0) return "0s";
  for (const Unit& unit : units) {
    if (duration_ms % unit.length_ms == 0) return std::to_string(duration_ms / unit.length_ms) + std::string(unit.name);
  }
  return {};
}

}  // namespace guideway
