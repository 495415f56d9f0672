// SPDX-License-Identifier: Apache-2.0
// What the XDP program copies while somebody wishes it, read as a reader in another process would: through the memory
// alone. tests/unit/dataplane/worker/capture_test.cc asks the same of poll mode.
#include <linux/bpf.h>

#include <chrono>
#include <cstring>

#include "dataplane/base/mapping.hh"
#include "tests/unit/dataplane/xdp/xdp_bed.hh"

namespace guideway {
namespace {

constexpr std::uint32_t now_ticks = 1000;
constexpr std::uint32_t service_id = 5;

class XdpCapture : public XdpBed {
 protected:
  // The service is on backend 7; packets come to worker 0.
  void start_capturing(std::uint32_t stages, std::uint32_t until_tick = now_ticks + 10) {
    XdpOptions options;
    options.ticks_are_given = true;
    ASSERT_NO_FATAL_FAILURE(start(options));
    if (IsSkipped()) return;
    program_->set_now_ticks(now_ticks);
    publish(1, 1, 7);
    auto memory = Mapping::of_file(program_->captures_fd(), program_->captures_bytes(), true);
    ASSERT_TRUE(memory) << memory.error().message;
    memory_ = std::move(*memory);
    wish().stages = stages;
    wish().until_tick = until_tick;
  }
  [[nodiscard]] const gw_capture_header& header() const {
    return *reinterpret_cast<const gw_capture_header*>(memory_.data());
  }
  [[nodiscard]] gw_capture_wish& wish() const {
    return *reinterpret_cast<gw_capture_wish*>(memory_.data() + sizeof(gw_capture_header));
  }
  void wish_for_service(std::uint32_t id) const {
    wish().of_services = 1;
    *reinterpret_cast<std::uint64_t*>(&wish() + 1) = std::uint64_t{1} << id;
  }
  [[nodiscard]] gw_capture_ring& ring() const {
    return *reinterpret_cast<gw_capture_ring*>(memory_.data() + header().rings_offset);
  }
  [[nodiscard]] const gw_capture_slot& slot(std::uint64_t number) const {
    return reinterpret_cast<const gw_capture_slot*>(&ring() + 1)[number % GW_CAPTURE_SLOTS];
  }
  [[nodiscard]] static std::vector<std::byte> bytes_of(const gw_capture_slot& slot) {
    const auto* begin = reinterpret_cast<const std::byte*>(slot.bytes);
    return {begin, begin + slot.captured_bytes};
  }

  Mapping memory_;
};

TEST_F(XdpCapture, NobodyWishesNothing) {
  ASSERT_NO_FATAL_FAILURE(start_capturing(GW_CAPTURE_RX | GW_CAPTURE_TX | GW_CAPTURE_DROP, now_ticks));
  if (IsSkipped()) return;
  run({});
  EXPECT_EQ(ring().written, 0U) << "the wish has run out";
  EXPECT_EQ(header().magic, GW_CAPTURE_MAGIC);
  EXPECT_EQ(header().worker_count, 1U);
}

TEST_F(XdpCapture, ShowsAPacketAsItCameAndAsItLeft) {
  ASSERT_NO_FATAL_FAILURE(start_capturing(GW_CAPTURE_RX | GW_CAPTURE_TX));
  if (IsSkipped()) return;
  const XdpRun sent = run({});
  ASSERT_EQ(ring().written, 2U);
  EXPECT_EQ(slot(0).stage, GW_CAPTURE_RX);
  EXPECT_EQ(slot(1).stage, GW_CAPTURE_TX);
  EXPECT_EQ(bytes_of(slot(0)), testing_support::ipv4_frame({}));
  EXPECT_EQ(bytes_of(slot(1)), std::vector<std::byte>(room_.begin(), room_.begin() + sent.length_bytes));
  EXPECT_NE(bytes_of(slot(1)), bytes_of(slot(0))) << "it has another MAC address";
  for (std::uint64_t i = 0; i < 2; ++i) {
    EXPECT_EQ(slot(i).exit, GW_EXIT_SENT);
    EXPECT_EQ(slot(i).service_id, service_id);
    EXPECT_EQ(slot(i).backend, 7U);
  }
  const std::chrono::nanoseconds wall = std::chrono::system_clock::now().time_since_epoch();
  EXPECT_NEAR(static_cast<double>(slot(0).time_ns), static_cast<double>(wall.count()), 60e9);
}

TEST_F(XdpCapture, ShowsWhatIsDroppedWithItsExit) {
  ASSERT_NO_FATAL_FAILURE(start_capturing(GW_CAPTURE_DROP));
  if (IsSkipped()) return;
  run({});
  auto cut = testing_support::ipv4_frame({});
  cut.resize(20);
  ASSERT_TRUE(program_->run(cut, room_));
  ASSERT_EQ(ring().written, 1U) << "what was sent is of another stage";
  EXPECT_EQ(slot(0).stage, GW_CAPTURE_DROP);
  EXPECT_EQ(slot(0).exit, GW_EXIT_DROP_FRAME_TRUNCATED);
  EXPECT_EQ(slot(0).service_id, GW_CAPTURE_NO_SERVICE) << "whatever was in its place before";
  EXPECT_EQ(bytes_of(slot(0)), cut);
}

TEST_F(XdpCapture, KeepsToTheServicesThatAreWished) {
  ASSERT_NO_FATAL_FAILURE(start_capturing(GW_CAPTURE_RX));
  if (IsSkipped()) return;
  wish_for_service(service_id - 1);
  run({});
  run({.destination_port = 81});
  EXPECT_EQ(ring().written, 0U);
  wish_for_service(service_id);
  run({.destination_port = 81});
  run({.source_port = 7});
  ASSERT_EQ(ring().written, 1U);
  EXPECT_EQ(bytes_of(slot(0)), testing_support::ipv4_frame({.source_port = 7}));
}

TEST_F(XdpCapture, AFullRingCountsWhatItLoses) {
  ASSERT_NO_FATAL_FAILURE(start_capturing(GW_CAPTURE_RX));
  if (IsSkipped()) return;
  for (std::uint32_t i = 0; i < GW_CAPTURE_SLOTS + 100; ++i) run({.source_port = static_cast<std::uint16_t>(i)});
  EXPECT_EQ(ring().written, GW_CAPTURE_SLOTS);
  EXPECT_EQ(ring().lost, 100U);
  EXPECT_EQ(bytes_of(slot(0)), testing_support::ipv4_frame({.source_port = 0})) << "nothing is written over";
  ring().read = 10;
  for (std::uint32_t i = 0; i < 20; ++i) run({.source_port = 7});
  EXPECT_EQ(ring().written, GW_CAPTURE_SLOTS + 10);
  EXPECT_EQ(ring().lost, 110U);
  // A reader that says it has read what was never written.
  ring().read = ~std::uint64_t{0} - 5;
  run({.source_port = 8});
  EXPECT_LE(ring().written, GW_CAPTURE_SLOTS + 11);
  EXPECT_EQ(worker().received_packets, GW_CAPTURE_SLOTS + 121) << "every packet went its way";
}

TEST_F(XdpCapture, LongPacketsAreCut) {
  ASSERT_NO_FATAL_FAILURE(start_capturing(GW_CAPTURE_RX));
  if (IsSkipped()) return;
  run({.payload_bytes = 2040 - 54});
  ASSERT_EQ(ring().written, 1U);
  EXPECT_EQ(slot(0).captured_bytes, GW_CAPTURE_BYTES_MAX);
  EXPECT_EQ(slot(0).length_bytes, 2040U);
}

}  // namespace
}  // namespace guideway
