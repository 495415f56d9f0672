// SPDX-License-Identifier: Apache-2.0
// Two workers of one datapath: what a NIC cannot give to the worker of its flow (fragments, ICMP errors) finds the
// flow's backend all the same.
#include "dataplane/pipeline/crew.hh"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <set>
#include <vector>

#include "dataplane/net/ethernet.hh"
#include "dataplane/net/icmp.hh"
#include "dataplane/net/ipv4.hh"
#include "dataplane/net/ipv6.hh"
#include "dataplane/pipeline/pipeline.hh"
#include "tests/sim/frame.hh"
#include "tests/support/snapshot_bytes.hh"

namespace guideway {
namespace {

constexpr Capacities crew_capacities{.services_max = 4, .backends_max = 8, .flows_max = 1024};
constexpr std::uint32_t backend_count = 8;

struct WorkerUnderTest {
  gw_worker_counters worker{};
  std::vector<gw_service_counters> services = std::vector<gw_service_counters>(crew_capacities.services_max);
  std::vector<gw_backend_counters> backends = std::vector<gw_backend_counters>(crew_capacities.backends_max);
  std::unique_ptr<Pipeline> pipeline;
};

class CrewTest : public testing::Test {
 protected:
  void SetUp() override {
    for (std::uint32_t i = 0; i < backend_count; ++i)
      health_.store(i, gw_health_word(GW_SHARE_FULL, GW_HEALTH_UP, GW_REASON_NONE, 1));
    for (WorkerUnderTest& worker : workers_) {
      auto pipeline =
          Pipeline::create(crew_capacities, health_, crew_, {worker.worker, worker.services, worker.backends});
      ASSERT_TRUE(pipeline);
      worker.pipeline = std::make_unique<Pipeline>(std::move(*pipeline));
    }
    load(GW_SCHEDULER_ROUND_ROBIN);
  }

  // One UDP service 10.0.0.1:53 that follows every flow.
  void load(gw_scheduler scheduler, std::uint16_t flags = GW_SERVICE_FOLLOWS_EVERY_FLOW) {
    testing_support::SnapshotRows rows;
    gw_service row = testing_support::service_row(0, 1, 53, 17);
    row.scheduler = static_cast<__u8>(scheduler);
    row.flags = flags;
    rows.services = {row};
    for (std::uint32_t i = 0; i < backend_count; ++i) rows.backends.push_back(testing_support::backend_row(i, 0));
    rows.tables = {1};
    auto table =
        Table::load(testing_support::table_bytes(1, testing_support::slots_in_turn(backend_count)), crew_capacities);
    ASSERT_TRUE(table);
    auto snapshot = Snapshot::load(testing_support::snapshot_bytes(rows), {{1, *table}}, crew_capacities);
    ASSERT_TRUE(snapshot) << snapshot.error().message;
    snapshot_ = std::move(*snapshot);
  }

  static gw_flow_key flow(std::uint16_t client_port) {
    gw_flow_key key{};
    key.family = GW_FAMILY_IPV4;
    key.protocol = 17;
    const std::array<std::uint8_t, 4> client{198, 51, 100, 7};
    const std::array<std::uint8_t, 4> service{10, 0, 0, 1};
    std::copy(client.begin(), client.end(), key.source);
    std::copy(service.begin(), service.end(), key.destination);
    key.source_port_be16 = be16(client_port).raw();
    key.destination_port_be16 = be16(53).raw();
    return key;
  }

  // Runs one frame on a worker; the backend that it went to.
  std::uint32_t run(std::size_t worker, std::uint32_t length_bytes) {
    burst_.count = 1;
    Packet& packet = burst_.packets[0];
    packet = {};
    packet.data = frame_.data() + GW_HEADROOM_BYTES;
    packet.headroom_bytes = GW_HEADROOM_BYTES;
    packet.length_bytes = length_bytes;
    workers_.at(worker).pipeline->run(burst_, *snapshot_, now_ticks_);
    workers_.at(worker).pipeline->count(burst_);
    EXPECT_EQ(packet.exit, GW_EXIT_SENT);
    return packet.backend;
  }

  std::uint32_t run_datagram(std::size_t worker, std::uint16_t client_port) {
    std::uint32_t length_bytes = 0;
    sim::write_frame(frame_.data() + GW_HEADROOM_BYTES, flow(client_port), 0, length_bytes);
    return run(worker, length_bytes);
  }

  std::uint32_t run_first_fragment(std::size_t worker, std::uint16_t client_port) {
    std::uint32_t length_bytes = 0;
    std::byte* frame = frame_.data() + GW_HEADROOM_BYTES;
    sim::write_frame(frame, flow(client_port), 0, length_bytes);
    Ipv4Header ip;
    std::memcpy(&ip, frame + sizeof(EthernetHeader), sizeof ip);
    ip.flags_and_fragment_offset = be16(0x2000);
    ip.checksum = be16(0);
    ip.checksum = be16::from_raw(header_checksum(&ip, sizeof ip));
    std::memcpy(frame + sizeof(EthernetHeader), &ip, sizeof ip);
    return run(worker, length_bytes);
  }

  // A router's port unreachable about what the service sent to the client.
  std::uint32_t run_icmp_error(std::size_t worker, std::uint16_t client_port) {
    gw_flow_key reply = flow(client_port);
    std::swap_ranges(reply.source, reply.source + 16, reply.destination);
    std::swap(reply.source_port_be16, reply.destination_port_be16);
    std::array<std::byte, 128> quoted{};
    std::uint32_t quoted_bytes = 0;
    sim::write_frame(quoted.data(), reply, 0, quoted_bytes);
    quoted_bytes -= static_cast<std::uint32_t>(sizeof(EthernetHeader));
    std::byte* frame = frame_.data() + GW_HEADROOM_BYTES;
    std::uint32_t ignored = 0;
    sim::write_frame(frame, flow(client_port), 0, ignored);
    Ipv4Header ip;
    std::memcpy(&ip, frame + sizeof(EthernetHeader), sizeof ip);
    ip.source = {203, 0, 113, 1};
    ip.protocol = next_header::icmp;
    ip.total_length = be16(static_cast<std::uint16_t>(sizeof ip + sizeof(IcmpHeader) + quoted_bytes));
    ip.checksum = be16(0);
    ip.checksum = be16::from_raw(header_checksum(&ip, sizeof ip));
    std::memcpy(frame + sizeof(EthernetHeader), &ip, sizeof ip);
    const IcmpHeader icmp{icmp::unreachable, icmp::code_port_unreachable, be16(0), be32(0)};
    std::byte* at = frame + sizeof(EthernetHeader) + sizeof ip;
    std::memcpy(at, &icmp, sizeof icmp);
    std::memcpy(at + sizeof icmp, quoted.data() + sizeof(EthernetHeader), quoted_bytes);
    return run(worker, static_cast<std::uint32_t>(sizeof(EthernetHeader) + sizeof ip + sizeof icmp) + quoted_bytes);
  }

  // How many counters of the filter are not 0: 16 flows hardly ever share one.
  [[nodiscard]] std::uint32_t wandering_filters() const {
    std::uint32_t held = 0;
    for (std::uint64_t i = 0; i < GW_FLOW_FILTER_CELLS; ++i) held += crew_.wanderers().may_hold(i << 1U) ? 1 : 0;
    return held;
  }

  std::uint32_t now_ticks_ = 100;
  std::vector<std::uint64_t> words_ = std::vector<std::uint64_t>(crew_capacities.backends_max);
  HealthTable health_{words_};
  Crew crew_{2};
  std::array<WorkerUnderTest, 2> workers_;
  std::unique_ptr<const Snapshot> snapshot_;
  std::vector<std::byte> frame_ = std::vector<std::byte>(GW_HEADROOM_BYTES + 512);
  Burst burst_;
};

TEST_F(CrewTest, AFirstFragmentFollowsTheFlowOfAnotherWorker) {
  std::set<std::uint32_t> backends;
  for (std::uint16_t port = 1000; port < 1016; ++port) {
    const std::uint32_t backend = run_datagram(0, port);
    EXPECT_EQ(run_first_fragment(1, port), backend) << port;
    backends.insert(backend);
  }
  EXPECT_EQ(backends.size(), backend_count) << "taken in turn";
  EXPECT_EQ(workers_[1].pipeline->flows().held(), 0U) << "what another remembers is not remembered twice";
}

TEST_F(CrewTest, AnIcmpErrorFollowsTheFlowOfAnotherWorker) {
  for (std::uint16_t port = 1000; port < 1016; ++port) {
    const std::uint32_t backend = run_datagram(0, port);
    EXPECT_EQ(run_icmp_error(1, port), backend) << port;
    EXPECT_EQ(run_icmp_error(0, port), backend) << port;
  }
}

// A flow whose first datagram is a large one: all its fragments come in on one worker, its small datagrams on another.
TEST_F(CrewTest, WholePacketsFollowTheFirstFragmentOfAnotherWorker) {
  std::set<std::uint32_t> backends;
  run_datagram(0, 999);  // so that the workers are not at the same turn
  for (std::uint16_t port = 1000; port < 1016; ++port) {
    const std::uint32_t backend = run_first_fragment(1, port);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(run_datagram(0, port), backend) << port;
    EXPECT_EQ(run_first_fragment(1, port), backend) << port;
    backends.insert(backend);
  }
  EXPECT_EQ(backends.size(), backend_count) << "taken in turn";
  EXPECT_EQ(workers_[0].pipeline->flows().held(), 17U) << "both remember: each keeps it while only its packets come";
  EXPECT_EQ(workers_[1].pipeline->flows().held(), 16U);
  EXPECT_EQ(wandering_filters(), 16U);
  now_ticks_ += 10'000;
  for (int i = 0; i < 1000; ++i)
    for (WorkerUnderTest& worker : workers_) worker.pipeline->sweep(now_ticks_);
  EXPECT_EQ(wandering_filters(), 0U) << "all are over";
}

// The same of a flow that is an exception of a consistent service: it began while its slot's backend was down.
TEST_F(CrewTest, AnExceptionThatBeganWithAFragmentIsFollowed) {
  load(GW_SCHEDULER_MAGLEV, 0);
  std::uint32_t exceptions = 0;
  for (std::uint16_t port = 1000; port < 1064; ++port) {
    health_.store(0, gw_health_word(0, GW_HEALTH_DOWN, GW_REASON_CHECK_FAILED, 1));
    const std::uint32_t backend = run_first_fragment(1, port);
    health_.store(0, gw_health_word(GW_SHARE_FULL, GW_HEALTH_UP, GW_REASON_NONE, 1));
    EXPECT_EQ(run_datagram(0, port), backend) << port;
    exceptions += workers_[0].pipeline->flows().held() != exceptions ? 1 : 0;
  }
  EXPECT_GT(exceptions, 0U);
  EXPECT_LT(exceptions, 32U) << "flows of other slots are not remembered";
}

// When the backend dies, whoever chooses anew first is followed by the other.
TEST_F(CrewTest, WorkersAgreeOnceMoreWhenTheBackendOfAWandererDies) {
  run_datagram(0, 999);  // so that the workers are not at the same turn
  const std::uint32_t backend = run_first_fragment(1, 1000);
  ASSERT_EQ(run_datagram(0, 1000), backend);
  health_.store(backend, gw_health_word(0, GW_HEALTH_DOWN, GW_REASON_CHECK_FAILED, 1));
  const std::uint32_t next = run_datagram(0, 1000);
  EXPECT_NE(next, backend);
  EXPECT_EQ(run_first_fragment(1, 1000), next);
}

TEST_F(CrewTest, ADownBackendIsNotFollowedFromAfar) {
  const std::uint32_t backend = run_datagram(0, 1000);
  health_.store(backend, gw_health_word(0, GW_HEALTH_DOWN, GW_REASON_CHECK_FAILED, 1));
  EXPECT_NE(run_first_fragment(1, 1000), backend);
}

// All flows of one worker lie on few backends; the other, which counts them in, evens that out.
TEST_F(CrewTest, LeastConnectionsCountsTheFlowsOfAllWorkers) {
  std::vector<std::uint32_t> of_backend(backend_count);
  for (std::uint32_t i = 1; i < backend_count; ++i) health_.store(i, 0);
  for (std::uint16_t port = 1000; port < 1100; ++port) ++of_backend.at(run_datagram(0, port));
  ASSERT_EQ(of_backend[0], 100U);
  for (std::uint32_t i = 1; i < backend_count; ++i)
    health_.store(i, gw_health_word(GW_SHARE_FULL, GW_HEALTH_UP, GW_REASON_NONE, 1));
  load(GW_SCHEDULER_LEAST_CONNECTIONS);
  for (std::uint16_t port = 2000; port < 2400; ++port) ++of_backend.at(run_datagram(1, port));
  EXPECT_LT(of_backend[0] - 100, 20U) << "it had its part already";
  EXPECT_EQ(crew_.flows_of(0), of_backend[0]);
}

}  // namespace
}  // namespace guideway
