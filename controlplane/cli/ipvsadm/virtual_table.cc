// SPDX-License-Identifier: Apache-2.0
#include "controlplane/cli/ipvsadm/virtual_table.hh"

#include <tuple>

#include <fmt/core.h>

#include "controlplane/cli/field.hh"
#include "controlplane/config/words.hh"

namespace guideway::ipvsadm {
namespace {

using nlohmann::json;

std::vector<Protocol> protocols_of(const json& service) {
  const std::string text = text_field(service, "protocol");
  if (text == "tcp+udp") return {Protocol::tcp, Protocol::udp};
  return {text == "udp" ? Protocol::udp : Protocol::tcp};
}

void agree(std::uint32_t& common, std::uint32_t one, bool& is_common) {
  if (one == 0) return;
  is_common = is_common && (common == 0 || common == one);
  common = one;
}

}  // namespace

std::vector<TableLine> lines_of(const std::string& name, const json& service) {
  std::vector<TableLine> lines;
  for (const json& text : list_field(service, "addresses")) {
    const auto address = AddressPrefix::parse(text.is_string() ? text.get<std::string>() : "");
    if (!address) continue;
    for (const Protocol protocol : protocols_of(service)) {
      TableLine line{name, protocol, *address, 0, "", true};
      if (service.contains("port") && service["port"].is_string())
        line.port_range = service["port"].get<std::string>();
      else
        line.port = static_cast<std::uint16_t>(count_field(service, "port"));
      lines.push_back(line);
    }
  }
  for (TableLine& line : lines) line.is_alone = lines.size() == 1;
  return lines;
}

bool is_before(const TableLine& one, const TableLine& other) {
  const auto order = [](const TableLine& line) {
    return std::tuple(line.address.address.family, line.protocol, line.address.address.bytes, line.port);
  };
  return order(one) < order(other);
}

VirtualTable::VirtualTable(const json& config) {
  for (const json& pool : list_field(config, "pool")) pools_[text_field(pool, "name")] = pool;
  for (const json& service : list_field(config, "service")) {
    const std::string name = text_field(service, "name");
    services_[name] = service;
    index(name);
  }
  if (const auto common = timeouts()) wanted_ = *common;
}

void VirtualTable::index(const std::string& name) {
  const json& service = services_.at(name);
  ++pool_users_[text_field(service, "pool")];
  for (const TableLine& line : lines_of(name, service)) {
    if (line.has_key()) by_key_[line.key()] = name;
  }
}

std::vector<TableLine> VirtualTable::lines() const {
  std::vector<TableLine> all;
  for (const auto& [name, service] : services_) {
    for (TableLine& line : lines_of(name, service)) all.push_back(std::move(line));
  }
  return all;
}

Result<TableLine> VirtualTable::find(const VirtualKey& key) const {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return failure(fmt::format("there is no service {}", text_of(key)));
  for (const TableLine& line : lines_of(found->second, services_.at(found->second))) {
    if (line.has_key() && line.key() == key) return line;
  }
  return failure(fmt::format("there is no service {}", text_of(key)));
}

const json& VirtualTable::pool_of(const std::string& service) const {
  static const json none = json::object();
  const auto found = pools_.find(text_field(services_.at(service), "pool"));
  return found == pools_.end() ? none : found->second;
}

Result<Timeouts> VirtualTable::timeouts() const {
  Timeouts common;
  bool is_common = true;
  for (const auto& [name, service] : services_) {
    const Timeouts one = timeouts_of(service);
    agree(common.tcp_s, one.tcp_s, is_common);
    agree(common.tcp_fin_s, one.tcp_fin_s, is_common);
    agree(common.udp_s, one.udp_s, is_common);
  }
  if (!is_common)
    return failure("services differ in their timeouts; `guideway service show NAME` tells each, --set makes them one");
  return common;
}

bool VirtualTable::has_own_pool(const std::string& name) const {
  const std::string pool = text_field(services_.at(name), "pool");
  return pool == name && pool_users_.at(pool) == 1 && pools_.count(pool) != 0;
}

// A service as under [[service]], its own pool within.
json VirtualTable::whole_keys(const std::string& name) const {
  json keys = services_.at(name);
  if (!has_own_pool(name)) return keys;
  keys.erase("pool");
  for (const auto& [key, value] : pools_.at(name).items()) keys[key] = value;
  return keys;
}

Result<std::string> VirtualTable::service_alone(const VirtualKey& key) const {
  const auto line = find(key);
  if (!line) return failure_of(line);
  if (!line->is_alone) {
    return failure(
        fmt::format("{} is one of several addresses of service \"{}\", which would all change; use "
                    "`guideway service` and `guideway backend`",
                    text_of(key), line->service));
  }
  return line->service;
}

Result<std::string> VirtualTable::pool_alone(const VirtualKey& key) const {
  const auto name = service_alone(key);
  if (!name) return failure_of(name);
  const std::string pool = text_field(services_.at(*name), "pool");
  if (pool_users_.at(pool) != 1) {
    return failure(
        fmt::format("{} shares the backends of pool \"{}\" with other services, which would all change; use "
                    "`guideway backend`",
                    text_of(key), pool));
  }
  return pool;
}

json* VirtualTable::find_backend(const std::string& pool, const IpAddress& address) {
  const auto found = pools_.find(pool);
  if (found == pools_.end()) return nullptr;
  for (json& backend : found->second["backends"]) {
    if (text_field(backend, "address") == address.text()) return &backend;
  }
  return nullptr;
}

}  // namespace guideway::ipvsadm
