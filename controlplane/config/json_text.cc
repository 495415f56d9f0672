// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/json_text.hh"

#include <algorithm>
#include <numeric>
#include <vector>

#include <nlohmann/json.hpp>

#include "controlplane/config/json.hh"
#include "dataplane/base/in_parallel.hh"

namespace guideway {
namespace {

// Of pools or services that a thread writes by itself.
constexpr std::size_t part_size = 128;

template <typename T>
std::string list_text(const SharedList<T>& list) {
  std::vector<std::string> parts((list.size() + part_size - 1) / part_size);
  in_parallel(parts.size(), [&](std::size_t number) {
    const std::size_t first = number * part_size;
    for (std::size_t i = first; i < std::min(first + part_size, list.size()); ++i)
      parts[number] += (i == 0 ? "" : ",") + json_text(to_json(list[i]));
  });
  std::string text = "[";
  text.reserve(std::accumulate(parts.begin(), parts.end(), std::size_t{2},
                               [](std::size_t sum, const std::string& part) { return sum + part.size(); }));
  for (const std::string& part : parts) text += part;
  return text + "]";
}

}  // namespace

std::string json_text(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string json_text(const Config& config) {
  std::string text = with_member(json_text(settings_json(config)), "pool", list_text(config.pools));
  return with_member(std::move(text), "service", list_text(config.services));
}

const std::string& ConfigTexts::of(const Config& config) {
  const auto found =
      std::find_if(written_.begin(), written_.end(), [&](const auto& each) { return each.first == config; });
  if (found != written_.end()) return *found->second;
  written_.emplace_back(config, std::make_unique<const std::string>(json_text(config)));
  return *written_.back().second;
}

std::string with_member(std::string object, std::string_view key, std::string_view value) {
  object.back() = ',';
  object.reserve(object.size() + key.size() + value.size() + 4);
  return ((((object += '"') += key) += "\":") += value) += '}';
}

}  // namespace guideway
