// SPDX-License-Identifier: Apache-2.0
// Services and [defaults].
#include <algorithm>

#include <fmt/core.h>

#include "controlplane/config/draft.hh"
#include "controlplane/config/keys.hh"
#include "controlplane/config/validate.hh"

namespace guideway {
namespace {

constexpr std::uint32_t timeout_most_ms = GW_IDLE_TIMEOUT_SECONDS_MAX * 1000;
constexpr std::uint32_t udp_idle_timeout_ms = 60'000;

bool is_multicast(const IpAddress& address) {
  return address.family == Family::ipv4 ? address.bytes[0] >= 224 : address.bytes[0] == 0xff;
}

std::vector<IpAddress> read_addresses(TableReader& reader) {
  std::vector<IpAddress> addresses;
  const Tree* one = reader.find("address");
  const Tree* several = reader.find("addresses");
  if (one != nullptr && several != nullptr) reader.fail("address", "stands beside addresses; put all into addresses");
  if (one == nullptr && several == nullptr)
    reader.reading().fail(reader.place_of(""), reader.path(), R"(has no address; add addresses = ["192.0.2.10"])");
  if (one != nullptr) {
    if (const auto address = read_address(reader, "address", *one)) addresses.push_back(*address);
  }
  if (several == nullptr) return addresses;
  if (several->kind != Tree::Kind::list || several->items.empty()) {
    reader.fail("addresses", fmt::format(R"({} is not a list of addresses; give ["192.0.2.10", "2001:db8::10"])",
                                         several->items.empty() ? "an empty value" : several->quoted()));
    return addresses;
  }
  for (const Tree& item : several->items) {
    const auto address = read_address(reader, "addresses", item);
    if (!address) continue;
    if (std::find(addresses.begin(), addresses.end(), *address) != addresses.end())
      reader.fail("addresses", fmt::format("{} stands there twice; leave one out", address->text()));
    else
      addresses.push_back(*address);
  }
  return addresses;
}

void read_port(TableReader& reader, ServiceConfig& service) {
  constexpr std::string_view form = R"(a port from 0 (any) to 65535)";
  const Tree* value = reader.find("port");
  if (value == nullptr) {
    reader.reading().fail(reader.place_of(""), reader.path(), R"(has no port; add port = 80, or port = "any")");
  } else if (value->kind != Tree::Kind::text || value->text != "any") {
    service.port = static_cast<std::uint16_t>(reader.integer("port", 0, 65535, form).value_or(0));
  }
}

void read_timeouts_and_table(TableReader& reader, DefaultsDraft& values) {
  if (const auto slots = reader.integer("table_slots", GW_TABLE_SLOTS_MIN, GW_TABLE_SLOTS_MAX,
                                        "a prime from 251 to 5000011, such as 65537")) {
    if (is_prime(*slots)) {
      values.table_slots = *slots;
    } else {
      std::uint32_t next = *slots;
      while (!is_prime(next)) ++next;
      reader.fail("table_slots", fmt::format("{} is not prime; give {}", *slots, next));
    }
  }
  const auto idle = reader.duration_ms("idle_timeout", 1000, timeout_most_ms);
  const auto opening = reader.duration_ms("opening_timeout", 1000, timeout_most_ms);
  const auto closing = reader.duration_ms("closing_timeout", 1000, timeout_most_ms);
  if (idle) values.idle_timeout_ms = idle;
  if (opening) values.opening_timeout_ms = opening;
  if (closing) values.closing_timeout_ms = closing;
}

// Timeouts and modes depend on the protocol; a key without a meaning for it is a mistake, not a decoration.
void fill_by_protocol(TableReader& reader, const DefaultsDraft& values, ServiceConfig& service) {
  service.scheduler = values.scheduler;
  service.policy = values.policy;
  service.table_slots = values.table_slots;
  if (service.protocol == Protocol::udp) {
    service.udp = values.udp;
    service.idle_timeout_ms = values.idle_timeout_ms.value_or(udp_idle_timeout_ms);
    service.opening_timeout_ms = values.opening_timeout_ms.value_or(service.idle_timeout_ms);
    if (reader.has("closing_timeout"))
      reader.fail("closing_timeout", "means nothing for UDP, which does not close; leave it out");
  } else {
    service.idle_timeout_ms = values.idle_timeout_ms.value_or(service.idle_timeout_ms);
    service.opening_timeout_ms = values.opening_timeout_ms.value_or(service.opening_timeout_ms);
    service.closing_timeout_ms = values.closing_timeout_ms.value_or(service.closing_timeout_ms);
    if (reader.has("udp")) reader.fail("udp", R"(only means something with protocol = "udp"; leave it out)");
  }
}

void read_own_pool(TableReader& reader, const std::optional<std::string>& pool_name, ServiceDraft& draft,
                   const DefaultsDraft& defaults) {
  PoolDraft pool;
  pool.config.defaults = defaults.backend;
  pool.config.slow_start_ms = defaults.slow_start_ms;
  pool.check = defaults.check;
  read_pool_keys(reader, pool);
  if (reader.has("pool")) {
    for (const std::string_view key : {"backends", "forward", "check", "weight", "slow_start"}) {
      if (reader.has(key))
        reader.fail(key, fmt::format("belongs to the pool; write it under [[pool]]{}, or leave pool out",
                                     pool_name ? " name = \"" + *pool_name + "\"" : ""));
    }
    if (pool_name) draft.config.pool = *pool_name;
    return;
  }
  if (!reader.has("backends"))
    reader.reading().fail(reader.place_of(""), reader.path(),
                          R"(has neither backends nor pool; add backends = ["10.0.0.1"])");
  pool.config.name = draft.config.name;
  draft.config.pool = draft.config.name;
  draft.pool = std::move(pool);
}

}  // namespace

std::optional<std::string> read_name(TableReader& reader) {
  auto name = reader.text("name", "a name");
  if (!name || is_name(*name)) return name;
  reader.fail("name", fmt::format("{} is not a name; give 1 to 64 letters, digits, '.', '_', '-' or ':'",
                                  reader.find("name")->quoted()));
  return std::nullopt;
}

std::optional<IpAddress> read_address(TableReader& reader, std::string_view key, const Tree& value) {
  const Place place{reader.file(), value.line};
  const auto address = value.kind == Tree::Kind::text ? IpAddress::parse(value.text) : std::nullopt;
  if (!address) {
    reader.reading().fail(
        place, reader.path_of(key),
        fmt::format(R"({} is not an address; give one such as "192.0.2.10" or "2001:db8::10")", value.quoted()));
    return std::nullopt;
  }
  const IpAddress unspecified{{}, address->family};
  if (*address == unspecified || is_multicast(*address)) {
    reader.reading().fail(place, reader.path_of(key),
                          fmt::format("{} is not the address of one host; give a unicast address", address->text()));
    return std::nullopt;
  }
  return address;
}

void read_shared_service_keys(TableReader& reader, DefaultsDraft& values) {
  values.scheduler =
      reader.choice<Scheduler>("scheduler", {{"maglev", Scheduler::maglev}, {"round-robin", Scheduler::round_robin}})
          .value_or(values.scheduler);
  values.policy = reader
                      .choice<NoBackendPolicy>(
                          "when_none", {{"drop", NoBackendPolicy::drop}, {"fail-open", NoBackendPolicy::fail_open}})
                      .value_or(values.policy);
  values.udp =
      reader.choice<UdpMode>("udp", {{"follow", UdpMode::follow}, {"hash", UdpMode::hash}}).value_or(values.udp);
  read_timeouts_and_table(reader, values);
}

DefaultsDraft read_defaults(Reading& reading, const std::string& file, const Tree& value, const DefaultsDraft& outer) {
  DefaultsDraft values = outer;
  if (value.kind != Tree::Kind::table) {
    reading.fail({file, value.line}, "defaults", value.quoted() + " is not a table; write [defaults]");
    return values;
  }
  TableReader reader(reading, file, value, "defaults", keys::defaults);
  read_shared_service_keys(reader, values);
  values.backend.forward = reader.choice<Forward>("forward", {{"l2", Forward::l2}, {"ipip", Forward::ipip}})
                               .value_or(values.backend.forward);
  values.backend.weight =
      reader.integer("weight", 0, 65535, "a weight from 0 to 65535").value_or(values.backend.weight);
  values.slow_start_ms = reader.duration_ms("slow_start", 0, 3'600'000).value_or(values.slow_start_ms);
  values.check = read_check(reader, values.check);
  reader.finish();
  return values;
}

std::optional<ServiceDraft> read_service(Reading& reading, const std::string& file, const Tree& value,
                                         std::size_t ordinal, const DefaultsDraft& defaults) {
  const Tree* named = value.find("name");
  const bool usable = named != nullptr && named->kind == Tree::Kind::text && is_name(named->text);
  TableReader reader(reading, file, value, usable ? "service." + named->text : fmt::format("service[{}]", ordinal),
                     keys::service);
  ServiceDraft draft;
  ServiceConfig& service = draft.config;
  const auto name = read_name(reader);
  if (!name && !reader.has("name")) reading.fail({file, value.line}, reader.path(), R"(has no name; add name = "...")");
  service.name = name.value_or("");
  service.addresses = read_addresses(reader);
  read_port(reader, service);
  service.protocol =
      reader.choice<Protocol>("protocol", {{"tcp", Protocol::tcp}, {"udp", Protocol::udp}}).value_or(service.protocol);
  DefaultsDraft values = defaults;
  read_shared_service_keys(reader, values);
  fill_by_protocol(reader, values, service);
  std::optional<std::string> pool_name = reader.text("pool", "the name of a pool");
  read_own_pool(reader, pool_name, draft, defaults);
  reader.finish();
  if (!name) return std::nullopt;
  return draft;
}

}  // namespace guideway
