// SPDX-License-Identifier: Apache-2.0
// Pools and backends: what a backend does not say, its pool says; what the pool does not say, [defaults] says.
#include <fmt/core.h>

#include "controlplane/config/draft.hh"
#include "controlplane/config/keys.hh"
#include "controlplane/config/validate.hh"

namespace guideway {
namespace {

constexpr std::string_view weight_form = "a weight from 0 (no new flows) to 65535";

void read_next_hop(TableReader& reader, BackendConfig& backend) {
  if (const auto text = reader.text("mac", R"(a MAC address such as "02:00:00:00:00:01")")) {
    backend.mac = MacAddress::parse(*text);
    if (!backend.mac || (backend.mac->bytes[0] & 1U) != 0 || *backend.mac == MacAddress{})
      reader.fail("mac",
                  fmt::format(R"({} is not the MAC address of one station; give one such as "02:00:00:00:00:01")",
                              reader.find("mac")->quoted()));
  }
  if (const auto vlan = reader.integer("vlan", 1, 4094, "a VLAN from 1 to 4094"))
    backend.vlan = static_cast<std::uint16_t>(*vlan);
  if (reader.has("vlan") && !reader.has("mac") && !backend.mac)
    reader.fail("vlan",
                "is the tag of a next hop that mac names; without one the kernel's route tells it: add mac, or leave "
                "it out");
}

}  // namespace

void read_backend_keys(TableReader& reader, BackendDraft& draft) {
  BackendConfig& backend = draft.config;
  backend.weight = reader.integer("weight", 0, 65535, weight_form).value_or(backend.weight);
  read_forward(reader, backend.forward, backend.tunnel);
  refuse_unused(reader, backend.forward);
  if (const auto port = reader.integer("port", 1, 65535, "the port of the backend's check, from 1 to 65535"))
    backend.port = static_cast<std::uint16_t>(*port);
  read_next_hop(reader, backend);
  const auto state = reader.choice<Administrative>("state", {{"enabled", Administrative::enabled},
                                                             {"draining", Administrative::draining},
                                                             {"disabled", Administrative::disabled}});
  backend.administrative = state.value_or(backend.administrative);
  draft.checks = read_checks(reader, draft.checks);
}

namespace {

// A table; `address` is needed, the name defaults to it.
std::optional<BackendDraft> read_backend_from_table(Reading& reading, const std::string& file, const Tree& value,
                                                    const std::string& list_path, BackendDraft draft) {
  std::string label = "?";
  for (const std::string_view key : {"address", "name"}) {
    if (const Tree* named = value.find(key);
        named != nullptr && named->kind == Tree::Kind::text && is_name(named->text))
      label = named->text;
  }
  TableReader reader(reading, file, value, fmt::format("{}[{}]", list_path, label), keys::backend);
  const auto name = read_name(reader);
  const Tree* address_value = reader.find("address");
  std::optional<IpAddress> address;
  if (address_value == nullptr)
    reading.fail({file, value.line}, reader.path(), R"(has no address; add address = "10.0.0.1")");
  else
    address = read_address(reader, "address", *address_value);
  read_backend_keys(reader, draft);
  reader.finish();
  if (!address) return std::nullopt;
  draft.config.address = *address;
  draft.config.name = name.value_or(address->text());
  return draft;
}

void add_backend(TableReader& reader, PoolDraft& pool, BackendDraft backend, int line) {
  const bool new_address = pool.addresses.insert(backend.config.address).second;
  const bool new_name = pool.names.insert(backend.config.name).second;
  if (new_address && new_name) {
    pool.backends.push_back(std::move(backend));
    return;
  }
  reader.reading().fail(
      {reader.file(), line}, fmt::format("{}[{}]", reader.path_of("backends"), backend.config.name),
      new_address ? "a backend of this name is in this pool already; give it another name"
                  : fmt::format("address {} is in this pool already; leave it out, or give the other more weight",
                                backend.config.address.text()));
}

}  // namespace

std::optional<BackendDraft> read_backend(Reading& reading, const std::string& file, const Tree& value,
                                         const std::string& list_path, const PoolDraft& pool) {
  BackendDraft draft;
  draft.config.forward = pool.config.defaults->forward;
  draft.config.tunnel = pool.config.defaults->tunnel;
  draft.config.weight = pool.config.defaults->weight;
  draft.checks = pool.checks;
  if (value.kind == Tree::Kind::table) return read_backend_from_table(reading, file, value, list_path, draft);
  const Place place{file, value.line};
  const auto endpoint = value.kind == Tree::Kind::text ? Endpoint::parse(value.text) : std::nullopt;
  if (!endpoint) {
    reading.fail(
        place, list_path,
        fmt::format(R"({} is not a backend; give "10.0.0.1", "10.0.0.1:8080" or "[fd00::1]:8080" with the port )"
                    R"(of its check, or a table with address = "...")",
                    value.quoted()));
    return std::nullopt;
  }
  draft.config.address = endpoint->address;
  draft.config.port = endpoint->port;
  draft.config.name = endpoint->address.text();
  reading.saw(fmt::format("{}[{}]", list_path, draft.config.name), file, value);
  return draft;
}

void read_pool_keys(TableReader& reader, PoolDraft& pool) {
  pool.path = reader.path();
  BackendDefaults& defaults = pool.config.defaults.own();
  read_forward(reader, defaults.forward, defaults.tunnel);
  defaults.weight = reader.integer("weight", 0, 65535, weight_form).value_or(defaults.weight);
  pool.config.slow_start_ms = reader.duration_ms("slow_start", 0, 3'600'000).value_or(pool.config.slow_start_ms);
  read_pool_health(reader, pool.config.health);
  pool.config.backup_pool = reader.text("backup_pool", "the name of a pool").value_or(pool.config.backup_pool);
  pool.checks = read_checks(reader, pool.checks);
  const Tree* list = reader.find("backends");
  if (list == nullptr) return;
  if (list->kind != Tree::Kind::list) {
    reader.fail("backends",
                fmt::format(R"({} is not a list; give backends = ["10.0.0.1", "10.0.0.2"])", list->quoted()));
    return;
  }
  for (const Tree& item : list->items) {
    auto backend = read_backend(reader.reading(), reader.file(), item, reader.path_of("backends"), pool);
    if (backend) add_backend(reader, pool, std::move(*backend), item.line);
  }
}

std::optional<PoolDraft> read_pool(Reading& reading, const std::string& file, const Tree& value, std::size_t ordinal,
                                   const DefaultsDraft& defaults) {
  const Tree* named = value.find("name");
  const bool usable = named != nullptr && named->kind == Tree::Kind::text && is_name(named->text);
  TableReader reader(reading, file, value, usable ? "pool." + named->text : fmt::format("pool[{}]", ordinal),
                     keys::pool);
  PoolDraft pool;
  pool.config.defaults = defaults.backend;
  pool.config.slow_start_ms = defaults.slow_start_ms;
  pool.config.health = defaults.health;
  pool.checks = defaults.checks;
  const auto name = read_name(reader);
  if (!name && !reader.has("name"))
    reading.fail({file, value.line}, reader.path(),
                 R"(has no name; add name = "...", so that services can refer to it)");
  read_pool_keys(reader, pool);
  if (!reader.has("backends"))
    reading.fail({file, value.line}, reader.path(), R"(has no backends; add backends = ["10.0.0.1"])");
  reader.finish();
  if (!name) return std::nullopt;
  pool.config.name = *name;
  return pool;
}

}  // namespace guideway
