// SPDX-License-Identifier: Apache-2.0
// Two workers of the XDP program: what one remembers, the other finds where docs/packet-path.md says that it looks.
// Skipped where BPF is refused, and on machines of one CPU.
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <sched.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "tests/unit/dataplane/xdp/xdp_bed.hh"

namespace guideway {
namespace {

using testing_support::FrameOptions;
using Frame = std::vector<std::byte>;

constexpr std::uint32_t backends = 5;
constexpr std::uint16_t more_fragments = 0x2000;

class XdpWorkers : public XdpBed {
 protected:
  void SetUp() override {
    CPU_ZERO(&before_);
    ASSERT_EQ(::sched_getaffinity(0, sizeof before_, &before_), 0);
    if (!CPU_ISSET(0, &before_) || !CPU_ISSET(1, &before_)) GTEST_SKIP() << "CPUs 0 and 1 are not both ours";
    XdpOptions options;
    options.worker_count = 2;
    options.flows_wander = flows_wander();
    start(options, {8, 8, 64});
  }
  [[nodiscard]] virtual bool flows_wander() const { return false; }
  void TearDown() override { (void)::sched_setaffinity(0, sizeof before_, &before_); }

  // Service 10.0.0.1:80, TCP and UDP, on five backends in turn.
  void publish(gw_scheduler scheduler) {
    testing_support::SnapshotRows rows;
    rows.services = {testing_support::service_row(0, 1, 80, 6), testing_support::service_row(1, 1, 80, 17)};
    for (gw_service& row : rows.services) {
      row.scheduler = static_cast<__u8>(scheduler);
      row.flags = GW_SERVICE_FOLLOWS_EVERY_FLOW;
    }
    for (std::uint32_t i = 0; i < backends; ++i) {
      rows.backends.push_back(testing_support::backend_row(i, 0));
      program_->health().store(i, gw_health_word(GW_SHARE_FULL, GW_HEALTH_UP, GW_REASON_NONE, 0));
    }
    rows.tables = {1};
    TableStore tables;
    tables[1] =
        *Table::load(testing_support::table_bytes(1, testing_support::slots_in_turn(backends)), program_->capacities());
    const auto snapshot = Snapshot::load(testing_support::snapshot_bytes(rows), tables, program_->capacities());
    ASSERT_TRUE(snapshot) << snapshot.error().message;
    const auto published = maps_->publish(**snapshot);
    ASSERT_TRUE(published) << published.error().message;
  }

  // The program runs on the CPU of whoever asks for it.
  gw_xdp_decision run_on(int cpu, const Frame& frame) {
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(static_cast<unsigned>(cpu), &only);
    EXPECT_EQ(::sched_setaffinity(0, sizeof only, &only), 0);
    const auto done = program_->run(frame, room_);
    EXPECT_TRUE(done) << done.error().message;
    return done ? done->decision : gw_xdp_decision{};
  }

  cpu_set_t before_{};
};

FrameOptions udp(std::uint16_t source_port) {
  FrameOptions options;
  options.protocol = 17;
  options.source_port = source_port;
  options.payload_bytes = 32;
  return options;
}

Frame with_fragment_field(Frame frame, std::uint16_t field) {
  frame[20] = static_cast<std::byte>(field >> 8U);
  frame[21] = static_cast<std::byte>(field);
  frame[24] = frame[25] = std::byte{0};
  const std::uint16_t checksum = header_checksum(frame.data() + 14, 20);
  std::memcpy(frame.data() + 24, &checksum, sizeof checksum);
  return frame;
}

// An ICMP "host unreachable" from a router about what 10.0.0.1:80 sent to the flow's client.
Frame error_about(const FrameOptions& options) {
  Frame quoted = testing_support::ipv4_frame(options);
  for (std::size_t i = 0; i < 4; ++i) std::swap(quoted[26 + i], quoted[30 + i]);
  for (std::size_t i = 0; i < 2; ++i) std::swap(quoted[34 + i], quoted[36 + i]);
  FrameOptions outer;
  outer.protocol = 17;
  outer.payload_bytes = 28;  // 8 of ICMP instead of UDP, 20 + 8 quoted
  Frame frame = testing_support::ipv4_frame(outer);
  frame[23] = std::byte{1};
  std::memset(frame.data() + 34, 0, 8);
  frame[34] = std::byte{3};
  std::memcpy(frame.data() + 42, quoted.data() + 14, 28);
  return with_fragment_field(frame, 0);
}

TEST_F(XdpWorkers, AFirstFragmentFindsItsFlowAtAnotherWorker) {
  publish(GW_SCHEDULER_ROUND_ROBIN);
  for (std::uint16_t port = 1; port <= 4; ++port) {
    const Frame whole = testing_support::ipv4_frame(udp(port));
    const gw_xdp_decision opened = run_on(0, whole);
    ASSERT_EQ(opened.exit, static_cast<std::uint32_t>(GW_EXIT_SENT));
    const gw_xdp_decision first = run_on(1, with_fragment_field(whole, more_fragments));
    EXPECT_EQ(first.exit, static_cast<std::uint32_t>(GW_EXIT_SENT));
    EXPECT_EQ(first.backend, opened.backend) << port;
    EXPECT_EQ(first.is_learned, 1U);
    const gw_xdp_decision later = run_on(1, with_fragment_field(whole, 5));
    EXPECT_EQ(later.exit, static_cast<std::uint32_t>(GW_EXIT_SENT));
    EXPECT_EQ(later.backend, opened.backend);
  }
  EXPECT_EQ(program_->counters(1).worker.flows_inserted, 0U);
  EXPECT_EQ(program_->counters(0).worker.flows_inserted, 4U);
}

TEST_F(XdpWorkers, AWholePacketAsksItsOwnTableAlone) {
  publish(GW_SCHEDULER_ROUND_ROBIN);
  (void)run_on(0, testing_support::ipv4_frame(udp(1)));
  const gw_xdp_decision second = run_on(0, testing_support::ipv4_frame(udp(2)));
  const gw_xdp_decision elsewhere = run_on(1, testing_support::ipv4_frame(udp(2)));
  EXPECT_NE(elsewhere.backend, second.backend);
  EXPECT_EQ(program_->counters(1).worker.flows_inserted, 1U);
}

class XdpWanderingFlows : public XdpWorkers {
 protected:
  [[nodiscard]] bool flows_wander() const override { return true; }
};

TEST_F(XdpWanderingFlows, KeepTheirBackendOnEveryCpu) {
  publish(GW_SCHEDULER_ROUND_ROBIN);
  std::array<gw_xdp_decision, 5> opened{};
  for (std::uint16_t port = 1; port <= 4; ++port) opened[port] = run_on(0, testing_support::ipv4_frame(udp(port)));
  for (const int cpu : {1, 0, 1, 1}) {
    for (std::uint16_t port = 1; port <= 4; ++port)
      EXPECT_EQ(run_on(cpu, testing_support::ipv4_frame(udp(port))).backend, opened[port].backend) << cpu;
  }
  // Each time they moved they were remembered anew, and ended where they were before.
  EXPECT_EQ(program_->counters(0).worker.flows_inserted, 8U);
  EXPECT_EQ(program_->counters(1).worker.flows_inserted, 8U);
}

TEST_F(XdpWanderingFlows, CloseWhereverTheyAre) {
  publish(GW_SCHEDULER_ROUND_ROBIN);
  FrameOptions tcp;
  tcp.tcp_flags = 0x02;
  const gw_xdp_decision opened = run_on(0, testing_support::ipv4_frame(tcp));
  tcp.tcp_flags = 0x11;
  EXPECT_EQ(run_on(1, testing_support::ipv4_frame(tcp)).backend, opened.backend);
  tcp.tcp_flags = 0x10;
  EXPECT_EQ(run_on(0, testing_support::ipv4_frame(tcp)).backend, opened.backend);
  const auto bucket = program_->flow_bucket(0, opened.hash);
  ASSERT_TRUE(bucket) << bucket.error().message;
  const auto* entry = std::find_if(std::begin(bucket->entries), std::end(bucket->entries),
                                   [&](const gw_flow_entry& each) { return each.hash == opened.hash; });
  ASSERT_NE(entry, std::end(bucket->entries));
  EXPECT_EQ(entry->deadline & 0xfU, static_cast<std::uint32_t>(GW_FLOW_CLOSING));
}

TEST_F(XdpWanderingFlows, AreNotFoundWhereTheirBackendHasDied) {
  publish(GW_SCHEDULER_ROUND_ROBIN);
  const gw_xdp_decision opened = run_on(0, testing_support::ipv4_frame(udp(1)));
  program_->health().store(opened.backend, gw_health_word(0, GW_HEALTH_DOWN, GW_REASON_NONE, 0));
  const gw_xdp_decision moved = run_on(1, testing_support::ipv4_frame(udp(1)));
  EXPECT_NE(moved.backend, opened.backend);
  program_->health().store(opened.backend, gw_health_word(GW_SHARE_FULL, GW_HEALTH_UP, GW_REASON_NONE, 0));
  EXPECT_EQ(run_on(0, testing_support::ipv4_frame(udp(1))).backend, moved.backend);
}

TEST_F(XdpWorkers, AnErrorFindsItsFlowAtAnotherWorkerAndChangesNothing) {
  publish(GW_SCHEDULER_ROUND_ROBIN);
  for (std::uint16_t port = 1; port <= 4; ++port) {
    const gw_xdp_decision opened = run_on(0, testing_support::ipv4_frame(udp(port)));
    for (int cpu : {0, 1}) {
      const gw_xdp_decision error = run_on(cpu, error_about(udp(port)));
      EXPECT_EQ(error.exit, static_cast<std::uint32_t>(GW_EXIT_SENT));
      EXPECT_EQ(error.backend, opened.backend);
      EXPECT_EQ(error.hash, opened.hash);
    }
  }
  const gw_xdp_decision unknown = run_on(1, error_about(udp(9)));
  EXPECT_EQ(unknown.exit, static_cast<std::uint32_t>(GW_EXIT_KERNEL_NO_SERVICE));
  EXPECT_EQ(program_->counters(1).worker.flows_inserted, 0U);
}

TEST_F(XdpWorkers, LeastConnectionsCountsTheFlowsOfAllWorkers) {
  publish(GW_SCHEDULER_LEAST_CONNECTIONS);
  std::array<std::uint32_t, backends> flows{};
  for (std::uint16_t port = 1; port <= 40; ++port) {
    const gw_xdp_decision decision = run_on(port % 2, testing_support::ipv4_frame(udp(port)));
    ASSERT_EQ(decision.exit, static_cast<std::uint32_t>(GW_EXIT_SENT));
    // The chosen one never has more flows than the other of its two choices.
    const std::vector<gw_slot> slots = testing_support::slots_in_turn(backends);
    const auto count = static_cast<std::uint32_t>(slots.size());
    const std::uint32_t one = slots[gw_scale(decision.hash, count)].current_backend;
    const std::uint32_t other = slots[gw_probe_slot(decision.hash, GW_SECOND_CHOICE, count)].current_backend;
    EXPECT_EQ(decision.backend, flows[other] < flows[one] ? other : one);
    ++flows[decision.backend];
  }
}

}  // namespace
}  // namespace guideway
