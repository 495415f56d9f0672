// SPDX-License-Identifier: Apache-2.0
#include "controlplane/model/history.hh"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/controlplane/model/sample_config.hh"

namespace guideway {
namespace {

class HistoryTest : public ::testing::Test {
 protected:
  HistoryTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "guideway-history-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
  }
  ~HistoryTest() override { std::filesystem::remove_all(directory_); }

  [[nodiscard]] History open(std::uint64_t last = 0, const History::Limits& limits = {}) const {
    auto history = History::open(directory_, last, limits);
    EXPECT_TRUE(history) << history.error().message;
    return std::move(*history);
  }

  std::string directory_;
};

TEST_F(HistoryTest, GivesBackWhatRan) {
  const Config config = sample_config();
  const Edit edit = BackendState{"web", "a", Administrative::draining};
  {
    History history = open();
    ASSERT_EQ(*history.add({0, 12, "one", 3, {{"uid", 7}}}, config, {edit}), 1U);
    ASSERT_EQ(*history.add({0, 13, "two", 1, nullptr}, Config{}, {}), 2U);
  }
  const History history = open(2);
  ASSERT_EQ(history.changes().size(), 2U);
  EXPECT_EQ(to_json(history.changes().front()),
            (nlohmann::json{{"id", 1}, {"time_ms", 12}, {"what", "one"}, {"changes", 3}, {"who", {{"uid", 7}}}}));
  const auto past = history.config_after(1);
  ASSERT_TRUE(past) << past.error().message;
  EXPECT_EQ(past->running, config);
  EXPECT_EQ(past->edits, std::vector<Edit>{edit});
  EXPECT_FALSE(history.config_after(3));
}

TEST_F(HistoryTest, WhatWasNeverAcknowledgedIsGoneAfterARestart) {
  {
    History history = open();
    ASSERT_TRUE(history.add({0, 1, "one", 0, nullptr}, sample_config(), {}));
    ASSERT_TRUE(history.add({0, 2, "killed here", 0, nullptr}, sample_config(), {}));
  }
  History history = open(1);
  EXPECT_EQ(history.changes().size(), 1U);
  EXPECT_EQ(*history.add({0, 3, "again", 0, nullptr}, sample_config(), {}), 2U);
  history.take_back(2);
  EXPECT_EQ(open(2).changes().size(), 1U);
}

TEST_F(HistoryTest, IsBoundedInNumberAndBytes) {
  History many = open(0, {5, std::size_t{1} << 30U});
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(many.add({0, i, "x", 0, nullptr}, sample_config(), {}));
  ASSERT_EQ(many.changes().size(), 5U);
  EXPECT_EQ(many.changes().front().id, 16U);
  EXPECT_EQ(open(20).changes().size(), 5U);
  History large = open(20, {5, 1});
  ASSERT_TRUE(large.add({0, 1, "x", 0, nullptr}, sample_config(), {}));
  EXPECT_EQ(large.changes().size(), 2U) << "the one before can always be had back";
}

TEST_F(HistoryTest, AFileThatIsDamagedIsLeftOut) {
  ASSERT_TRUE(open().add({0, 1, "one", 0, nullptr}, sample_config(), {}));
  std::ofstream(directory_ + "/history/0000000002.json") << "{\"id\": 2";
  EXPECT_EQ(open().changes().size(), 1U);
  std::ofstream(directory_ + "/history/0000000001.json", std::ios::app).seekp(0);
  EXPECT_TRUE(open().config_after(1));
}

}  // namespace
}  // namespace guideway
