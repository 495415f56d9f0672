// SPDX-License-Identifier: Apache-2.0
#include "controlplane/daemon/datapath_watch.hh"

#include <gtest/gtest.h>

#include <cstring>
#include <span>
#include <string>
#include <vector>

namespace guideway {
namespace {

using Sentences = std::vector<std::string>;

// Two workers, in memory as a datapath hands it out.
class DatapathWatchTest : public ::testing::Test {
 protected:
  DatapathWatchTest() : words_((sizeof(gw_counters_header) + 2 * sizeof(gw_worker_counters)) / 8) {
    const gw_counters_header header{
        GW_COUNTERS_MAGIC, GW_ABI_VERSION, 2, 0, 0, static_cast<std::uint32_t>(sizeof(gw_worker_counters)), 0, {}};
    std::memcpy(words_.data(), &header, sizeof header);
  }
  gw_worker_counters& worker(std::size_t number) {
    return reinterpret_cast<gw_worker_counters*>(reinterpret_cast<std::byte*>(words_.data()) +
                                                 sizeof(gw_counters_header))[number];
  }
  void pass(int seconds, std::uint64_t drops_a_second, std::uint64_t sent_a_second) {
    for (int i = 0; i < seconds; ++i) {
      worker(0).exits[GW_EXIT_DROP_NO_BACKEND] += drops_a_second;
      worker(1).exits[GW_EXIT_SENT] += sent_a_second;
      worker(0).received_packets += drops_a_second;
      worker(1).received_packets += sent_a_second;
      look();
    }
  }
  void look() {
    const auto view = CountersView::over(std::as_bytes(std::span(words_)));
    ASSERT_TRUE(view) << view.error().message;
    watch_.note(now_ms_ += 1000, *view, 1000);
  }

  std::vector<std::uint64_t> words_;
  std::int64_t now_ms_ = 0;
  DatapathWatch watch_;
};

TEST_F(DatapathWatchTest, TellsOfFlowsThatFoundNoPlace) {
  worker(0).flows_not_remembered = 3;
  worker(1).flows_not_remembered = 4;
  look();
  ASSERT_EQ(watch_.warnings().size(), 1U);
  EXPECT_EQ(watch_.warnings()[0].rfind("7 flows found no place in a flow table", 0), 0U) << watch_.warnings()[0];
  watch_.forget();
  EXPECT_EQ(watch_.warnings(), Sentences{});
}

TEST_F(DatapathWatchTest, TellsOfDropsThatRise) {
  pass(20, 0, 1000);
  EXPECT_EQ(watch_.warnings(), Sentences{});
  pass(5, 40, 1000);
  EXPECT_EQ(watch_.warnings(), (Sentences{"drops are rising: drop_no_backend 40 a second in the last 5 s, 0 before"}));
  pass(60, 40, 1000);
  EXPECT_EQ(watch_.warnings(), Sentences{}) << "they are as many as before";
  pass(5, 100, 1000);
  EXPECT_EQ(watch_.warnings(),
            (Sentences{"drops are rising: drop_no_backend 100 a second in the last 5 s, 40 before"}));
  watch_.forget();
  EXPECT_EQ(watch_.warnings(), Sentences{});
}

TEST_F(DatapathWatchTest, FewDropsAreNobodysWorry) {
  pass(20, 0, 1000);
  pass(5, 9, 1000);
  EXPECT_EQ(watch_.warnings(), Sentences{});
  pass(20, 0, 100'000);
  pass(5, 90, 100'000);
  EXPECT_EQ(watch_.warnings(), Sentences{}) << "90 of 100,000";
}

TEST_F(DatapathWatchTest, KnowsNothingOfTheFirstSeconds) {
  pass(5, 1000, 0);
  EXPECT_EQ(watch_.warnings(), Sentences{}) << "5 looks are 4 s";
  pass(1, 1000, 0);
  EXPECT_EQ(watch_.warnings().size(), 1U);
}

TEST_F(DatapathWatchTest, TellsOfAFlowTableThatIsNearlyFull) {
  worker(0).flows_remembered = 899;
  worker(1).flows_remembered = 900;
  look();
  EXPECT_EQ(watch_.warnings(), (Sentences{"the flow table of worker 1 is nearly full: 900 of 1000 entries; start the "
                                          "datapath with more --flows-max"}));
}

}  // namespace
}  // namespace guideway
