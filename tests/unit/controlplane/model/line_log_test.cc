// SPDX-License-Identifier: Apache-2.0
#include "controlplane/model/line_log.hh"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace guideway {
namespace {

class LineLogTest : public ::testing::Test {
 protected:
  LineLogTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "guideway-lines-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    path_ = directory_ + "/log";
  }
  ~LineLogTest() override { std::filesystem::remove_all(directory_); }
  [[nodiscard]] std::string bytes() const {
    std::stringstream text;
    text << std::ifstream(path_, std::ios::binary).rdbuf();
    return text.str();
  }
  using Lines = std::vector<std::string>;
  std::string directory_;
  std::string path_;
};

TEST_F(LineLogTest, GivesBackWhatWasAppended) {
  auto log = LineLog::create(path_);
  ASSERT_TRUE(log);
  ASSERT_TRUE(log->append("one"));
  ASSERT_TRUE(log->append(""));
  EXPECT_EQ(LineLog::read(path_), (Lines{"one", ""}));
  Lines lines;
  auto again = LineLog::open(path_, lines);
  ASSERT_TRUE(again);
  EXPECT_EQ(lines, (Lines{"one", ""}));
  ASSERT_TRUE(again->append("three"));
  EXPECT_EQ(LineLog::read(path_), (Lines{"one", "", "three"}));
  again->take_back();
  EXPECT_EQ(LineLog::read(path_), (Lines{"one", ""}));
  ASSERT_TRUE(again->append("3"));
  EXPECT_EQ(LineLog::read(path_), (Lines{"one", "", "3"}));
}

TEST_F(LineLogTest, CutAtAnyByteItKeepsTheLinesBeforeAndTakesNewOnes) {
  {
    auto log = LineLog::create(path_);
    ASSERT_TRUE(log && log->append("one") && log->append("two"));
  }
  const std::string whole = bytes();
  const std::size_t first = whole.find('\n') + 1;
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << whole.substr(0, length);
    Lines lines;
    auto log = LineLog::open(path_, lines);
    ASSERT_TRUE(log);
    ASSERT_EQ(lines.size(), length < first ? 0U : (length < whole.size() ? 1U : 2U)) << length;
    ASSERT_TRUE(log->append("new"));
    lines.push_back("new");
    ASSERT_EQ(LineLog::read(path_), lines) << length;
  }
}

TEST_F(LineLogTest, ALineWhoseBytesChangedIsNotBelieved) {
  auto log = LineLog::create(path_);
  ASSERT_TRUE(log && log->append("one") && log->append("two"));
  std::string changed = bytes();
  changed[changed.find("two")] = 'T';
  std::ofstream(path_, std::ios::binary | std::ios::trunc) << changed;
  EXPECT_EQ(LineLog::read(path_), Lines{"one"});
}

TEST_F(LineLogTest, AFullDiskLeavesWhatWasThere) {
  // A device that takes nothing: the only full disk that needs no root.
  std::filesystem::create_symlink("/dev/full", path_);
  auto log = LineLog::create(path_);
  ASSERT_TRUE(log);
  const auto appended = log->append("one");
  ASSERT_FALSE(appended);
  EXPECT_NE(appended.error().message.find("No space left"), std::string::npos) << appended.error().message;
}

TEST_F(LineLogTest, WhereNothingCanBeWrittenIsASentence) {
  const auto log = LineLog::create(directory_ + "/missing/log");
  ASSERT_FALSE(log);
  EXPECT_NE(log.error().message.find("/missing/log"), std::string::npos);
}

}  // namespace
}  // namespace guideway
