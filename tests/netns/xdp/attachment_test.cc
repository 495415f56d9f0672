// SPDX-License-Identifier: Apache-2.0
// The XDP program on real interfaces: two veth pairs in a network namespace of this test's own, frames by packet
// sockets. The far ends carry the program without a snapshot, which passes everything on: what XDP sends towards a veth
// arrives only where an XDP program listens.
#include "dataplane/xdp/attachment.hh"

#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <numeric>
#include <thread>
#include <vector>

#include "dataplane/xdp/snapshot_maps.hh"
#include "tests/netns/xdp/wire.hh"
#include "tests/support/frames.hh"
#include "tests/support/snapshot_bytes.hh"

namespace guideway {
namespace {

constexpr Capacities small{4, 16, 64};

class AttachmentTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "no network namespace: " << std::strerror(errno);
    ASSERT_EQ(std::system("ip link add gw0 type veth peer name gw1 && ip link add gw2 type veth peer name gw3 &&"
                          "for i in lo gw0 gw1 gw2 gw3; do ip link set $i up || exit 1; done"),
              0);
    far_ = load({});
    if (!far_) return;
    attach_far("gw1");
    attach_far("gw3");
  }

  // Null if skipped.
  std::unique_ptr<XdpProgram> load(XdpOptions options) {
    options.capacities = small;
    options.decision_is_told = false;
    options.worker_count = static_cast<std::uint32_t>(std::thread::hardware_concurrency());
    auto program = XdpProgram::load(options);
    if (program) return std::move(*program);
    [&] {
      if (program.error().message.find("refuses BPF") != std::string::npos) GTEST_SKIP() << program.error().message;
      FAIL() << program.error().message;
    }();
    return nullptr;
  }

  void attach_far(const char* interface) {
    auto attached = Attachment::attach(*far_, interface);
    ASSERT_TRUE(attached) << attached.error().message;
    far_attachments_.push_back(std::move(*attached));
  }

  // Service 10.0.0.1:80 on one backend behind port 3, by an IPv4 tunnel or by MAC. Its table is the generation's own.
  void publish(XdpProgram& program, SnapshotMaps& maps, std::uint64_t generation, std::uint32_t backend,
               gw_forward forward) {
    testing_support::SnapshotRows rows;
    rows.generation = generation;
    rows.services = {testing_support::service_row(1, 1, 80, 6)};
    rows.backends = {testing_support::backend_row(backend, 3, forward)};
    rows.tables = {generation};
    const std::vector<gw_slot> slots(GW_TABLE_SLOTS_MIN, gw_slot{backend, backend});
    TableStore tables;
    tables[generation] = *Table::load(testing_support::table_bytes(generation, slots), program.capacities());
    const auto snapshot = Snapshot::load(testing_support::snapshot_bytes(rows), tables, program.capacities());
    ASSERT_TRUE(snapshot) << snapshot.error().message;
    program.health().store(backend, gw_health_word(GW_SHARE_FULL, GW_HEALTH_UP, GW_REASON_NONE, 0));
    const auto published = maps.publish(**snapshot);
    ASSERT_TRUE(published) << published.error().message;
  }
  void publish(XdpProgram& program, gw_forward forward) {
    auto maps = SnapshotMaps::create(program);
    ASSERT_TRUE(maps) << maps.error().message;
    publish(program, *maps, 1, 7, forward);
  }

  static std::uint64_t sent_packets(const XdpProgram& program) {
    std::uint64_t sent = 0;
    for (std::uint32_t i = 0; i < std::thread::hardware_concurrency(); ++i)
      sent += program.counters(i).worker.exits[GW_EXIT_SENT];
    return sent;
  }

  std::unique_ptr<XdpProgram> far_;
  std::vector<Attachment> far_attachments_;
};

TEST_F(AttachmentTest, OneArmedSendsBackOutOfTheInterface) {
  const auto program = far_ ? load({}) : nullptr;
  if (!program) return;
  ASSERT_NO_FATAL_FAILURE(publish(*program, GW_FORWARD_IPIP));
  const auto attached = Attachment::attach(*program, "gw0");
  ASSERT_TRUE(attached) << attached.error().message;
  EXPECT_EQ(attached->warning(), "");  // veth has native XDP
  Wire client("gw1");
  for (std::uint16_t port = 1; port <= 50; ++port) {
    const Frame frame = testing_support::ipv4_frame({.source_port = port, .payload_bytes = 100});
    client.send(frame);
    const auto came = client.receive(ipv4_type);
    ASSERT_TRUE(came) << "frame " << port;
    ASSERT_EQ(came->size(), frame.size() + 20);
    EXPECT_EQ((*came)[5], std::byte{7});
    EXPECT_EQ((*came)[23], std::byte{4});
    EXPECT_EQ(std::memcmp(came->data() + 34, frame.data() + 14, frame.size() - 14), 0);
  }
  EXPECT_EQ(sent_packets(*program), 50U);
}

TEST_F(AttachmentTest, TwoArmedRedirectsToThePort) {
  XdpOptions options;
  options.egress_by_port = true;
  const auto program = far_ ? load(options) : nullptr;
  if (!program) return;
  ASSERT_NO_FATAL_FAILURE(publish(*program, GW_FORWARD_L2));
  ASSERT_TRUE(program->set_port(3, ::if_nametoindex("gw2")));
  const auto attached = Attachment::attach(*program, "gw0");
  const auto other_arm = Attachment::attach(*program, "gw2");
  ASSERT_TRUE(attached && other_arm);
  Wire client("gw1");
  Wire backend("gw3");
  for (std::uint16_t port = 1; port <= 50; ++port) {
    const Frame frame = testing_support::ipv4_frame({.source_port = port});
    client.send(frame);
    const auto came = backend.receive(ipv4_type);
    ASSERT_TRUE(came) << "frame " << port;
    ASSERT_EQ(came->size(), frame.size());
    EXPECT_EQ((*came)[5], std::byte{7});
    EXPECT_EQ(std::memcmp(came->data() + 12, frame.data() + 12, frame.size() - 12), 0);
  }
  EXPECT_EQ(sent_packets(*program), 50U);
}

TEST_F(AttachmentTest, WhatIsTheKernelsReachesTheKernelUnchanged) {
  const auto program = far_ ? load({}) : nullptr;
  if (!program) return;
  ASSERT_NO_FATAL_FAILURE(publish(*program, GW_FORWARD_L2));
  const auto attached = Attachment::attach(*program, "gw0");
  ASSERT_TRUE(attached) << attached.error().message;
  Wire client("gw1");
  Wire kernel("gw0");
  client.send(testing_support::arp_frame());
  EXPECT_EQ(kernel.receive(arp_type), testing_support::arp_frame());
}

TEST_F(AttachmentTest, FallsBackToGenericAndSaysSo) {
  if (!far_) return;
  const auto attached = Attachment::attach(*far_, "lo");
  ASSERT_TRUE(attached) << attached.error().message;
  EXPECT_NE(attached->warning().find("generic"), std::string::npos);
}

TEST_F(AttachmentTest, LeavesNothingBehindAndSharesWithNobody) {
  if (!far_) return;
  {
    const auto attached = Attachment::attach(*far_, "gw0");
    ASSERT_TRUE(attached) << attached.error().message;
    const auto again = Attachment::attach(*far_, "gw0");
    ASSERT_FALSE(again);
    EXPECT_NE(again.error().message.find("already"), std::string::npos);
  }
  EXPECT_NE(std::system("ip link show gw0 | grep -q xdp"), 0);
  EXPECT_EQ(std::system("ip link show gw1 | grep -q xdp"), 0);
  EXPECT_FALSE(Attachment::attach(*far_, "gw-none"));
}

// 10,000 publications, or as many as GUIDEWAY_PUBLICATIONS says.
std::uint64_t publications() {
  const char* wanted = std::getenv("GUIDEWAY_PUBLICATIONS");
  return wanted == nullptr ? 10'000 : std::strtoull(wanted, nullptr, 10);
}

// Backend 7 exists in odd generations, backend 8 in even ones: a packet that took a service, a table or a backend of
// another generation than the rest would find no row, and be dropped by name.
TEST_F(AttachmentTest, NoPacketSeesHalfAGeneration) {
  const auto program = far_ ? load({}) : nullptr;
  if (!program) return;
  auto maps = SnapshotMaps::create(*program);
  ASSERT_TRUE(maps) << maps.error().message;
  ASSERT_NO_FATAL_FAILURE(publish(*program, *maps, 1, 7, GW_FORWARD_IPIP));
  const auto attached = Attachment::attach(*program, "gw0");
  ASSERT_TRUE(attached) << attached.error().message;
  std::atomic<bool> stop{false};
  std::thread client([&stop] {
    Wire wire("gw1");
    for (std::uint16_t port = 0; !stop; ++port) wire.try_send(testing_support::ipv4_frame({.source_port = port}));
  });
  for (std::uint64_t generation = 2; generation <= publications() + 1 && !HasFatalFailure(); ++generation)
    publish(*program, *maps, generation, generation % 2 == 1 ? 7 : 8, GW_FORWARD_IPIP);
  stop = true;
  client.join();
  std::this_thread::sleep_for(std::chrono::milliseconds(100));  // what is under way arrives
  EXPECT_EQ(maps->tables_held(), 1U);
  std::uint64_t sent = 0;
  std::uint64_t to_backends = 0;
  for (std::uint32_t i = 0; i < std::thread::hardware_concurrency(); ++i) {
    const gw_worker_counters& counters = program->counters(i).worker;
    sent += counters.exits[GW_EXIT_SENT];
    to_backends += program->counters(i).backends[7].packets + program->counters(i).backends[8].packets;
    EXPECT_EQ(counters.received_packets,
              std::accumulate(std::begin(counters.exits), std::end(counters.exits), std::uint64_t{0}));
    EXPECT_EQ(counters.exits[GW_EXIT_KERNEL_NO_SERVICE], 0U);
    for (std::size_t exit = GW_EXIT_DROP_FRAME_TRUNCATED; exit < GW_EXIT_COUNT; ++exit)
      EXPECT_EQ(counters.exits[exit], 0U) << "exit " << exit;
  }
  EXPECT_EQ(to_backends, sent);
  EXPECT_GT(sent, publications());
  std::printf("%llu packets over %llu publications\n", static_cast<unsigned long long>(sent),
              static_cast<unsigned long long>(publications()));
}

}  // namespace
}  // namespace guideway
