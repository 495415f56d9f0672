// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/world.hh"

#include <algorithm>
#include <cstring>

#include "dataplane/base/check.hh"
#include "tests/sim/frame.hh"

namespace guideway::sim {
namespace {

constexpr const char* pool_name = "pool";
constexpr Capacities capacities{.services_max = 16, .backends_max = 4096, .flows_max = 1U << 20U};
constexpr std::array<std::uint8_t, 16> hash_key{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

std::uint32_t milliseconds_of(std::uint32_t ticks) { return ticks * 1000 / GW_TICKS_PER_SECOND; }

}  // namespace

World::World(const WorldOptions& options)
    : options_(options), random_(options.seed), ledger_(capacities), frame_(GW_HEADROOM_BYTES + 128) {
  auto datapath = MemoryDatapath::create(capacities);
  check(datapath.has_value(), "memory for the simulated datapath");
  datapath_ = std::move(*datapath);
  if (!options_.trace.empty()) trace_.open(options_.trace);

  config_.hash_key = hash_key;
  ServiceConfig service;
  service.name = "service";
  service.addresses = {*IpAddress::parse("192.0.2.1")};
  service.port = 80;
  service.protocol = options_.protocol;
  service.pool = pool_name;
  service.scheduler = options_.scheduler;
  service.table_slots = options_.table_slots;
  const std::uint32_t idle = options_.service_idle_ticks != 0 ? options_.service_idle_ticks : options_.idle_ticks;
  service.idle_timeout_ms = milliseconds_of(idle);
  service.opening_timeout_ms = service.idle_timeout_ms;
  service.closing_timeout_ms = milliseconds_of(32);
  config_.services = {service};
  trace_start();
  while (next_backend_ < options_.backends) backends_[backend_name(next_backend_++)];
  publish();
}

std::string World::backend_name(std::uint32_t number) const {
  return "10.0." + std::to_string(number / 250) + "." + std::to_string(number % 250 + 1);
}

// Tells the ledger what is configured, and installs what it compiles.
void World::publish() {
  PoolConfig pool;
  pool.name = pool_name;
  for (const auto& [name, backend] : backends_) {
    if (backend.leaving) continue;
    BackendConfig configured;
    configured.name = name;
    configured.address = *IpAddress::parse(name);
    configured.weight = backend.weight;
    pool.backends.push_back(configured);
  }
  config_.pools = {pool};
  check(ledger_.adopt(config_, {}, now_ms()).has_value(), "the ledger adopts every simulated configuration");
  ReachabilityByIndex reachability;
  name_of_index_.clear();
  for (const auto& [key, record] : ledger_.backends()) {
    name_of_index_[record.index] = key.name;
    Reachability reach;
    reach.next_hop_mac.bytes = {
        2, 0, 0, 0, static_cast<std::uint8_t>(record.index >> 8U), static_cast<std::uint8_t>(record.index)};
    reachability[record.index] = reach;
  }
  write_health();
  const Compiled compiled = ledger_.compile(++generation_, reachability);
  check(datapath_->install(compiled).has_value(), "the datapath accepts every simulated snapshot");
  trace_tables(compiled);
}

void World::write_health() {
  for (const auto& [key, record] : ledger_.backends()) {
    const Backend& backend = backends_.at(key.name);
    const std::uint32_t state =
        backend.leaving && backend.state == GW_HEALTH_UP ? std::uint32_t{GW_HEALTH_DRAINING} : backend.state;
    const auto share = state == GW_HEALTH_UP ? static_cast<std::uint32_t>(backend.share * GW_SHARE_FULL) : 0U;
    const std::uint64_t word = gw_health_word(share, state, 0, record.generation);
    datapath_->health().store(record.index, word);
    if (!trace_.is_open() || traced_health_[record.index] == word) continue;
    traced_health_[record.index] = word;
    trace_ << R"({"op":"health","backend":)" << record.index << R"(,"word":)" << word << "}\n";
  }
}

void World::retire() {
  BackendFacts facts;
  facts.alive = [this](std::uint32_t index) { return gw_health_is_alive(datapath_->health().load(index)) != 0; };
  facts.remembered = [this](std::uint32_t index) { return datapath_->backend_counters(index).remembered; };
  if (!ledger_.retire(now_ms(), facts)) return;
  for (auto each = backends_.begin(); each != backends_.end();) {
    const bool is_forgotten = each->second.leaving && ledger_.find({pool_name, each->first}) == nullptr;
    each = is_forgotten ? backends_.erase(each) : std::next(each);
  }
  publish();
}

std::vector<std::string> World::names_in(std::uint32_t state) const {
  std::vector<std::string> names;
  for (const auto& [name, backend] : backends_) {
    if (!backend.leaving && backend.state == state) names.push_back(name);
  }
  return names;
}

void World::fail(const std::string& name) {
  Backend& backend = backends_.at(name);
  backend.state = GW_HEALTH_DOWN;
  ++backend.epoch;
  write_health();
}

void World::recover(const std::string& name, double share) {
  Backend& backend = backends_.at(name);
  backend.state = GW_HEALTH_UP;
  backend.share = share;
  write_health();
}

void World::event() {
  const double what = chance();
  const auto up = names_in(GW_HEALTH_UP);
  const bool may_lose_one = up.size() > 3;
  if (what < 0.004) {
    if (backends_.size() >= options_.backends_max) return;
    Backend& added = backends_[backend_name(next_backend_++)];
    added.weight = 1 + below(3);
    added.share = chance() < 0.5 ? 1.0 : 0.25;
    publish();
  } else if (what < 0.006 && !up.empty()) {
    backends_[up[below(up.size())]].weight = below(4);
    publish();
  } else if (what < 0.008 && may_lose_one) {
    Backend& drained = backends_[up[below(up.size())]];
    drained.state = GW_HEALTH_DRAINING;
    write_health();
  } else if (what < 0.011 && may_lose_one) {
    fail(up[below(up.size())]);
  } else if (what < 0.013) {
    const auto draining = names_in(GW_HEALTH_DRAINING);  // the operator changes his mind
    if (!draining.empty()) recover(draining[below(draining.size())], 0.5);
  } else if (what < 0.018) {
    const auto down = names_in(GW_HEALTH_DOWN);
    if (!down.empty()) recover(down[below(down.size())], chance());
  } else if (what < 0.020 && may_lose_one) {
    auto leaver = names_in(chance() < 0.5 ? GW_HEALTH_DRAINING : GW_HEALTH_UP);
    if (leaver.empty()) return;
    backends_[leaver[below(leaver.size())]].leaving = true;
    publish();
  } else if (what < 0.035) {
    for (auto& [name, backend] : backends_) backend.share = std::min(1.0, backend.share + 0.3);
    write_health();
  }
}

void World::calm() {
  for (auto& [name, backend] : backends_) {
    if (backend.leaving) continue;
    backend.state = GW_HEALTH_UP;
    backend.share = 1.0;
  }
  write_health();
}

void World::tick(bool with_events) {
  ++now_ticks_;
  if (with_events) event();
  retire();
  open_flows();
  talk();
  remembered_max_ = std::max(remembered_max_, remembered());
}

std::string World::send(const gw_flow_key& key, std::uint8_t tcp_flags) {
  Burst burst;
  burst.count = 1;
  Packet& packet = burst.packets[0];
  packet.data = frame_.data() + GW_HEADROOM_BYTES;
  packet.headroom_bytes = GW_HEADROOM_BYTES;
  write_frame(packet.data, key, tcp_flags, packet.length_bytes);
  datapath_->run(burst, now_ticks_);
  trace_packet(key, tcp_flags, packet);
  if (packet.exit != GW_EXIT_SENT) return {};
  const auto mac_index = static_cast<std::uint32_t>(packet.data[4]) << 8U | static_cast<std::uint32_t>(packet.data[5]);
  check(mac_index == packet.backend, "a packet goes to the MAC of the backend that was chosen");
  return name_of_index_.at(packet.backend);
}

void World::open_flows() {
  for (std::uint32_t i = 0; i < options_.opens_per_tick; ++i) {
    Flow flow;
    const std::uint64_t client = next_client_++;
    flow.key.family = GW_FAMILY_IPV4;
    flow.key.protocol = static_cast<std::uint8_t>(options_.protocol);
    flow.key.source[0] = 198;
    flow.key.source[1] = static_cast<std::uint8_t>(client >> 32U);
    flow.key.source[2] = static_cast<std::uint8_t>(client >> 24U);
    flow.key.source[3] = static_cast<std::uint8_t>(client >> 16U);
    flow.key.source_port_be16 = be16(static_cast<std::uint16_t>(client)).raw();
    const IpAddress service = config_.services[0].addresses[0].address;
    std::copy(service.bytes.begin(), service.bytes.end(), flow.key.destination);
    flow.key.destination_port_be16 = be16(80).raw();
    const std::uint64_t not_plain_before = counters().asked;
    flow.backend = send(flow.key, tcp_flag::syn);
    if (flow.backend.empty()) continue;
    ++opened_;
    opened_elsewhere_ += counters().asked - not_plain_before;
    flow.epoch = backends_.at(flow.backend).epoch;
    const std::array<std::uint32_t, 3> lengths{20, 200, 3000};
    flow.ends_at = now_ticks_ + lengths[below(lengths.size())];
    flow.last_packet_at = now_ticks_;
    flows_.push_back(std::move(flow));
  }
}

// One packet of a flow that was opened before, or none this tick. False once the flow is over.
bool World::speak(Flow& flow) {
  const auto truth = backends_.find(flow.backend);
  // Its server died, or was taken away: such a flow may be lost.
  if (truth == backends_.end() || truth->second.epoch != flow.epoch) return false;
  const bool ends = now_ticks_ >= flow.ends_at;
  const bool must_speak = now_ticks_ - flow.last_packet_at >= options_.idle_ticks - 1;
  if (!ends && !must_speak && chance() >= 0.03) return true;
  const std::string got = send(flow.key, ends ? tcp_flag::fin | tcp_flag::ack : tcp_flag::ack);
  flow.last_packet_at = now_ticks_;
  if (got == flow.backend) return !ends;
  if (violations_++ == 0)
    first_violation_ = "tick " + std::to_string(now_ticks_) + ": a flow of " + flow.backend + " went to " +
                       (got.empty() ? "nobody" : got);
  return false;
}

void World::talk() {
  flows_.erase(std::remove_if(flows_.begin(), flows_.end(), [this](Flow& flow) { return !speak(flow); }), flows_.end());
}

}  // namespace guideway::sim
