// SPDX-License-Identifier: Apache-2.0
#include "controlplane/cli/field.hh"

#include <array>

#include <fmt/core.h>

namespace guideway {
namespace {

const nlohmann::json* find(const nlohmann::json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

}  // namespace

std::string text_field(const nlohmann::json& object, const char* key) {
  const nlohmann::json* value = find(object, key);
  if (value == nullptr || value->is_null() || value->is_structured()) return "-";
  if (!value->is_string()) return value->dump();
  const auto& text = value->get_ref<const std::string&>();
  return text.empty() ? "-" : text;
}

std::uint64_t count_field(const nlohmann::json& object, const char* key) {
  const nlohmann::json* value = find(object, key);
  return value != nullptr && value->is_number_unsigned() ? value->get<std::uint64_t>() : 0;
}

double real_field(const nlohmann::json& object, const char* key) {
  const nlohmann::json* value = find(object, key);
  return value != nullptr && value->is_number() ? value->get<double>() : 0;
}

bool flag_field(const nlohmann::json& object, const char* key) {
  const nlohmann::json* value = find(object, key);
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

const nlohmann::json& list_field(const nlohmann::json& object, const char* key) {
  static const nlohmann::json none = nlohmann::json::array();
  const nlohmann::json* value = find(object, key);
  return value != nullptr && value->is_array() ? *value : none;
}

const nlohmann::json& object_field(const nlohmann::json& object, const char* key) {
  static const nlohmann::json none = nlohmann::json::object();
  const nlohmann::json* value = find(object, key);
  return value != nullptr && value->is_object() ? *value : none;
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array units{"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 999.95 && unit + 1 < units.size()) {
    value /= 1000;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, units.at(unit));
}

std::string time_text(std::uint64_t seconds) {
  const std::uint64_t days = seconds / 86400;
  const std::uint64_t hours = seconds / 3600 % 24;
  const std::uint64_t minutes = seconds / 60 % 60;
  if (days > 0) return fmt::format("{} d {} h", days, hours);
  if (hours > 0) return fmt::format("{} h {} min", hours, minutes);
  if (minutes > 0) return fmt::format("{} min {} s", minutes, seconds % 60);
  return fmt::format("{} s", seconds);
}

}  // namespace guideway
