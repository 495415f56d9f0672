// SPDX-License-Identifier: Apache-2.0
// What a worker copies while somebody wishes it, read as a reader in another process would: through the memory alone.
#include "dataplane/worker/capture.hh"

#include <cstring>

#include <gtest/gtest.h>

#include "dataplane/pipeline/exits.hh"
#include "dataplane/worker/capture_block.hh"
#include "tests/unit/dataplane/worker/bench.hh"

namespace guideway {
namespace {

class CaptureTest : public ::testing::Test {
 protected:
  void wish(std::uint32_t stages, std::uint32_t until_tick = Bench::now_ticks + 10) {
    auto& wish = *reinterpret_cast<gw_capture_wish*>(bench_.capture_memory.data() + sizeof(gw_capture_header));
    wish.stages = stages;
    wish.until_tick = until_tick;
  }
  void wish_for_service(std::uint32_t id) {
    std::byte* at = bench_.capture_memory.data() + sizeof(gw_capture_header);
    reinterpret_cast<gw_capture_wish*>(at)->of_services = 1;
    *reinterpret_cast<std::uint64_t*>(at + sizeof(gw_capture_wish)) = std::uint64_t{1} << id;
  }
  [[nodiscard]] gw_capture_ring& ring() {
    const auto& header = *reinterpret_cast<const gw_capture_header*>(bench_.capture_memory.data());
    return *reinterpret_cast<gw_capture_ring*>(bench_.capture_memory.data() + header.rings_offset);
  }
  [[nodiscard]] const gw_capture_slot& slot(std::uint64_t number) {
    return reinterpret_cast<const gw_capture_slot*>(&ring() + 1)[number % GW_CAPTURE_SLOTS];
  }
  void receive(const std::vector<std::byte>& frame) {
    ASSERT_TRUE(bench_.port0.offer(frame));
    bench_.poll_until_quiet();
    bench_.discard_sent();
  }
  static std::vector<std::byte> frame(std::uint16_t source_port, std::uint16_t destination_port = 80) {
    testing_support::FrameOptions options;
    options.protocol = destination_port == 53 ? 17 : 6;
    options.source_port = source_port;
    options.destination_port = destination_port;
    options.tcp_flags = 0x02;
    return testing_support::ipv4_frame(options);
  }
  [[nodiscard]] static std::vector<std::byte> bytes_of(const gw_capture_slot& slot) {
    const auto* begin = reinterpret_cast<const std::byte*>(slot.bytes);
    return {begin, begin + slot.captured_bytes};
  }

  Bench bench_;
};

TEST_F(CaptureTest, NobodyWishesNothing) {
  receive(frame(1));
  wish(GW_CAPTURE_RX | GW_CAPTURE_TX | GW_CAPTURE_DROP, Bench::now_ticks);
  receive(frame(2));
  EXPECT_EQ(ring().written, 0U) << "the wish has run out";
}

TEST_F(CaptureTest, ShowsAPacketAsItCameAndAsItLeft) {
  wish(GW_CAPTURE_RX | GW_CAPTURE_TX);
  const auto sent = frame(1);
  receive(sent);
  ASSERT_EQ(ring().written, 2U);
  EXPECT_EQ(slot(0).stage, GW_CAPTURE_RX);
  EXPECT_EQ(bytes_of(slot(0)), sent);
  EXPECT_EQ(slot(0).exit, GW_EXIT_SENT);
  EXPECT_EQ(slot(0).service_id, 0U);
  EXPECT_EQ(slot(1).stage, GW_CAPTURE_TX);
  EXPECT_EQ(slot(1).backend, slot(0).backend);
  EXPECT_NE(bytes_of(slot(1)), sent) << "it has another MAC address, or an outer header";
  EXPECT_EQ(slot(1).length_bytes, sent.size() + (slot(1).backend == 1 ? 20 : 0));
  EXPECT_GT(slot(0).time_ns, 1'700'000'000'000'000'000U);
}

TEST_F(CaptureTest, ShowsWhatIsDroppedWithItsExit) {
  wish(GW_CAPTURE_DROP);
  receive(frame(1));
  auto cut = frame(2);
  cut.resize(20);
  receive(cut);
  ASSERT_EQ(ring().written, 1U) << "what was sent is of another stage";
  EXPECT_EQ(slot(0).stage, GW_CAPTURE_DROP);
  EXPECT_EQ(kind_of(static_cast<std::uint8_t>(slot(0).exit)), ExitKind::drop);
  EXPECT_EQ(slot(0).service_id, GW_CAPTURE_NO_SERVICE) << "whatever was in its place before";
  EXPECT_EQ(bytes_of(slot(0)), cut);
}

TEST_F(CaptureTest, AnExitThatAFullQueueTurnedIsTold) {
  wish(GW_CAPTURE_RX);
  bench_.port0.limit_sent(0);
  bench_.port1.limit_sent(0);
  receive(frame(1));
  ASSERT_EQ(ring().written, 1U);
  EXPECT_EQ(slot(0).exit, GW_EXIT_DROP_TX_FULL);
}

TEST_F(CaptureTest, KeepsToTheServicesThatAreWished) {
  wish(GW_CAPTURE_RX);
  wish_for_service(1);
  for (std::uint16_t port = 1; port <= 10; ++port) {
    ASSERT_TRUE(bench_.port0.offer(frame(port, port % 2 == 0 ? 53 : 80)));
    ASSERT_TRUE(bench_.port0.offer(testing_support::arp_frame()));
  }
  bench_.poll_until_quiet();
  ASSERT_EQ(ring().written, 5U);
  for (std::uint64_t i = 0; i < 5; ++i) {
    EXPECT_EQ(slot(i).service_id, 1U);
    EXPECT_EQ(bytes_of(slot(i)), frame(static_cast<std::uint16_t>(2 * i + 2), 53)) << i;
  }
}

TEST_F(CaptureTest, AFullRingCountsWhatItLoses) {
  wish(GW_CAPTURE_RX);
  for (std::uint32_t i = 0; i < GW_CAPTURE_SLOTS + 100; ++i) receive(frame(static_cast<std::uint16_t>(i)));
  EXPECT_EQ(ring().written, GW_CAPTURE_SLOTS);
  EXPECT_EQ(ring().lost, 100U);
  EXPECT_EQ(bytes_of(slot(0)), frame(0)) << "nothing that was not taken is written over";
  ring().read = 10;
  for (std::uint32_t i = 0; i < 20; ++i) receive(frame(7));
  EXPECT_EQ(ring().written, GW_CAPTURE_SLOTS + 10);
  EXPECT_EQ(ring().lost, 110U);
  // A reader that says it has read what was never written.
  ring().read = ~std::uint64_t{0} - 5;
  receive(frame(8));
  EXPECT_LE(ring().written, GW_CAPTURE_SLOTS + 11);
  EXPECT_TRUE(bench_.adds_up());
}

TEST_F(CaptureTest, LongPacketsAreCut) {
  wish(GW_CAPTURE_RX);
  testing_support::FrameOptions options;
  options.payload_bytes = 2040 - 54;
  const auto sent = testing_support::ipv4_frame(options);
  ASSERT_GT(sent.size(), GW_CAPTURE_BYTES_MAX);
  receive(sent);
  ASSERT_EQ(ring().written, 1U);
  EXPECT_EQ(slot(0).captured_bytes, GW_CAPTURE_BYTES_MAX);
  EXPECT_EQ(slot(0).length_bytes, sent.size());
}

}  // namespace
}  // namespace guideway
