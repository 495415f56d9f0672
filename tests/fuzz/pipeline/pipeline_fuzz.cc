// SPDX-License-Identifier: Apache-2.0
// Any bytes as frames through the whole pipeline, over services of every kind, with moving slots and backends of every
// state. An input is a list of records: a byte that chooses what happens first (time passes, health changes), two
// bytes of length (little-endian), and that many bytes of frame, placed so that a sanitizer sees any access behind it.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <numeric>
#include <unordered_map>
#include <vector>

#include "controlplane/replay/memory_datapath.hh"
#include "dataplane/base/check.hh"

namespace guideway {
namespace {

constexpr Capacities capacities{.services_max = 32, .backends_max = 32, .flows_max = 64};
constexpr std::uint32_t backends_at_last = 14;

ServiceConfig service(const char* name, const char* address, std::uint16_t port, Protocol protocol) {
  ServiceConfig config;
  config.name = name;
  config.addresses = {*IpAddress::parse(address)};
  config.port = port;
  config.protocol = protocol;
  config.pool = "pool";
  config.table_slots = 251;
  config.idle_timeout_ms = 4000;
  return config;
}

constexpr std::array<Forward, 5> forwards{Forward::ipip, Forward::l2, Forward::gue, Forward::gre, Forward::l3dsr};

Config fuzz_config(std::uint32_t backends) {
  Config config;
  PoolConfig pool;
  pool.name = "pool";
  for (std::uint32_t i = 0; i < backends; ++i) {
    BackendConfig backend;
    backend.address =
        *IpAddress::parse(i % 2 == 0 ? "10.0.0." + std::to_string(i + 1) : "fd00::" + std::to_string(i + 1));
    backend.name = backend.address.text();
    backend.forward = forwards.at(i % forwards.size());
    backend.tunnel.gue_variant = static_cast<std::uint8_t>(i / forwards.size() % 2);
    backend.tunnel.mss_clamp = i % 2 == 0;
    if (i % 3 == 0) backend.tunnel.gre_key = 7;
    if (i % 5 == 1) backend.vlan = 100;
    if (backend.vlan != 0) backend.mac = MacAddress{{2, 0, 0, 0, 0, 9}};
    pool.backends.push_back(backend);
  }
  config.pools = {pool};
  config.services = {
      service("web4", "192.0.2.10", 80, Protocol::tcp),    service("web6", "2001:db8::10", 80, Protocol::tcp),
      service("dns4", "192.0.2.10", 53, Protocol::udp),    service("any6", "2001:db8::10", 0, Protocol::udp),
      service("hash", "192.0.2.11", 53, Protocol::udp),    service("rr", "192.0.2.11", 0, Protocol::tcp),
      service("range", "192.0.2.12", 8000, Protocol::tcp), service("source", "192.0.2.12", 80, Protocol::udp),
      service("least", "2001:db8::12", 80, Protocol::tcp), service("random", "2001:db8::12", 80, Protocol::udp)};
  for (ServiceConfig& each : config.services) each.dscp = 10;
  config.services[4].udp = UdpMode::hash;
  config.services[5].scheduler = Scheduler::round_robin;
  config.services[0].policy = NoBackendPolicy::fail_open;
  config.services[1].policy = config.services[2].policy = NoBackendPolicy::reject;
  config.services[6].port_last = 8100;
  config.services[6].new_flows = {100, 10};
  config.services[7].scheduler = Scheduler::source;
  config.services[7].source_bits_ipv4 = 24;
  config.services[8].scheduler = Scheduler::least_connections;
  config.services[8].access.deny = {*AddressPrefix::parse("2001:db8:bad::/48")};
  config.services[9].scheduler = Scheduler::random;
  ServiceConfig prefix = service("prefix", "203.0.113.0", 443, Protocol::udp);
  prefix.addresses = {*AddressPrefix::parse("203.0.113.0/24"), *AddressPrefix::parse("2001:db8:f::/64")};
  prefix.udp = UdpMode::packet;
  prefix.scheduler = Scheduler::round_robin;
  config.services.push_back(prefix);
  return config;
}

class Fuzzed {
 public:
  Fuzzed() : ledger_(capacities), datapath_(std::move(*MemoryDatapath::create(capacities))) {
    // A change of the pool that is not retired yet: some slots move.
    check(ledger_.adopt(fuzz_config(4), {}, 0).has_value(), "first configuration");
    check(ledger_.adopt(fuzz_config(backends_at_last), {}, 1).has_value(), "second configuration");
    ReachabilityByIndex reachability;
    for (const auto& [key, record] : ledger_.backends()) {
      if (record.index == 5) continue;  // unresolved
      const bool is_ipv4 = record.config.address.family == Family::ipv4;
      const bool has_prefix = record.index % 3 == 0;
      const char* const one = is_ipv4 ? "10.0.0.254" : "fd00::fe";
      const char* const many = is_ipv4 ? "10.99.0.0/16" : "fd99::/64";
      reachability[record.index].outer_source = *AddressPrefix::parse(has_prefix ? many : one);
      reachability[record.index].mtu_bytes = record.index == 4 ? 600 : 1500;
    }
    check(datapath_->install(ledger_.compile(1, reachability)).has_value(), "snapshot");
    for (const auto& [key, record] : ledger_.backends())
      datapath_->health().store(record.index, gw_health_word(GW_SHARE_FULL, GW_HEALTH_UP, 0, record.generation));
  }

  void before_frame(std::uint8_t what) {
    now_ticks_ += what & 0x3fU;
    if ((what & 0x40U) == 0) return;
    const std::uint32_t backend = what % backends_at_last;
    const std::uint32_t state = what >> 4U & 3U;
    datapath_->health().store(backend, gw_health_word(what * 257U, state, 0, 1U + (what & 1U)));
  }

  void frame(const std::uint8_t* bytes, std::size_t length) {
    // Exactly as long as headroom and frame: one byte beyond is outside of the allocation.
    auto memory = std::make_unique<std::byte[]>(GW_HEADROOM_BYTES + length);
    if (length != 0) std::memcpy(memory.get() + GW_HEADROOM_BYTES, bytes, length);
    Burst burst;
    burst.count = 1;
    Packet& packet = burst.packets[0];
    std::byte* const begin = memory.get();
    packet.data = begin + GW_HEADROOM_BYTES;
    packet.buffer = begin;
    packet.length_bytes = static_cast<std::uint32_t>(length);
    packet.headroom_bytes = GW_HEADROOM_BYTES;
    on_their_way_.insert_or_assign(begin, Frame{std::move(memory), GW_HEADROOM_BYTES + length});
    datapath_->run(burst, now_ticks_);
    look_at(packet);
    take_released();
  }

  void end() {
    datapath_->give_up_held();
    take_released();
    check(on_their_way_.empty(), "every packet has left");
    const gw_worker_counters& counters = datapath_->counters();
    check(counters.received_packets ==
              std::accumulate(std::begin(counters.exits), std::end(counters.exits), std::uint64_t{0}),
          "received packets are the sum of exits");
  }

 private:
  struct Frame {
    std::unique_ptr<std::byte[]> memory;
    std::size_t bytes;
  };

  void look_at(const Packet& packet) {
    if (packet.exit == GW_EXIT_HELD) return;
    check(packet.exit < GW_EXIT_COUNT, "every packet leaves by a known exit");
    const auto found = on_their_way_.find(packet.buffer);
    check(found != on_their_way_.end(), "a packet leaves once");
    const std::byte* begin = found->second.memory.get();
    check(packet.data >= begin && packet.data + packet.length_bytes <= begin + found->second.bytes,
          "a packet stays inside of its buffer");
    if (packet.exit == GW_EXIT_SENT) check(packet.backend < backends_at_last, "sent to a backend that exists");
    on_their_way_.erase(found);
  }

  void take_released() {
    Burst burst;
    for (;;) {
      check(datapath_->take_released(burst, now_ticks_).has_value(), "memory cannot fail");
      if (burst.count == 0) return;
      for (std::uint32_t i = 0; i < burst.count; ++i) look_at(burst.packets[i]);
    }
  }

  std::unordered_map<void*, Frame> on_their_way_;
  Ledger ledger_;
  std::unique_ptr<MemoryDatapath> datapath_;
  std::uint32_t now_ticks_ = 0;
};

}  // namespace
}  // namespace guideway

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // One world for all inputs: a finding may depend on what came before, but set-up would cost more than the frames.
  static guideway::Fuzzed fuzzed;
  while (size >= 3) {
    const std::size_t length = std::min<std::size_t>(data[1] | static_cast<std::size_t>(data[2]) << 8U, size - 3);
    fuzzed.before_frame(data[0]);
    fuzzed.frame(data + 3, length);
    data += 3 + length;
    size -= 3 + length;
  }
  fuzzed.end();
  return 0;
}
