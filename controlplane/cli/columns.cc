// SPDX-License-Identifier: Apache-2.0
#include "controlplane/cli/columns.hh"

#include <algorithm>

#include <fmt/core.h>

#include "controlplane/cli/text_table.hh"

namespace guideway {
namespace {

using nlohmann::json;

// The first list of objects; a service alone has its backends in one.
const json* list_in(const json& answer) {
  for (const auto& [key, value] : answer.items()) {
    if (value.is_array() && !value.empty() && value.front().is_object()) return &value;
  }
  return nullptr;
}

const json* value_at(const json& item, const std::string& key) {
  const std::size_t dot = key.find('.');
  const auto found = item.is_object() ? item.find(key.substr(0, dot)) : item.end();
  if (!item.is_object() || found == item.end()) return nullptr;
  return dot == std::string::npos ? &*found : value_at(*found, key.substr(dot + 1));
}

std::string cell_text(const json* value) {
  if (value == nullptr || value->is_null()) return "-";
  if (value->is_string()) return value->get<std::string>().empty() ? "-" : value->get<std::string>();
  if (!value->is_array()) return value->dump();
  std::string result;
  for (const json& each : *value) result += (result.empty() ? "" : ",") + cell_text(&each);
  return result.empty() ? "-" : result;
}

std::string keys_in(const json& list) {
  std::string keys;
  for (const auto& [key, value] : list.front().items()) keys += (keys.empty() ? "" : ", ") + key;
  return keys;
}

}  // namespace

Result<std::string> columns_text(const json& answer, const std::vector<std::string>& keys) {
  const json* list = answer.is_object() ? list_in(answer) : nullptr;
  if (list == nullptr) return failure("there is no list whose columns could be chosen");
  std::vector<TextTable::Column> columns;
  for (const std::string& key : keys) {
    const auto has_key = [&](const json& item) { return value_at(item, key) != nullptr; };
    const auto first = std::find_if(list->begin(), list->end(), has_key);
    if (first == list->end())
      return failure(fmt::format("there is no column \"{}\"; there are {}", key, keys_in(*list)));
    std::string title = key;
    for (char& c : title) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    const bool is_number = value_at(*first, key)->is_number();
    columns.push_back({title, is_number ? TextTable::Align::right : TextTable::Align::left});
  }
  TextTable table(columns);
  for (const json& item : *list) {
    std::vector<std::string> cells;
    cells.reserve(keys.size());
    for (const std::string& key : keys) cells.push_back(cell_text(value_at(item, key)));
    table.add_row(std::move(cells));
  }
  return table.text();
}

}  // namespace guideway
