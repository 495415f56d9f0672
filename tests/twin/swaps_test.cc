// SPDX-License-Identifier: Apache-2.0
// Both datapaths in one process, burst by burst, while health flips, pools change under them and time goes on; with
// flow tables so small that entries are displaced and refused all the while. Every exit, backend, hash and byte must be
// the same, and after every burst every counter.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <random>
#include <vector>

#include "tests/sim/frame.hh"
#include "tests/twin/side_by_side.hh"

namespace guideway {
namespace {

constexpr Capacities capacities{.services_max = 16, .backends_max = 16, .flows_max = 64};
constexpr std::uint64_t packets_of_all_seeds = 5'000'000;
constexpr std::uint32_t seeds = 2;

ServiceConfig service(const char* name, const char* address, std::uint16_t port, Protocol protocol) {
  ServiceConfig config;
  config.name = name;
  config.addresses = {*IpAddress::parse(address)};
  config.port = port;
  config.protocol = protocol;
  config.pool = "pool";
  config.table_slots = 251;
  config.idle_timeout_ms = 20000;
  return config;
}

Config config_of(std::uint32_t first_backend, std::uint32_t backend_count) {
  Config config;
  PoolConfig pool;
  pool.name = "pool";
  for (std::uint32_t i = first_backend; i < first_backend + backend_count; ++i) {
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

// Frames to the services, of few clients so that flows go on; a third of them damaged.
class Frames {
 public:
  explicit Frames(std::mt19937& random) : random_(random) {}

  std::vector<std::byte> next() {
    std::vector<std::byte> frame = below(2) == 0 ? ipv4() : ipv6();
    if (below(20) == 0) frame.resize(frame.size() + 8 + below(1200));  // padding, or a payload that is not told
    if (below(3) == 0) damage(frame);
    if (below(40) == 0) frame.resize(below(static_cast<std::uint32_t>(frame.size()) + 1));
    return frame;
  }

 private:
  std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(random_()) % limit; }

  gw_flow_key flow(const char* service_address) {
    const IpAddress address = *IpAddress::parse(service_address);
    gw_flow_key key{};
    key.protocol = below(3) == 0 ? 17 : 6;
    key.source[0] = key.source[3] = static_cast<__u8>(below(8));
    std::copy(address.bytes.begin(), address.bytes.end(), key.destination);
    key.source_port_be16 = static_cast<__be16>(below(4));
    constexpr std::array<std::uint16_t, 3> ports{80, 53, 8080};
    key.destination_port_be16 = be16(ports[below(3)]).raw();
    return key;
  }

  std::vector<std::byte> ipv4() {
    std::vector<std::byte> frame(128);
    std::uint32_t length_bytes = 0;
    constexpr std::array<std::uint8_t, 8> flags{2, 2, 16, 16, 24, 17, 4, 18};
    sim::write_frame(frame.data(), flow(below(2) == 0 ? "192.0.2.10" : "192.0.2.11"), flags[below(8)], length_bytes);
    frame.resize(length_bytes);
    return frame;
  }

  // The L4 part of an IPv4 frame behind an IPv6 header and up to nine extension headers.
  std::vector<std::byte> ipv6() {
    const std::vector<std::byte> whole = ipv4();
    const gw_flow_key key = flow("2001:db8::10");
    std::vector<std::byte> l4(whole.begin() + 34, whole.end());
    std::uint8_t next = static_cast<std::uint8_t>(whole[23]);
    for (std::uint32_t left = below(4) == 0 ? below(10) : 0; left > 0; --left) {
      constexpr std::array<std::uint8_t, 4> kinds{0, 43, 44, 60};
      const std::uint8_t kind = kinds[below(4)];
      std::array<std::byte, 8> extension{std::byte{next}};
      l4.insert(l4.begin(), extension.begin(), extension.end());
      next = kind;
    }
    std::vector<std::byte> frame(54 + l4.size());
    frame[12] = std::byte{0x86};
    frame[13] = std::byte{0xdd};
    frame[14] = std::byte{0x60};
    frame[15] = static_cast<std::byte>(below(256));
    frame[18] = static_cast<std::byte>(l4.size() >> 8U);
    frame[19] = static_cast<std::byte>(l4.size());
    frame[20] = std::byte{next};
    std::memcpy(frame.data() + 22, key.source, 16);
    std::memcpy(frame.data() + 38, key.destination, 16);
    std::memcpy(frame.data() + 54, l4.data(), l4.size());
    return frame;
  }

  void damage(std::vector<std::byte>& frame) {
    for (std::uint32_t left = 1 + below(3); left > 0; --left)
      frame[below(std::min<std::uint32_t>(static_cast<std::uint32_t>(frame.size()), 90))] =
          static_cast<std::byte>(below(2) == 0 ? below(64) : below(256));
    const std::size_t header_bytes = (static_cast<std::size_t>(frame[14]) & 15U) * 4;
    if (frame[12] != std::byte{8} || header_bytes < 20 || 14 + header_bytes > frame.size() || below(2) == 0) return;
    frame[24] = frame[25] = std::byte{0};
    const std::uint16_t checksum = header_checksum(frame.data() + 14, static_cast<std::uint32_t>(header_bytes));
    std::memcpy(frame.data() + 24, &checksum, sizeof checksum);
  }

  std::mt19937& random_;
};

class Swaps : public twin::SideBySide, public testing::WithParamInterface<std::uint32_t> {
 protected:
  void SetUp() override {
    start(capacities);
    if (!IsSkipped() && !HasFatalFailure()) swap();
  }

  std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(random_()) % limit; }

  // Another configuration of the pool, or slots that are retired, or backends that leave.
  void swap() {
    const std::int64_t now_ms = std::int64_t{now_ticks_} * 1000 / GW_TICKS_PER_SECOND;
    ledger_.retire(now_ms, {[this](std::uint32_t i) { return gw_health_is_alive(pipeline_->health().load(i)) != 0; },
                            [this](std::uint32_t i) { return pipeline_->backend_counters(i).remembered; }});
    if (!ledger_.adopt(config_of(below(4), 2 + below(6)), {}, now_ms)) return;  // no room while others leave
    ReachabilityByIndex reachability;
    for (const auto& [key, record] : ledger_.backends()) {
      const std::uint32_t i = record.index;
      if (i % 7 != 6) {  // those are unresolved
        const bool is_ipv4 = record.config.address.family == Family::ipv4;
        reachability[i].outer_source = *IpAddress::parse(is_ipv4 ? "10.0.0.254" : "fd00::fe");
        reachability[i].mtu_bytes = i % 5 == 4 ? 90 : 1500;
      }
      const std::uint64_t word = pipeline_->health().load(i);
      if (word == 0 || gw_health_generation(word) != record.generation)
        set_health(i, gw_health_word(GW_SHARE_FULL, GW_HEALTH_UP, 0, record.generation));
    }
    const Compiled compiled = ledger_.compile(++generation_, reachability);
    install(compiled);
  }

  void flip_health() {
    const std::uint32_t backend = below(capacities.backends_max);
    const std::uint64_t word = pipeline_->health().load(backend);
    const std::uint32_t state = below(4) != 0 ? std::uint32_t{GW_HEALTH_UP} : below(4);
    const std::uint32_t share = below(3) == 0 ? below(65536) : GW_SHARE_FULL;
    set_health(backend, gw_health_word(share, state, 0, gw_health_generation(word)));
    if (below(50) != 0) return;
    for (std::uint32_t i = 0; i < capacities.backends_max; ++i)
      set_health(i, gw_health_word(0, GW_HEALTH_DOWN, 0, gw_health_generation(pipeline_->health().load(i))));
  }

  std::mt19937 random_{GetParam()};
  Ledger ledger_{capacities};
  std::uint64_t generation_ = 0;
  std::uint32_t now_ticks_ = 0;
};

TEST_P(Swaps, NoPacketIsTreatedDifferently) {
  Frames frames(random_);
  std::uint64_t packets = 0;
  const std::uint64_t wanted = twin::packets_wanted(packets_of_all_seeds) / seeds;
  while (packets < wanted) {
    if (below(100) == 0) {
      ASSERT_NO_FATAL_FAILURE(swap());
    }
    if (below(3) == 0) flip_health();
    if (below(4) == 0) now_ticks_ += below(40) == 0 ? below(1000) : below(4);
    std::vector<std::vector<std::byte>> burst(1 + below(burst_packets_max));
    for (auto& frame : burst) frame = frames.next();
    packets += burst.size();
    ASSERT_NO_FATAL_FAILURE(decide(burst, now_ticks_));
  }
  std::printf("%llu packets, zero disagreement\n", static_cast<unsigned long long>(packets));
  // It must have been about something.
  const gw_worker_counters& counters = pipeline_->counters();
  EXPECT_GT(generation_, 20U);
  EXPECT_GT(counters.plain, 0U);
  EXPECT_GT(counters.asked, 0U);
  EXPECT_GT(counters.flows_inserted, 0U);
  EXPECT_GT(counters.flows_displaced, 0U);
  EXPECT_GT(counters.flows_not_remembered, 0U);
  EXPECT_GT(counters.flows_expired, 0U);
  for (const ExitName& exit : exit_names()) {
    if (exit.exit == GW_EXIT_DROP_NO_HEADROOM) break;  // neither this nor what is full behind it happens in memory
    EXPECT_GT(counters.exits[exit.exit], 0U) << exit.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Swaps, testing::Range(1U, 1U + seeds));

}  // namespace
}  // namespace guideway
