// SPDX-License-Identifier: Apache-2.0
// Bursts of packets that end differently: every packet keeps its own descriptor and exit, and the sums hold. What each
// single packet deserves is told by tests/cases.
#include "dataplane/pipeline/pipeline.hh"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <numeric>
#include <vector>

#include "controlplane/replay/memory_datapath.hh"
#include "dataplane/net/tcp.hh"
#include "tests/sim/frame.hh"

namespace guideway {
namespace {

constexpr Capacities datapath_capacities{.services_max = 4, .backends_max = 8, .flows_max = 64};

class PipelineTest : public testing::Test {
 protected:
  void SetUp() override {
    auto datapath = MemoryDatapath::create(datapath_capacities);
    ASSERT_TRUE(datapath);
    datapath_ = std::move(*datapath);
    PoolConfig pool;
    pool.name = "web";
    for (const char* address : {"10.0.0.1", "10.0.0.2"}) {
      BackendConfig backend;
      backend.name = address;
      backend.address = *IpAddress::parse(address);
      pool.backends.push_back(backend);
    }
    ServiceConfig service;
    service.name = service.pool = "web";
    service.addresses = {*IpAddress::parse("192.0.2.10")};
    service.port = 80;
    service.table_slots = 251;
    config_.pools = {pool};
    config_.services = {service};
    install();
  }

  void install() {
    ASSERT_TRUE(ledger_.adopt(config_, {}, 0));
    ReachabilityByIndex reachability;
    for (const auto& [key, record] : ledger_.backends()) {
      reachability[record.index] = {};
      datapath_->health().store(record.index, gw_health_word(GW_SHARE_FULL, GW_HEALTH_UP, 0, record.generation));
    }
    const auto installed = datapath_->install(ledger_.compile(++generation_, reachability));
    ASSERT_TRUE(installed) << installed.error().message;
  }

  // The flow from client number `client` to 192.0.2.10.
  static gw_flow_key flow_of(std::uint32_t client, std::uint16_t port) {
    gw_flow_key key{};
    key.family = GW_FAMILY_IPV4;
    key.protocol = 6;
    key.source[0] = 198;
    key.source[3] = static_cast<std::uint8_t>(client);
    const IpAddress service = *IpAddress::parse("192.0.2.10");
    std::copy(service.bytes.begin(), service.bytes.end(), key.destination);
    key.source_port_be16 = be16(static_cast<std::uint16_t>(1024 + client)).raw();
    key.destination_port_be16 = be16(port).raw();
    return key;
  }
  // A TCP packet of it.
  void add(std::uint32_t client, std::uint16_t port, std::uint8_t flags) {
    Packet& packet = burst_.packets[burst_.count];
    packet = {};
    packet.data = frames_[burst_.count++].data() + GW_HEADROOM_BYTES;
    packet.headroom_bytes = GW_HEADROOM_BYTES;
    sim::write_frame(packet.data, flow_of(client, port), flags, packet.length_bytes);
  }
  void run(std::uint32_t now_ticks = 0) { datapath_->run(burst_, now_ticks); }
  [[nodiscard]] gw_exit exit_of(std::uint32_t at) const { return static_cast<gw_exit>(burst_.packets[at].exit); }

  Config config_;
  Ledger ledger_{datapath_capacities};
  std::unique_ptr<MemoryDatapath> datapath_;
  std::uint64_t generation_ = 0;
  Burst burst_;
  std::vector<std::array<std::byte, GW_HEADROOM_BYTES + 128>> frames_ =
      std::vector<std::array<std::byte, GW_HEADROOM_BYTES + 128>>(burst_packets_max);
};

TEST_F(PipelineTest, AMixedBurstIsSortedPacketByPacket) {
  for (std::uint32_t i = 0; i < burst_packets_max; ++i) add(i, i % 3 == 1 ? 81 : 80, tcp_flag::syn);
  for (std::uint32_t i = 2; i < burst_packets_max; i += 3) burst_.packets[i].length_bytes = 40;
  run();
  for (std::uint32_t i = 0; i < burst_packets_max; ++i) {
    const gw_exit expected = i % 3 == 0   ? GW_EXIT_SENT
                             : i % 3 == 1 ? GW_EXIT_KERNEL_NO_SERVICE
                                          : GW_EXIT_DROP_FRAME_TRUNCATED;
    EXPECT_EQ(exit_of(i), expected) << i;
  }
  const gw_worker_counters& counters = datapath_->counters();
  EXPECT_EQ(counters.received_packets, burst_packets_max);
  EXPECT_EQ(std::accumulate(std::begin(counters.exits), std::end(counters.exits), std::uint64_t{0}), burst_packets_max);
  EXPECT_EQ(counters.plain, counters.exits[GW_EXIT_SENT]);
  EXPECT_EQ(datapath_->backend_counters(0).packets + datapath_->backend_counters(1).packets,
            counters.exits[GW_EXIT_SENT]);
}

TEST_F(PipelineTest, AnEmptyBurstIsNothing) {
  run();
  EXPECT_EQ(datapath_->counters().received_packets, 0U);
}

TEST_F(PipelineTest, WithoutASnapshotEverythingIsTheKernels) {
  auto fresh = MemoryDatapath::create(datapath_capacities);
  ASSERT_TRUE(fresh);
  add(1, 80, tcp_flag::syn);
  (*fresh)->run(burst_, 0);
  EXPECT_EQ(exit_of(0), GW_EXIT_KERNEL_NO_SERVICE);
}

TEST_F(PipelineTest, TwoPacketsOfARememberedFlowInOneBurst) {
  config_.services[0].scheduler = Scheduler::round_robin;
  install();
  for (int round = 0; round < 4; ++round) {
    add(static_cast<std::uint32_t>(round), 80, tcp_flag::syn);
    add(static_cast<std::uint32_t>(round), 80, tcp_flag::ack);
  }
  run();
  for (std::uint32_t i = 0; i < burst_.count; i += 2)
    EXPECT_EQ(burst_.packets[i].backend, burst_.packets[i + 1].backend);
  EXPECT_EQ(datapath_->flows().held(), 4U);
}

// A packet of a plain slot was sorted as plain before the flow of one in front of it was remembered. The filter cannot
// tell the two flows apart, so it counts as asked, as it would have alone.
TEST_F(PipelineTest, WhoSharesAFilterCellWithAFlowJustRememberedIsAsked) {
  const Service& service = datapath_->snapshot().services().all()[0];
  const std::uint32_t refusing = service.slots[0].current_backend;
  datapath_->health().store(refusing, gw_health_word(0, GW_HEALTH_UP, GW_REASON_NONE, 1));
  std::map<std::uint32_t, std::uint32_t> of_refusing;  // filter cell -> client
  std::uint32_t client = 0;
  std::uint32_t cell = 0;
  do {
    ASSERT_LT(++client, 60'000U) << "no two flows share a cell";
    const gw_flow_key flow = flow_of(client, 80);
    const std::uint64_t hash = gw_hash_flow(&datapath_->snapshot().hash_key(), &flow);
    cell = gw_flow_filter_cell(hash);
    if (service.slots[gw_scale(hash, service.slot_count)].current_backend != refusing) continue;
    of_refusing[cell] = client;
    cell = GW_FLOW_FILTER_CELLS;
  } while (of_refusing.count(cell) == 0);
  add(client, 80, tcp_flag::ack);
  add(of_refusing[cell], 80, tcp_flag::syn);
  add(client, 80, tcp_flag::ack);
  run();
  EXPECT_EQ(datapath_->counters().flows_inserted, 1U);
  EXPECT_EQ(datapath_->counters().plain, 1U) << "the one in front";
  EXPECT_EQ(datapath_->counters().asked, 2U);
  for (const std::uint32_t at : {0U, 1U, 2U}) EXPECT_NE(burst_.packets[at].backend, refusing);
}

TEST_F(PipelineTest, AHealthFlipIsObeyedByTheNextPacketWithoutASnapshot) {
  add(1, 80, tcp_flag::ack);
  run();
  const std::uint32_t first = burst_.packets[0].backend;
  datapath_->health().store(first, gw_health_word(0, GW_HEALTH_DOWN, GW_REASON_CHECK_FAILED, 1));
  burst_.count = 0;
  add(1, 80, tcp_flag::ack);
  run();
  EXPECT_EQ(exit_of(0), GW_EXIT_SENT);
  EXPECT_NE(burst_.packets[0].backend, first);
}

TEST_F(PipelineTest, ARefusedSnapshotChangesNothing) {
  Compiled wrong = ledger_.compile(9, {});
  wrong.snapshot[0] = std::byte{0};
  EXPECT_FALSE(datapath_->install(wrong));
  EXPECT_EQ(datapath_->snapshot().generation(), 1U);
  add(1, 80, tcp_flag::syn);
  run();
  EXPECT_EQ(exit_of(0), GW_EXIT_SENT);
}

}  // namespace
}  // namespace guideway
