// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/tree.hh"

#include <fmt/core.h>

namespace guideway {

const Tree* Tree::find(std::string_view key) const {
  for (const TreeEntry& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

namespace {

// Whatever bytes a file holds, a message is one line of printable text of bounded length.
std::string printable(std::string_view text) {
  constexpr std::size_t shown_max = 60;
  std::string result;
  for (const char c : text.substr(0, shown_max)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f)
      result += fmt::format("\\x{:02x}", byte);
    else
      result += c;
  }
  if (text.size() > shown_max) result += "...";
  return result;
}

}  // namespace

std::string Tree::quoted() const {
  switch (kind) {
    case Kind::null:
      return "null";
    case Kind::boolean:
      return boolean ? "true" : "false";
    case Kind::integer:
      return std::to_string(integer);
    case Kind::real:
      return fmt::format("{}", real);
    case Kind::text:
      return '"' + printable(text) + '"';
    case Kind::moment:
      return "a date";
    case Kind::list:
      return "a list";
    case Kind::table:
      return "a table";
  }
  return "a value";
}

}  // namespace guideway
