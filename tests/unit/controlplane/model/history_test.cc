// SPDX-License-Identifier: Apache-2.0
#include "controlplane/model/history.hh"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

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
  ConfigTexts texts;
};

TEST_F(HistoryTest, GivesBackWhatRan) {
  const Config config = sample_config();
  const Edit edit = BackendState{"web", "a", Administrative::draining};
  {
    History history = open();
    ASSERT_EQ(*history.add({0, 12, "one", 3, {{"uid", 7}}, 41}, config, {edit}, texts), 1U);
    ASSERT_EQ(*history.add({0, 13, "two", 1, nullptr}, Config{}, {}, texts), 2U);
  }
  const History history = open(2);
  ASSERT_EQ(history.changes().size(), 2U);
  EXPECT_EQ(
      to_json(history.changes().front()),
      (nlohmann::json{
          {"id", 1}, {"time_ms", 12}, {"what", "one"}, {"changes", 3}, {"who", {{"uid", 7}}}, {"generation", 41}}));
  const auto past = history.config_after(1);
  ASSERT_TRUE(past) << past.error().message;
  EXPECT_EQ(past->running, config);
  EXPECT_EQ(past->edits, std::vector<Edit>{edit});
  EXPECT_FALSE(history.config_after(3));
}

TEST_F(HistoryTest, WhatWasNeverAcknowledgedIsGoneAfterARestart) {
  {
    History history = open();
    ASSERT_TRUE(history.add({0, 1, "one", 0, nullptr}, sample_config(), {}, texts));
    ASSERT_TRUE(history.add({0, 2, "killed here", 0, nullptr}, sample_config(), {}, texts));
  }
  History history = open(1);
  EXPECT_EQ(history.changes().size(), 1U);
  EXPECT_EQ(*history.add({0, 3, "again", 0, nullptr}, sample_config(), {}, texts), 2U);
  history.take_back(2);
  EXPECT_EQ(open(2).changes().size(), 1U);
}

TEST_F(HistoryTest, IsBoundedInNumberAndBytes) {
  History many = open(0, {5, std::size_t{1} << 30U});
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(many.add({0, i, "x", 0, nullptr}, sample_config(), {}, texts));
  ASSERT_EQ(many.changes().size(), 5U);
  EXPECT_EQ(many.changes().front().id, 16U);
  EXPECT_EQ(open(20, {5, std::size_t{1} << 30U}).changes().size(), 5U);
  History large = open(20, {1000, 1});
  for (int i = 0; i < 250; ++i) ASSERT_TRUE(large.add({0, i, "x", 0, nullptr}, sample_config(), {}, texts));
  EXPECT_EQ(large.changes().size(), 50U) << "a hundred lie together, and go together";
  const auto files = std::filesystem::directory_iterator(directory_ + "/history");
  EXPECT_EQ(std::distance(begin(files), end(files)), 2) << "a file and its log";
  ASSERT_TRUE(open(270, {1000, 1}).add({0, 1, "x", 0, nullptr}, sample_config(), {}, texts));
  EXPECT_EQ(open(271, {1000, 1}).changes().size(), 51U) << "the one before can always be had back";
}

TEST_F(HistoryTest, SmallChangesAreHadBackOneByOne) {
  Config config = sample_config();
  std::vector<Edit> edits;
  {
    History history = open();
    for (std::uint32_t i = 1; i <= 5; ++i) {
      config.pools[0].backends[0].weight = i;
      edits.assign(i % 2, BackendWeight{"web", "a", i});
      ASSERT_EQ(*history.add({0, 1, "weight", 1, nullptr}, config, edits, texts), i);
    }
    history.take_back(5);
    EXPECT_FALSE(history.config_after(5));
    config.pools[0].backends[0].weight = 55;
    ASSERT_EQ(*history.add({0, 1, "another", 1, nullptr}, config, {}, texts), 6U) << "a number is not given twice";
    config.pools[0].backends[0].weight = 6;
    ASSERT_EQ(*history.add({0, 1, "killed here", 1, nullptr}, config, {}, texts), 7U);
  }
  EXPECT_FALSE(std::filesystem::exists(directory_ + "/history/0000000002.json")) << "it lies in the log of the first";
  History history = open(6);
  ASSERT_EQ(history.changes().size(), 5U);
  config.pools[0].backends[0].weight = 66;
  ASSERT_EQ(*history.add({0, 1, "after a restart", 1, nullptr}, config, {}, texts), 7U);
  const History again = open(7);
  ASSERT_EQ(again.changes().size(), 6U);
  EXPECT_EQ(again.changes().back().what, "after a restart");
  const std::pair<std::uint64_t, std::uint32_t> weights[] = {{1, 1}, {2, 2}, {3, 3}, {4, 4}, {6, 55}, {7, 66}};
  for (const auto& [id, weight] : weights) {
    const auto past = again.config_after(id);
    ASSERT_TRUE(past) << past.error().message;
    config.pools[0].backends[0].weight = weight;
    EXPECT_EQ(past->running, config) << id;
    EXPECT_EQ(past->edits.size(), id <= 4 ? id % 2 : 0) << id;
  }
}

TEST_F(HistoryTest, AFileThatIsDamagedIsLeftOut) {
  ASSERT_TRUE(open().add({0, 1, "one", 0, nullptr}, sample_config(), {}, texts));
  std::ofstream(directory_ + "/history/0000000002.json") << "{\"id\": 2";
  EXPECT_EQ(open().changes().size(), 1U);
  std::ofstream(directory_ + "/history/0000000001.json", std::ios::app).seekp(0);
  EXPECT_TRUE(open().config_after(1));
}

}  // namespace
}  // namespace guideway
