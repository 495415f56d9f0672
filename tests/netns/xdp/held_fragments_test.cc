// SPDX-License-Identifier: Apache-2.0
// Fragments in the wrong order over a veth pair in a network namespace of this test's own: the program sends early ones
// up, and they come out behind their first. The far end carries the program without a snapshot, which passes everything
// on: what XDP sends towards a veth arrives only where an XDP program listens.
#include "dataplane/xdp/held_fragments.hh"

#include <gtest/gtest.h>
#include <sched.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <thread>

#include "dataplane/xdp/attachment.hh"
#include "dataplane/xdp/snapshot_maps.hh"
#include "tests/netns/xdp/wire.hh"
#include "tests/support/frames.hh"
#include "tests/support/snapshot_bytes.hh"

namespace guideway {
namespace {

constexpr std::uint32_t backends = 5;

class HeldFragmentsTest : public testing::Test {
 protected:
  void SetUp() override {
    // A veth's packets are handled on the CPU that sends them, and fragments of a packet by one worker.
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(static_cast<unsigned>(::sched_getcpu()), &only);
    ASSERT_EQ(::sched_setaffinity(0, sizeof only, &only), 0);
    if (::unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "no network namespace: " << std::strerror(errno);
    ASSERT_EQ(std::system("sysctl -qw net.ipv6.conf.default.disable_ipv6=1 &&"
                          "ip link add gw0 type veth peer name gw1 && ip link set gw0 up && ip link set gw1 up"),
              0);
    ASSERT_NO_FATAL_FAILURE(load(far_, false));
    if (IsSkipped()) return;
    ASSERT_NO_FATAL_FAILURE(load(program_, true));
    publish();
    for (const auto& [program, interface] : {std::pair{far_.get(), "gw1"}, std::pair{program_.get(), "gw0"}}) {
      auto attached = Attachment::attach(*program, interface);
      ASSERT_TRUE(attached) << attached.error().message;
      attachments_.push_back(std::move(*attached));
    }
    auto held = HeldFragments::create(*program_);
    ASSERT_TRUE(held) << held.error().message;
    held_ = std::move(*held);
  }

  static void load(std::unique_ptr<XdpProgram>& program, bool listener_holds_fragments) {
    XdpOptions options;
    options.capacities = {4, 16, 64};
    options.decision_is_told = false;
    options.listener_holds_fragments = listener_holds_fragments;
    options.worker_count = static_cast<std::uint32_t>(std::thread::hardware_concurrency());
    auto loaded = XdpProgram::load(options);
    if (!loaded && loaded.error().message.find("refuses BPF") != std::string::npos)
      GTEST_SKIP() << loaded.error().message;
    ASSERT_TRUE(loaded) << loaded.error().message;
    program = std::move(*loaded);
  }

  // Service 10.0.0.1:80 over UDP, each flow to the next of five backends: only who follows its first comes right.
  void publish() {
    testing_support::SnapshotRows rows;
    rows.services = {testing_support::service_row(0, 1, 80, 17)};
    rows.services[0].scheduler = GW_SCHEDULER_ROUND_ROBIN;
    rows.services[0].flags = GW_SERVICE_FOLLOWS_EVERY_FLOW;
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
    auto maps = SnapshotMaps::create(*program_);
    ASSERT_TRUE(maps) << maps.error().message;
    const auto published = maps->publish(**snapshot);
    ASSERT_TRUE(published) << published.error().message;
  }

  // Fragment `place` (0: the first) of datagram `identification`, as told apart by its source port.
  static Frame fragment(std::uint16_t identification, std::uint16_t place) {
    Frame frame = testing_support::ipv4_frame({.protocol = 17, .source_port = identification, .payload_bytes = 64});
    frame[18] = static_cast<std::byte>(identification >> 8U);
    frame[19] = static_cast<std::byte>(identification);
    frame[20] = std::byte{0x20};
    frame[21] = static_cast<std::byte>(place * 9);
    frame[24] = frame[25] = std::byte{0};
    const std::uint16_t checksum = header_checksum(frame.data() + 14, 20);
    std::memcpy(frame.data() + 24, &checksum, sizeof checksum);
    return frame;
  }

  void serve_for(std::chrono::milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < end) {
      held_->serve();
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }

  std::uint64_t count(gw_exit exit) const {
    std::uint64_t sum = 0;
    for (std::uint32_t i = 0; i < program_->worker_count(); ++i) sum += program_->counters(i).worker.exits[exit];
    return sum;
  }
  std::uint64_t received() const {
    std::uint64_t sum = 0;
    for (std::uint32_t i = 0; i < program_->worker_count(); ++i) sum += program_->counters(i).worker.received_packets;
    return sum;
  }

  std::unique_ptr<XdpProgram> far_;
  std::unique_ptr<XdpProgram> program_;
  std::vector<Attachment> attachments_;
  std::unique_ptr<HeldFragments> held_;
};

TEST_F(HeldFragmentsTest, EarlyOnesComeOutBehindTheirFirstInOrder) {
  Wire client("gw1");
  for (std::uint16_t identification = 1; identification <= 8; ++identification) {
    for (const std::uint16_t place : std::to_array<std::uint16_t>({2, 1, 3}))
      client.send(fragment(identification, place));
    serve_for(std::chrono::milliseconds(20));
    EXPECT_FALSE(held_->is_empty());
    EXPECT_EQ(received(), 4U * (identification - 1U));  // what is held is not received yet
    client.send(fragment(identification, 0));
    serve_for(std::chrono::milliseconds(20));
    EXPECT_TRUE(held_->is_empty());
    std::byte backend{0};
    for (const std::uint16_t place : std::to_array<std::uint16_t>({0, 2, 1, 3})) {
      const auto came = client.receive(ipv4_type);
      ASSERT_TRUE(came) << identification << ", place " << place;
      const Frame sent = fragment(identification, place);
      ASSERT_EQ(came->size(), sent.size());
      EXPECT_EQ(std::memcmp(came->data() + 14, sent.data() + 14, sent.size() - 14), 0);
      if (place == 0) backend = (*came)[5];
      EXPECT_EQ((*came)[5], backend);
    }
  }
  EXPECT_EQ(count(GW_EXIT_SENT), 32U);
  EXPECT_EQ(received(), 32U);
  EXPECT_EQ(held_->lost(), 0U);
}

TEST_F(HeldFragmentsTest, WhatWaitsTooLongIsDroppedByName) {
  Wire client("gw1");
  client.send(fragment(1, 1));
  serve_for(std::chrono::milliseconds(400));
  EXPECT_TRUE(held_->is_empty());
  EXPECT_EQ(count(GW_EXIT_DROP_FRAGMENT), 1U);
  EXPECT_EQ(received(), 1U);
}

TEST_F(HeldFragmentsTest, MoreOfOneSourceThanMayWaitAreDroppedByName) {
  Wire client("gw1");
  for (std::uint16_t i = 1; i <= GW_FRAGMENTS_HELD_PER_SOURCE + 4; ++i) client.send(fragment(i, 1));
  serve_for(std::chrono::milliseconds(20));
  EXPECT_GE(count(GW_EXIT_DROP_FRAGMENTS_FULL), 4U);
  held_->give_up();
  EXPECT_EQ(count(GW_EXIT_DROP_FRAGMENTS_FULL) + count(GW_EXIT_DROP_FRAGMENT), GW_FRAGMENTS_HELD_PER_SOURCE + 4U);
  EXPECT_EQ(received(), GW_FRAGMENTS_HELD_PER_SOURCE + 4U);
}

}  // namespace
}  // namespace guideway
