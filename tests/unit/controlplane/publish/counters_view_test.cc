// SPDX-License-Identifier: Apache-2.0
#include "controlplane/publish/counters_view.hh"

#include <gtest/gtest.h>

#include <vector>

#include "tests/unit/controlplane/publish/test_door.hh"

namespace guideway {
namespace {

TEST(CountersView, SumsServicesAndBackendsOverAllWorkers) {
  FakeDatapath datapath;
  datapath.service(0, 7) = {10, 1000};
  datapath.service(1, 7) = {5, 500};
  datapath.backend(0, 127) = {1, 2, 3, 4};
  datapath.backend(1, 127) = {10, 20, 30, 40};
  auto view = CountersView::over(datapath.counters());
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_EQ(view->service(7).packets, 15U);
  EXPECT_EQ(view->service(7).bytes, 1500U);
  EXPECT_EQ(view->backend(127).packets, 11U);
  EXPECT_EQ(view->backend(127).bytes, 22U);
  EXPECT_EQ(view->backend(127).opened, 33U);
  EXPECT_EQ(view->backend(127).remembered, 44U);
  EXPECT_EQ(view->backend(126).packets, 0U);
}

TEST(CountersView, ReadsOneWorkersBlock) {
  FakeDatapath datapath;
  datapath.worker(1).received_packets = 42;
  datapath.worker(1).exits[GW_EXITS_MAX - 1] = 7;
  auto view = CountersView::over(datapath.counters());
  ASSERT_TRUE(view);
  EXPECT_EQ(view->worker_count(), 2U);
  EXPECT_EQ(view->worker(0).received_packets, 0U);
  EXPECT_EQ(view->worker(1).received_packets, 42U);
  EXPECT_EQ(view->worker(1).exits[GW_EXITS_MAX - 1], 7U);
}

TEST(CountersView, NumbersBeyondTheDatapathsRoomAreZero) {
  FakeDatapath datapath;
  auto view = CountersView::over(datapath.counters());
  ASSERT_TRUE(view);
  EXPECT_EQ(view->service(64).packets, 0U);
  EXPECT_EQ(view->backend(128).packets, 0U);
  EXPECT_EQ(view->worker(2).received_packets, 0U);
}

TEST(CountersView, RefusesAHeaderThatDoesNotFitItsMemory) {
  FakeDatapath datapath;
  auto* header = reinterpret_cast<gw_counters_header*>(datapath.counters().data());
  const gw_counters_header good = *header;
  const auto is_refused = [&](auto change) {
    *header = good;
    change(*header);
    return !CountersView::over(datapath.counters());
  };
  EXPECT_TRUE(is_refused([](gw_counters_header& h) { h.magic = 1; }));
  EXPECT_TRUE(is_refused([](gw_counters_header& h) { h.abi_version = 99; }));
  EXPECT_TRUE(is_refused([](gw_counters_header& h) { h.worker_count = 3; }));
  EXPECT_TRUE(is_refused([](gw_counters_header& h) { h.worker_count = 0; }));
  EXPECT_TRUE(is_refused([](gw_counters_header& h) { h.backends_max += 1; }));
  EXPECT_TRUE(is_refused([](gw_counters_header& h) { h.worker_stride_bytes -= 8; }));
  EXPECT_TRUE(is_refused([](gw_counters_header& h) { h.worker_stride_bytes = 0; }));
  EXPECT_FALSE(is_refused([](gw_counters_header&) {}));
  EXPECT_FALSE(CountersView::over(datapath.counters().first(16)));
}

}  // namespace
}  // namespace guideway
