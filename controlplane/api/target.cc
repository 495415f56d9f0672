// SPDX-License-Identifier: Apache-2.0
#include "controlplane/api/target.hh"

#include <charconv>

namespace guideway {
namespace {

std::optional<std::string> decoded(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result.push_back(text[i]);
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    unsigned value = 0;
    const char* end = text.data() + i + 3;
    auto [stopped, error] = std::from_chars(text.data() + i + 1, end, value, 16);
    if (error != std::errc{} || stopped != end) return std::nullopt;
    result.push_back(static_cast<char>(value));
    i += 2;
  }
  return result;
}

// The text up to the separator; what comes behind it is left in `rest`.
std::string_view take_until(std::string_view& rest, char separator) {
  std::size_t end = rest.find(separator);
  std::string_view part = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  return part;
}

}  // namespace

std::optional<Target> Target::parse(std::string_view text) {
  if (text.empty() || text.front() != '/') return std::nullopt;
  Target target;
  std::string_view path = take_until(text, '?');
  path.remove_prefix(1);
  while (!path.empty()) {
    auto segment = decoded(take_until(path, '/'));
    if (!segment) return std::nullopt;
    target.segments.push_back(std::move(*segment));
  }
  while (!text.empty()) {
    std::string_view pair = take_until(text, '&');
    auto key = decoded(take_until(pair, '='));
    auto value = decoded(pair);
    if (!key || !value) return std::nullopt;
    target.query[*key] = *value;
  }
  return target;
}

}  // namespace guideway
