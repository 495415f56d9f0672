// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/toml_text.hh"

#include <algorithm>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace guideway {
namespace {

using nlohmann::json;

std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      result += {'\\', c};
    else if (code < 0x20 || code == 0x7f)
      result += fmt::format("\\u{:04X}", code);
    else
      result += c;
  }
  return result + "\"";
}

std::string value_text(const json& value);

std::string table_text(const json& table) {
  std::string result;
  for (const auto& [key, value] : table.items())
    result += (result.empty() ? " " : ", ") + fmt::format("{} = {}", key, value_text(value));
  return "{" + result + " }";
}

// Tables stand in lines of their own.
std::string list_text(const json& list) {
  const bool has_tables = std::any_of(list.begin(), list.end(), [](const json& item) { return item.is_object(); });
  std::string result;
  for (const json& item : list) {
    if (has_tables)
      result += fmt::format("\n  {},", value_text(item));
    else
      result += (result.empty() ? "" : ", ") + value_text(item);
  }
  return "[" + result + (has_tables ? "\n]" : "]");
}

std::string value_text(const json& value) {
  if (value.is_string()) return quoted(value.get_ref<const std::string&>());
  if (value.is_object()) return table_text(value);
  return value.is_array() ? list_text(value) : value.dump();
}

bool is_list_of_tables(const json& value) {
  return value.is_array() && !value.empty() &&
         std::all_of(value.begin(), value.end(), [](const json& item) { return item.is_object(); });
}

std::string lines_of(const json& table) {
  std::string result;
  for (const auto& [key, value] : table.items()) result += fmt::format("{} = {}\n", key, value_text(value));
  return result;
}

}  // namespace

std::string toml_text(const json& config) {
  std::string values;
  std::string tables;
  for (const auto& [key, value] : config.items()) {
    if (value.is_object()) {
      tables += fmt::format("\n[{}]\n{}", key, lines_of(value));
    } else if (is_list_of_tables(value)) {
      for (const json& each : value) tables += fmt::format("\n[[{}]]\n{}", key, lines_of(each));
    } else {
      values += fmt::format("{} = {}\n", key, value_text(value));
    }
  }
  return values + tables;
}

}  // namespace guideway
