// SPDX-License-Identifier: Apache-2.0
// Services and [defaults].
#include <charconv>

#include <fmt/core.h>

#include "controlplane/config/draft.hh"
#include "controlplane/config/keys.hh"
#include "controlplane/config/validate.hh"
#include "controlplane/config/words.hh"

namespace guideway {
namespace {

constexpr std::uint32_t timeout_most_ms = GW_IDLE_TIMEOUT_SECONDS_MAX * 1000;
constexpr std::uint32_t udp_idle_timeout_ms = 60'000;

std::vector<AddressPrefix> read_addresses(TableReader& reader) {
  std::vector<AddressPrefix> addresses;
  const Tree* one = reader.find("address");
  const Tree* several = reader.find("addresses");
  if (one != nullptr && several != nullptr) reader.fail("address", "stands beside addresses; put all into addresses");
  if (one == nullptr && several == nullptr)
    reader.reading().fail(reader.place_of(""), reader.path(), R"(has no address; add addresses = ["192.0.2.10"])");
  if (one != nullptr) {
    if (const auto address = read_unicast_prefix(reader, "address", *one)) addresses.push_back(*address);
  }
  if (several == nullptr) return addresses;
  if (several->kind != Tree::Kind::list || several->items.empty()) {
    reader.fail("addresses", fmt::format(R"({} is not a list of addresses; give ["192.0.2.10", "2001:db8::10"])",
                                         several->items.empty() ? "an empty value" : several->quoted()));
    return addresses;
  }
  if (one != nullptr) return addresses;
  return read_prefixes(reader, "addresses", R"(["192.0.2.10", "2001:db8::10"])", read_unicast_prefix);
}

struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;  // 0 of a single port
};

// "8000-8100".
std::optional<PortRange> parse_range(std::string_view text) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto number = [](std::string_view digits, std::uint16_t& port) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    return error == std::errc() && end == digits.data() + digits.size() && port != 0;
  };
  PortRange range;
  if (!number(text.substr(0, dash), range.first) || !number(text.substr(dash + 1), range.last)) return std::nullopt;
  if (range.last < range.first) return std::nullopt;
  if (range.last == range.first) range.last = 0;
  return range;
}

void read_port(TableReader& reader, ServiceConfig& service) {
  constexpr std::string_view form = R"(a port from 0 (any) to 65535)";
  const Tree* value = reader.find("port");
  if (value == nullptr) {
    reader.reading().fail(reader.place_of(""), reader.path(), R"(has no port; add port = 80, or port = "any")");
  } else if (value->kind == Tree::Kind::text && value->text != "any") {
    const auto range = parse_range(value->text);
    if (!range)
      reader.fail("port", fmt::format(R"({} is neither "any" nor a range of ports such as "8000-8100"; one port is )"
                                      "a number, from 1 to 65535",
                                      value->quoted()));
    service.port = range ? range->first : service.port;
    service.port_last = range ? range->last : service.port_last;
  } else if (value->kind != Tree::Kind::text) {
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

void fill_tcp(TableReader& reader, const DefaultsDraft& values, ServiceConfig& service) {
  service.idle_timeout_ms = values.idle_timeout_ms.value_or(service.idle_timeout_ms);
  service.opening_timeout_ms = values.opening_timeout_ms.value_or(service.opening_timeout_ms);
  service.closing_timeout_ms = values.closing_timeout_ms.value_or(service.closing_timeout_ms);
  if (!service.protocol.udp && reader.has("udp"))
    reader.fail("udp", R"(only means something with protocol = "udp" or "tcp+udp"; leave it out)");
}

void fill_udp(TableReader& reader, const DefaultsDraft& values, ServiceConfig& service) {
  service.idle_timeout_ms = values.idle_timeout_ms.value_or(udp_idle_timeout_ms);
  service.opening_timeout_ms = values.opening_timeout_ms.value_or(service.idle_timeout_ms);
  if (reader.has("closing_timeout"))
    reader.fail("closing_timeout", "means nothing for UDP, which does not close; leave it out");
}

// Timeouts and modes depend on the protocol; a key without a meaning for it is a mistake, not a decoration.
void fill_by_protocol(TableReader& reader, const DefaultsDraft& values, ServiceConfig& service) {
  service.policy = values.policy;
  service.table_slots = values.table_slots;
  if (service.protocol.udp) service.udp = values.udp;
  if (service.protocol.tcp)
    fill_tcp(reader, values, service);
  else
    fill_udp(reader, values, service);
  const auto idle = reader.duration_ms("udp_idle_timeout", 1000, timeout_most_ms);
  const auto opening = reader.duration_ms("udp_opening_timeout", 1000, timeout_most_ms);
  if (service.protocol == ServiceProtocol::both()) {
    service.udp_idle_timeout_ms = idle.value_or(udp_idle_timeout_ms);
    service.udp_opening_timeout_ms = opening.value_or(service.udp_idle_timeout_ms);
    return;
  }
  for (const std::string_view key : {"udp_idle_timeout", "udp_opening_timeout"}) {
    if (reader.has(key))
      reader.fail(key, fmt::format(R"(only means something with protocol = "tcp+udp"; write {} here)", key.substr(4)));
  }
}

void fill_scheduler(TableReader& reader, const DefaultsDraft& values, ServiceConfig& service) {
  service.scheduler = values.scheduler;
  if (service.scheduler == Scheduler::source) {
    service.source_bits_ipv4 = values.source_bits_ipv4;
    service.source_bits_ipv6 = values.source_bits_ipv6;
    return;
  }
  for (const std::string_view key : {"source_bits_ipv4", "source_bits_ipv6"}) {
    if (reader.has(key))
      reader.fail(key, fmt::format(R"(only means something with scheduler = "source", and that is "{}"; leave it out)",
                                   name_of(service.scheduler)));
  }
}

void read_own_pool(TableReader& reader, const std::optional<std::string>& pool_name, ServiceDraft& draft,
                   const DefaultsDraft& defaults) {
  PoolDraft pool;
  pool.config.defaults = defaults.backend;
  pool.config.slow_start_ms = defaults.slow_start_ms;
  pool.config.health = defaults.health;
  pool.checks = defaults.checks;
  read_pool_keys(reader, pool);
  if (reader.has("pool")) {
    for (const std::string_view key :
         {"backends", "forward", "gue_variant", "gue_port", "gre_key", "mss_clamp", "check", "checks", "weight",
          "slow_start", "flap_hold", "flap_hold_max", "panic_percent", "quorum", "quorum_up", "quorum_down",
          "quorum_hook_timeout", "load_feedback", "backup_pool"}) {
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

void read_shared_service_keys(TableReader& reader, DefaultsDraft& values) {
  values.scheduler = reader
                         .choice<Scheduler>("scheduler", {{"maglev", Scheduler::maglev},
                                                          {"source", Scheduler::source},
                                                          {"round-robin", Scheduler::round_robin},
                                                          {"random", Scheduler::random},
                                                          {"least-connections", Scheduler::least_connections}})
                         .value_or(values.scheduler);
  const auto read_bits = [&](std::string_view key, std::uint32_t most, std::uint8_t& bits) {
    if (const auto given = reader.integer(key, 1, most, fmt::format("a number of bits from 1 to {}", most)))
      bits = static_cast<std::uint8_t>(*given);
  };
  read_bits("source_bits_ipv4", 32, values.source_bits_ipv4);
  read_bits("source_bits_ipv6", 128, values.source_bits_ipv6);
  values.policy = reader
                      .choice<NoBackendPolicy>("when_none", {{"drop", NoBackendPolicy::drop},
                                                             {"fail-open", NoBackendPolicy::fail_open},
                                                             {"reject", NoBackendPolicy::reject}})
                      .value_or(values.policy);
  values.udp =
      reader.choice<UdpMode>("udp", {{"follow", UdpMode::follow}, {"hash", UdpMode::hash}, {"packet", UdpMode::packet}})
          .value_or(values.udp);
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
  read_forward(reader, values.backend.forward, values.backend.tunnel);
  values.backend.weight =
      reader.integer("weight", 0, 65535, "a weight from 0 to 65535").value_or(values.backend.weight);
  values.slow_start_ms = reader.duration_ms("slow_start", 0, 3'600'000).value_or(values.slow_start_ms);
  read_pool_health(reader, values.health);
  values.checks = read_checks(reader, values.checks);
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
  // One that is not known may have been meant to have any of the keys below.
  const ServiceProtocol otherwise = reader.has("protocol") ? ServiceProtocol::both() : service.protocol;
  service.protocol =
      reader
          .choice<ServiceProtocol>(
              "protocol", {{"tcp", Protocol::tcp}, {"udp", Protocol::udp}, {"tcp+udp", ServiceProtocol::both()}})
          .value_or(otherwise);
  DefaultsDraft values = defaults;
  read_shared_service_keys(reader, values);
  fill_scheduler(reader, values, service);
  fill_by_protocol(reader, values, service);
  if (const auto dscp = reader.integer("dscp", 1, 63, "a DSCP from 1 to 63"))
    service.dscp = static_cast<std::uint8_t>(*dscp);
  read_access(reader, service.access);
  read_flow_limits(reader, service);
  std::optional<std::string> pool_name = reader.text("pool", "the name of a pool");
  read_own_pool(reader, pool_name, draft, defaults);
  reader.finish();
  if (!name) return std::nullopt;
  return draft;
}

}  // namespace guideway
