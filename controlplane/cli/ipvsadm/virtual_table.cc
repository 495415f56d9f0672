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

// What a server has that -g, -i and -w cannot say.
std::string unspeakable(const json& backend) {
  if (text_field(backend, "forward") == name_of(Forward::l3dsr)) return "forward = \"l3dsr\"";
  if (text_field(backend, "state") == name_of(Administrative::disabled)) return "state = \"disabled\"";
  if (backend.contains("gre_key")) return "a gre_key";
  return count_field(backend, "gue_variant") != 0 ? "gue_variant = 1" : "";
}

void agree(std::uint32_t& common, std::uint32_t one, bool& is_common) {
  if (one == 0) return;
  is_common = is_common && (common == 0 || common == one);
  common = one;
}

}  // namespace

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

Result<void> VirtualTable::apply(const Change& change) {
  return std::visit([this](const auto& one) { return this->change(one); }, change);
}

// Timeouts that were asked for and that no service keeps would be lost without a word.
Result<json> VirtualTable::edits() const {
  const auto common = timeouts();
  if (!common) return edits_;
  const Timeouts fresh = default_timeouts();
  const auto is_lost = [](std::uint32_t set, std::uint32_t kept, std::uint32_t otherwise) {
    return set != 0 && set != (kept == 0 ? otherwise : kept);
  };
  if (is_lost(set_.tcp_s, common->tcp_s, fresh.tcp_s) || is_lost(set_.tcp_fin_s, common->tcp_fin_s, fresh.tcp_fin_s))
    return failure("timeouts are kept by services, and there is no TCP service; give 0 for tcp and tcpfin");
  if (is_lost(set_.udp_s, common->udp_s, fresh.udp_s))
    return failure("timeouts are kept by services, and there is no UDP service; give 0 for udp");
  return edits_;
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

void VirtualTable::remove(const std::string& name) {
  edits_.push_back({{"op", "service.remove"}, {"name", name}, {"force", true}});
  for (const TableLine& line : lines_of(name, services_.at(name))) {
    if (line.has_key()) by_key_.erase(line.key());
  }
  if (has_own_pool(name)) pools_.erase(name);
  --pool_users_[text_field(services_.at(name), "pool")];
  services_.erase(name);
}

// Out and in again within one transaction, which moves no flow: its backends and tables are the same ones afterwards.
void VirtualTable::replace(const std::string& name, json keys) {
  if (keys == services_.at(name)) return;
  edits_.push_back({{"op", "service.remove"}, {"name", name}, {"force", true}});
  services_[name] = std::move(keys);
  edits_.push_back({{"op", "service.add"}, {"service", whole_keys(name)}});
}

Result<void> VirtualTable::change(const AddService& add) {
  const std::string name = service_name(add.words.key);
  if (by_key_.count(add.words.key) != 0)
    return failure(fmt::format("there is a service {} already", text_of(add.words.key)));
  if (services_.count(name) != 0)
    return failure(fmt::format("the name \"{}\" is taken by a service with another address", name));
  json keys = keys_of(add.words, wanted_);
  edits_.push_back({{"op", "service.add"}, {"service", keys}});
  pools_[name] = {{"name", name}, {"check", keys["check"]}, {"backends", json::array()}};
  for (const char* key : {"check", "backends"}) keys.erase(key);
  keys["pool"] = name;
  services_[name] = std::move(keys);
  index(name);
  return {};
}

Result<void> VirtualTable::change(const EditService& edit) {
  const auto name = service_alone(edit.words.key);
  if (!name) return failure_of(name);
  json keys = services_.at(*name);
  change_keys(keys, edit.words);
  replace(*name, std::move(keys));
  return {};
}

Result<void> VirtualTable::change(const DeleteService& removal) {
  const auto name = service_alone(removal.key);
  if (!name) return failure_of(name);
  remove(*name);
  return {};
}

Result<void> VirtualTable::change(const AddServer& add) {
  const auto pool = pool_alone(add.key);
  if (!pool) return failure_of(pool);
  if (find_backend(*pool, add.words.address) != nullptr)
    return failure(fmt::format("{} has the server {} already", text_of(add.key), add.words.address.text()));
  json keys = keys_of(add.words);
  keys["name"] = add.words.address.text();
  edits_.push_back({{"op", "backend.add"}, {"pool", *pool}, {"backend", keys}});
  pools_[*pool]["backends"].push_back(std::move(keys));
  return {};
}

Result<void> VirtualTable::change(const EditServer& edit) {
  const auto pool = pool_alone(edit.key);
  if (!pool) return failure_of(pool);
  json* backend = find_backend(*pool, edit.words.address);
  if (backend == nullptr)
    return failure(fmt::format("{} has no server {}", text_of(edit.key), edit.words.address.text()));
  const std::string name = text_field(*backend, "name");
  if (const std::string lost = unspeakable(*backend); !lost.empty())
    return failure(
        fmt::format("server {} of {} has {}, which -g, -i and -w cannot say; use `guideway backend` for {}/{}",
                    edit.words.address.text(), text_of(edit.key), lost, *pool, name));
  json keys = *backend;
  change_keys(keys, edit.words);
  if (keys == *backend) return {};
  *backend = keys;
  // Its name keeps its place in the table and its flows; only what differs takes effect.
  edits_.push_back({{"op", "backend.remove"}, {"pool", *pool}, {"name", name}, {"force", true}});
  edits_.push_back({{"op", "backend.add"}, {"pool", *pool}, {"backend", std::move(keys)}});
  return {};
}

Result<void> VirtualTable::change(const DeleteServer& removal) {
  const auto pool = pool_alone(removal.key);
  if (!pool) return failure_of(pool);
  const json* backend = find_backend(*pool, removal.address);
  if (backend == nullptr)
    return failure(fmt::format("{} has no server {}", text_of(removal.key), removal.address.text()));
  edits_.push_back({{"op", "backend.remove"}, {"pool", *pool}, {"name", text_field(*backend, "name")}});
  json& backends = pools_[*pool]["backends"];
  backends.erase(static_cast<std::size_t>(backend - &backends[0]));
  return {};
}

Result<void> VirtualTable::change(const Clear& /*clear*/) {
  while (!services_.empty()) remove(std::string(services_.begin()->first));
  wanted_ = set_;
  return {};
}

Result<void> VirtualTable::change(const SetTimeouts& set) {
  for (Timeouts* kept : {&wanted_, &set_}) {
    if (set.timeouts.tcp_s != 0) kept->tcp_s = set.timeouts.tcp_s;
    if (set.timeouts.tcp_fin_s != 0) kept->tcp_fin_s = set.timeouts.tcp_fin_s;
    if (set.timeouts.udp_s != 0) kept->udp_s = set.timeouts.udp_s;
  }
  for (const auto& [name, service] : std::map(services_)) {
    json keys = service;
    change_timeouts(keys, set.timeouts);
    replace(name, std::move(keys));
  }
  return {};
}

}  // namespace guideway::ipvsadm
