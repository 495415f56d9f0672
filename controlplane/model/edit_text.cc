// SPDX-License-Identifier: Apache-2.0
// Edits as lines of text.
#include <nlohmann/json.hpp>

#include "controlplane/config/duration.hh"
#include "controlplane/model/edit.hh"
#include "controlplane/model/overloaded.hh"

namespace guideway {
namespace {

using nlohmann::json;

std::string drain_end_text(const DrainEnd& end) {
  if (end.timeout_ms == 0 && end.until_ms == 0) return "";
  return std::string(end.timeout_ms != 0 ? " for " + duration_text(end.timeout_ms) : " for a time") + ", then " +
         (end.removes ? "removed" : "disabled");
}

// "check, idle_timeout".
std::string keys_text(const std::string& keys) {
  const auto object = json::parse(keys, nullptr, false);
  std::string result;
  if (!object.is_object()) return result;
  for (const auto& [key, value] : object.items()) result += (result.empty() ? "" : ", ") + key;
  return result;
}

}  // namespace

std::string text_of(const Edit& edit) {
  return std::visit(
      Overloaded{
          [](const ServiceAdd& one) { return "service.add " + one.keys; },
          [](const ServiceRemove& one) { return "service.remove " + one.name + (one.force ? " by force" : ""); },
          [](const BackendAdd& one) { return "backend.add " + one.pool + " " + one.keys; },
          [](const BackendRemove& one) {
            return "backend.remove " + one.pool + "/" + one.name + (one.force ? " by force" : "");
          },
          [](const BackendState& one) {
            return "backend.state " + one.pool + "/" + one.name + " " + std::string(name_of(one.state)) +
                   drain_end_text(one.end);
          },
          [](const ServiceState& one) {
            return "service.state " + one.name + " " + std::string(name_of(one.state)) + drain_end_text(one.end);
          },
          [](const HostState& one) {
            return "host.state " + one.address + " " + std::string(name_of(one.state)) + drain_end_text(one.end);
          },
          [](const BackendWeight& one) {
            return "backend.weight " + one.pool + "/" + one.name + " " + std::to_string(one.weight);
          },
          [](const ServiceEdit& one) { return "service.edit " + one.name + " " + one.keys; },
          [](const PoolEdit& one) { return "pool.edit " + one.name + " " + one.keys; },
          [](const BackendEdit& one) { return "backend.edit " + one.pool + "/" + one.name + " " + one.keys; },
      },
      edit);
}

std::string summary_of(const Edit& edit) {
  if (const auto* service = std::get_if<ServiceAdd>(&edit)) return "service.add " + name_in(service->keys);
  if (const auto* backend = std::get_if<BackendAdd>(&edit))
    return "backend.add " + backend->pool + "/" + name_in(backend->keys);
  if (const auto* service = std::get_if<ServiceEdit>(&edit))
    return "service.edit " + service->name + " " + keys_text(service->keys);
  if (const auto* pool = std::get_if<PoolEdit>(&edit)) return "pool.edit " + pool->name + " " + keys_text(pool->keys);
  if (const auto* backend = std::get_if<BackendEdit>(&edit))
    return "backend.edit " + backend->pool + "/" + backend->name + " " + keys_text(backend->keys);
  return text_of(edit);
}

std::string name_in(const std::string& keys) {
  auto object = json::parse(keys, nullptr, false);
  if (object.is_object() && object.contains("name") && object["name"].is_string()) return object["name"];
  if (object.is_object() && object.contains("address")) object = json(object["address"]);
  if (!object.is_string()) return "";
  auto text = object.get<std::string>();
  if (auto address = IpAddress::parse(text)) return address->text();
  auto endpoint = Endpoint::parse(text);
  return endpoint ? endpoint->address.text() : text;
}

}  // namespace guideway
