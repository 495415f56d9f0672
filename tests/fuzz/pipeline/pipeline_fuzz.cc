// SPDX-License-Identifier: Apache-2.0
// Any bytes as frames through the whole pipeline, over services of every kind, with moving slots and backends of every
// state. An input is a list of records: a byte that chooses what happens first (time passes, health changes), two
// bytes of length (little-endian), and that many bytes of frame, placed so that a sanitizer sees any access behind it.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <numeric>
#include <vector>

#include "controlplane/replay/memory_datapath.hh"
#include "dataplane/base/check.hh"

namespace guideway {
namespace {

constexpr Capacities capacities{.services_max = 16, .backends_max = 16, .flows_max = 64};

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

Config fuzz_config(std::uint32_t backends) {
  Config config;
  PoolConfig pool;
  pool.name = "pool";
  for (std::uint32_t i = 0; i < backends; ++i) {
    BackendConfig backend;
    backend.address =
        *IpAddress::parse(i % 2 == 0 ? "10.0.0." + std::to_string(i + 1) : "fd00::" + std::to_string(i + 1));
    backend.name = backend.address.text();
    backend.forward = i % 4 < 2 ? Forward::ipip : Forward::l2;
    pool.backends.push_back(backend);
  }
  config.pools = {pool};
  config.services = {
      service("web4", "192.0.2.10", 80, Protocol::tcp), service("web6", "2001:db8::10", 80, Protocol::tcp),
      service("dns4", "192.0.2.10", 53, Protocol::udp), service("any6", "2001:db8::10", 0, Protocol::udp),
      service("hash", "192.0.2.11", 53, Protocol::udp), service("rr", "192.0.2.11", 0, Protocol::tcp)};
  config.services[4].udp = UdpMode::hash;
  config.services[5].scheduler = Scheduler::round_robin;
  config.services[0].policy = NoBackendPolicy::fail_open;
  return config;
}

class Fuzzed {
 public:
  Fuzzed() : ledger_(capacities), datapath_(std::move(*MemoryDatapath::create(capacities))) {
    // A change of the pool that is not retired yet: some slots move.
    check(ledger_.adopt(fuzz_config(4), {}, 0).has_value(), "first configuration");
    check(ledger_.adopt(fuzz_config(6), {}, 1).has_value(), "second configuration");
    ReachabilityByIndex reachability;
    for (std::uint32_t i = 0; i < 5; ++i) {  // the sixth is unresolved
      reachability[i].outer_source = *IpAddress::parse(i % 2 == 0 ? "10.0.0.254" : "fd00::fe");
      reachability[i].mtu_bytes = i == 4 ? 600 : 1500;
    }
    check(datapath_->install(ledger_.compile(1, reachability)).has_value(), "snapshot");
    for (const auto& [key, record] : ledger_.backends())
      datapath_->health().store(record.index, gw_health_word(GW_SHARE_FULL, GW_HEALTH_UP, 0, record.generation));
  }

  void before_frame(std::uint8_t what) {
    now_ticks_ += what & 0x3fU;
    if ((what & 0x40U) == 0) return;
    const std::uint32_t backend = what % 6U;
    const std::uint32_t state = what >> 4U & 3U;
    datapath_->health().store(backend, gw_health_word(what * 257U, state, 0, 1U + (what & 1U)));
  }

  void frame(const std::uint8_t* bytes, std::size_t length) {
    // Exactly as long as headroom and frame: one byte beyond is outside of the allocation.
    const auto memory = std::make_unique<std::byte[]>(GW_HEADROOM_BYTES + length);
    if (length != 0) std::memcpy(memory.get() + GW_HEADROOM_BYTES, bytes, length);
    Burst burst;
    burst.count = 1;
    Packet& packet = burst.packets[0];
    packet.data = memory.get() + GW_HEADROOM_BYTES;
    packet.length_bytes = static_cast<std::uint32_t>(length);
    packet.headroom_bytes = GW_HEADROOM_BYTES;
    datapath_->run(burst, now_ticks_);
    check(packet.exit < GW_EXIT_COUNT, "every packet leaves by a known exit");
    check(packet.data >= memory.get() && packet.data + packet.length_bytes <= memory.get() + GW_HEADROOM_BYTES + length,
          "a packet stays inside of its buffer");
    if (packet.exit == GW_EXIT_SENT) check(packet.backend < 6, "a packet is sent to a backend that exists");
  }

  void end() const {
    const gw_worker_counters& counters = datapath_->counters();
    check(counters.received_packets ==
              std::accumulate(std::begin(counters.exits), std::end(counters.exits), std::uint64_t{0}),
          "received packets are the sum of exits");
  }

 private:
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
