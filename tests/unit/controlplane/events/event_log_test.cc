// SPDX-License-Identifier: Apache-2.0
#include "controlplane/events/event_log.hh"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>

namespace guideway {
namespace {

class EventLogTest : public ::testing::Test {
 protected:
  EventLogTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "guideway-events-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
  }
  ~EventLogTest() override { std::filesystem::remove_all(directory_); }

  static Event event(const std::string& text) { return {0, 1234, "backend", text, "web", "", {{"state", "down"}}}; }
  [[nodiscard]] std::string file() const { return directory_ + "/events.jsonl"; }

  std::string directory_;
};

TEST_F(EventLogTest, IsThereAgainAfterARestart) {
  {
    EventLog log(directory_, {});
    log.add(event("one"));
    log.add(event("two"));
  }
  EventLog log(directory_, {});
  ASSERT_EQ(log.events().size(), 2U);
  EXPECT_EQ(
      to_json(log.events().back()),
      (nlohmann::json{
          {"id", 2}, {"time_ms", 1234}, {"kind", "backend"}, {"text", "two"}, {"pool", "web"}, {"state", "down"}}));
  log.add(event("three"));
  EXPECT_EQ(log.events().back().id, 3U);
}

TEST_F(EventLogTest, LinesThatAreNoEventsAreLeftOut) {
  {
    EventLog log(directory_, {});
    log.add(event("one"));
  }
  std::ofstream(file(), std::ios::app) << "nonsense\n{\"id\": \"x\"}\n{\"id\":7,\"time_";  // torn, without an end
  EventLog log(directory_, {});
  EXPECT_EQ(log.events().size(), 1U);
  log.add(event("two"));
  EXPECT_EQ(EventLog(directory_, {}).events().size(), 2U);
}

TEST_F(EventLogTest, IsBoundedInMemoryAndOnDisk) {
  EventLog log(directory_, {100, 10000});
  for (int i = 0; i < 5000; ++i) log.add(event("number " + std::to_string(i)));
  EXPECT_EQ(log.events().size(), 100U);
  EXPECT_EQ(log.events().front().text, "number 4900");
  EXPECT_LE(std::filesystem::file_size(file()), 10000U);
  EXPECT_LE(std::filesystem::file_size(file() + ".1"), 10000U);
  std::size_t files = 0;
  for (const auto& each : std::filesystem::directory_iterator(directory_)) files += each.is_regular_file() ? 1 : 0;
  EXPECT_EQ(files, 2U);
  EXPECT_EQ(EventLog(directory_, {100, 10000}).events().back().text, "number 4999");
}

TEST_F(EventLogTest, ListenersHearUntilTheyWantNoMore) {
  EventLog log(directory_, {});
  std::vector<std::uint64_t> heard;
  log.listen([&](const Event* one) {
    if (one != nullptr) heard.push_back(one->id);
    return heard.size() < 2;
  });
  for (int i = 0; i < 4; ++i) log.add(event("x"));
  EXPECT_EQ(heard, (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(log.listeners(), 0U);
  for (int i = 0; i < 10; ++i) log.listen([](const Event*) { return false; });
  EXPECT_EQ(log.listeners(), 0U);
}

// The limit stands for a disk that is full: write() takes a part, then nothing.
TEST_F(EventLogTest, AFullDiskCostsLinesOnDiskOnly) {
  EventLog log(directory_, {});
  log.add(event("before"));
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit usual{};
  ::getrlimit(RLIMIT_FSIZE, &usual);
  const rlimit tight{std::filesystem::file_size(file()) + 10, usual.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &tight);
  log.add(event("while full"));
  const std::string trouble = log.trouble();
  ::setrlimit(RLIMIT_FSIZE, &usual);
  EXPECT_NE(trouble.find("events cannot be written to " + file()), std::string::npos) << trouble;
  EXPECT_EQ(log.events().size(), 2U);
  log.add(event("after"));
  EXPECT_EQ(log.trouble(), "");
  EventLog again(directory_, {});
  ASSERT_EQ(again.events().size(), 2U);
  EXPECT_EQ(again.events().front().text, "before");
  EXPECT_EQ(again.events().back().text, "after");
}

}  // namespace
}  // namespace guideway
