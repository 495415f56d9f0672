// SPDX-License-Identifier: Apache-2.0
#include "controlplane/publish/capture_view.hh"

#include <cstring>

#include <gtest/gtest.h>

#include "ebpf/abi/limits.h"

namespace guideway {
namespace {

class CaptureViewTest : public ::testing::Test {
 protected:
  CaptureViewTest() {
    header_.magic = GW_CAPTURE_MAGIC;
    header_.abi_version = GW_ABI_VERSION;
    header_.worker_count = 2;
    header_.services_max = 100;
    header_.rings_offset = 4096;
    header_.ring_bytes = sizeof(gw_capture_ring) + GW_CAPTURE_SLOTS * sizeof(gw_capture_slot);
    const auto length_bytes = header_.rings_offset + 2 * header_.ring_bytes;
    fd_ = std::move(*make_shared_memory("test-capture", length_bytes));
    memory_ = std::make_shared<Mapping>(std::move(*Mapping::of_file(fd_.get(), length_bytes, true)));
    store();
  }
  void store() { std::memcpy(memory_->data(), &header_, sizeof header_); }
  [[nodiscard]] gw_capture_wish& wish() {
    return *reinterpret_cast<gw_capture_wish*>(memory_->data() + sizeof header_);
  }
  [[nodiscard]] gw_capture_ring& ring(std::uint32_t worker) {
    return *reinterpret_cast<gw_capture_ring*>(memory_->data() + header_.rings_offset + worker * header_.ring_bytes);
  }
  // As a worker does: packets are numbered.
  void write(std::uint32_t worker, std::uint32_t count) {
    auto* slots = reinterpret_cast<gw_capture_slot*>(&ring(worker) + 1);
    for (std::uint32_t i = 0; i < count; ++i, ++ring(worker).written)
      slots[ring(worker).written % GW_CAPTURE_SLOTS].length_bytes = static_cast<__u32>(ring(worker).written);
  }
  [[nodiscard]] static std::vector<std::uint32_t> taken(CaptureView& view, std::uint32_t at_most) {
    std::vector<std::uint32_t> numbers;
    view.take(at_most, [&](std::uint32_t worker, const gw_capture_slot& slot) {
      numbers.push_back(worker * 10'000 + slot.length_bytes);
    });
    return numbers;
  }

  gw_capture_header header_{};
  UniqueFd fd_;
  std::shared_ptr<Mapping> memory_;
};

TEST_F(CaptureViewTest, TakesWhatCameSinceItBegan) {
  write(0, 7);
  ring(1).lost = 40;
  auto view = CaptureView::over(memory_);
  ASSERT_TRUE(view) << view.error().message;
  const std::vector<std::uint32_t> ids{3, 64, 4'000'000};
  view->begin(GW_CAPTURE_DROP, ids);
  EXPECT_EQ(wish().until_tick, 0U) << "not before it is renewed";
  view->renew(99);
  EXPECT_EQ(wish().until_tick, 99U);
  EXPECT_EQ(wish().stages, static_cast<std::uint32_t>(GW_CAPTURE_DROP));
  EXPECT_EQ(wish().of_services, 1U);
  const auto* bits = reinterpret_cast<const std::uint64_t*>(&wish() + 1);
  EXPECT_EQ(bits[0], 8U);
  EXPECT_EQ(bits[1], 1U);
  EXPECT_TRUE(taken(*view, 100).empty()) << "the seven were another reader's";
  write(0, 3);
  write(1, 2);
  EXPECT_EQ(taken(*view, 4), (std::vector<std::uint32_t>{7, 8, 9, 10'000}));
  EXPECT_EQ(taken(*view, 4), (std::vector<std::uint32_t>{10'001}));
  EXPECT_EQ(ring(1).read, 2U);
  ring(1).lost = 42;
  EXPECT_EQ(view->lost(), 2U);
}

TEST_F(CaptureViewTest, WishesNoMoreWhenItIsGone) {
  {
    auto view = CaptureView::over(memory_);
    ASSERT_TRUE(view);
    view->begin(GW_CAPTURE_RX, {});
    view->renew(99);
    EXPECT_EQ(wish().of_services, 0U);
  }
  EXPECT_EQ(wish().until_tick, 0U);
}

TEST_F(CaptureViewTest, BelievesNothing) {
  auto view = CaptureView::over(memory_);
  ASSERT_TRUE(view);
  view->begin(GW_CAPTURE_RX, {});
  ring(0).written = ~std::uint64_t{0} / 2;
  EXPECT_TRUE(taken(*view, 1'000'000).empty());
  const gw_capture_header good = header_;
  for (int i = 0; i < 6; ++i) {
    header_ = good;
    if (i == 0) header_.magic = 1;
    if (i == 1) header_.abi_version = 77;
    if (i == 2) header_.worker_count = 3;
    if (i == 3) header_.rings_offset = ~std::uint64_t{0} - 63;
    if (i == 4) header_.services_max = GW_SERVICES_MAX + 1;
    if (i == 5) header_.ring_bytes = 64;
    store();
    EXPECT_FALSE(CaptureView::over(memory_)) << i;
  }
}

}  // namespace
}  // namespace guideway
