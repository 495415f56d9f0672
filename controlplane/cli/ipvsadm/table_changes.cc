// SPDX-License-Identifier: Apache-2.0
// How the table changes, and which edits that makes.
#include <utility>
#include <variant>

#include <fmt/core.h>

#include "controlplane/cli/field.hh"
#include "controlplane/cli/ipvsadm/virtual_table.hh"
#include "controlplane/config/words.hh"

namespace guideway::ipvsadm {
namespace {

using nlohmann::json;

// What a server has that -g, -i and -w cannot say.
std::string unspeakable(const json& backend) {
  if (text_field(backend, "forward") == name_of(Forward::l3dsr)) return "forward = \"l3dsr\"";
  if (text_field(backend, "state") == name_of(Administrative::disabled)) return "state = \"disabled\"";
  if (backend.contains("gre_key")) return "a gre_key";
  return count_field(backend, "gue_variant") != 0 ? "gue_variant = 1" : "";
}

// What decides between the backends besides their table: flows that nobody remembers follow it.
bool has_same_hash(const json& one, const json& other) {
  const auto source_of = [](const json& service) {
    const bool is_source = text_field(service, "scheduler") == name_of(Scheduler::source);
    const auto bits = [&](const char* key, std::uint64_t all) {
      return is_source && service.contains(key) ? count_field(service, key) : (is_source ? all : 0);
    };
    return std::pair(bits("source_bits_ipv4", 32), bits("source_bits_ipv6", 128));
  };
  return source_of(one) == source_of(other);
}

}  // namespace

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
  if (!has_same_hash(services_.at(*name), keys) && !list_field(pool_of(*name), "backends").empty()) {
    return failure(
        fmt::format("{}: to or from sh, or another netmask, all its flows are chosen anew, which ends connections; if "
                    "that is meant, delete and add it (-D, -A, -a ... as lines of one -R)",
                    text_of(edit.words.key)));
  }
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
