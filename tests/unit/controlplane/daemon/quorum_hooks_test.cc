// SPDX-License-Identifier: Apache-2.0
// Programs that are told of quorums: real ones, that end, hang, are many.
#include "controlplane/daemon/quorum_hooks.hh"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace guideway {
namespace {

class QuorumHooksTest : public testing::Test {
 protected:
  QuorumHooksTest() {
    std::string pattern = std::filesystem::temp_directory_path() / "guideway-hooks-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    hooks_.emplace(io_, [this](const QuorumNews& news, bool is_success, const std::string& text) {
      ended_.push_back(news.pool + (news.is_met ? " up " : " down ") + (is_success ? "ok: " : "failed: ") + text);
    });
  }
  ~QuorumHooksTest() override {
    hooks_.reset();
    std::filesystem::remove_all(directory_);
  }

  std::string program(const std::string& name, const std::string& script, mode_t mode = 0755) const {
    std::string path = directory_ + "/" + name;
    std::ofstream(path) << "#!/bin/sh\ncd " << directory_ << "\n" << script << "\n";
    ::chmod(path.c_str(), mode);
    return path;
  }
  // The same one for both.
  [[nodiscard]] QuorumNews news(const std::string& pool, bool is_met, const std::string& path) const {
    QuorumNews one{pool, {"web", "web-tls"}, {3, is_met ? 2U : 1U}, {}, is_met};
    one.config.quorum = 2;
    one.config.quorum_up = {path, "an argument"};
    one.config.quorum_down = {path, "an argument"};
    return one;
  }
  template <typename Condition>
  bool becomes(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition() && std::chrono::steady_clock::now() < end) {
      io_.run_for(std::chrono::milliseconds(5));
      io_.restart();
    }
    return condition();
  }
  bool are_ended(std::size_t count) {
    return becomes([&] { return ended_.size() == count; });
  }
  [[nodiscard]] std::vector<std::string> lines_of(const std::string& name) const {
    std::ifstream stream(directory_ + "/" + name);
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
  }

  boost::asio::io_context io_;
  std::string directory_;
  std::vector<std::string> ended_;
  std::optional<QuorumHooks> hooks_;
};

TEST_F(QuorumHooksTest, TellTheirProgramsWhatHappened) {
  const std::string path = program("hook",
                                   "echo \"$GUIDEWAY_POOL|$GUIDEWAY_SERVICES|$GUIDEWAY_QUORUM|$GUIDEWAY_QUORUM_NEEDS|"
                                   "$GUIDEWAY_SERVE of $GUIDEWAY_COULD_SERVE|$1\"");
  hooks_->tell(news("web", false, path));
  ASSERT_TRUE(are_ended(1));
  hooks_->tell(news("web", true, path));
  ASSERT_TRUE(are_ended(2));
  EXPECT_EQ(ended_.at(0), "web down ok: web|web web-tls|down|2|1 of 3|an argument");
  EXPECT_EQ(ended_.at(1), "web up ok: web|web web-tls|up|2|2 of 3|an argument");
}

TEST_F(QuorumHooksTest, OneRunsAtATimeAndOnlyTheNewestNewsWait) {
  const std::string path =
      program("hook", "echo $GUIDEWAY_QUORUM >>told; while [ ! -e go ]; do sleep 0.02; done; exit 0");
  hooks_->tell(news("web", false, path));
  ASSERT_TRUE(becomes([&] { return lines_of("told").size() == 1; }));
  for (int i = 0; i < 50; ++i) hooks_->tell(news("web", i % 2 == 0, path));
  hooks_->tell(news("web", true, path));
  io_.run_for(std::chrono::milliseconds(200));
  io_.restart();
  EXPECT_EQ(lines_of("told").size(), 1U) << "the first has not ended";
  std::ofstream(directory_ + "/go") << "";
  ASSERT_TRUE(are_ended(2));
  EXPECT_EQ(lines_of("told"), (std::vector<std::string>{"down", "up"}));
}

TEST_F(QuorumHooksTest, NobodyIsToldTwiceTheSame) {
  const std::string path = program("hook", "echo $GUIDEWAY_QUORUM >>told; sleep 0.2");
  hooks_->tell(news("web", false, path));
  hooks_->tell(news("web", true, path));
  hooks_->tell(news("web", false, path));  // what waited is not true any more
  ASSERT_TRUE(are_ended(1));
  hooks_->tell(news("web", false, path));
  QuorumNews silent = news("web", true, path);
  silent.config.quorum_up.clear();
  hooks_->tell(silent);
  io_.run_for(std::chrono::milliseconds(50));
  io_.restart();
  EXPECT_EQ(lines_of("told").size(), 1U);
  hooks_->tell(news("web", false, path));
  ASSERT_TRUE(are_ended(2)) << "it was up meanwhile, though there was no program to tell";
}

TEST_F(QuorumHooksTest, OneThatHangsIsKilledAndTheNextNewsAreTold) {
  const std::string path = program("hook", "[ $GUIDEWAY_QUORUM = up ] || sleep 60");
  QuorumNews down = news("web", false, path);
  down.config.quorum_hook_timeout_ms = 150;
  hooks_->tell(down);
  hooks_->tell(news("web", true, path));
  ASSERT_TRUE(are_ended(2));
  EXPECT_EQ(ended_.at(0), "web down failed: it did not end within 150 ms and was killed");
  EXPECT_EQ(ended_.at(1), "web up ok: exit code 0");
  EXPECT_TRUE(hooks_->warnings().empty());
}

TEST_F(QuorumHooksTest, AFailureIsAWarningUntilTheNextSuccess) {
  const std::string path = program("hook", "echo no route; [ $GUIDEWAY_QUORUM = up ]");
  hooks_->tell(news("web", false, path));
  ASSERT_TRUE(are_ended(1));
  EXPECT_EQ(hooks_->warnings(),
            (std::vector<std::string>{"pool web: " + path +
                                      ", told that its quorum is lost, failed: no route, exit code 1"}));
  hooks_->tell(news("web", true, path));
  ASSERT_TRUE(are_ended(2));
  EXPECT_TRUE(hooks_->warnings().empty());
  const std::string open = program("open", "exit 0", 0777);
  hooks_->tell(news("web", false, open));
  ASSERT_TRUE(are_ended(3));
  EXPECT_NE(ended_.at(2).find("could be changed by others"), std::string::npos) << ended_.at(2);
  hooks_->follow({});
  EXPECT_TRUE(hooks_->warnings().empty()) << "a pool that is gone has none";
}

// A mass failure: as many pools as there are lose their quorum at once.
TEST_F(QuorumHooksTest, AFewRunAtATimeAndEveryPoolIsTold) {
  constexpr std::size_t pools = 48;
  const std::string path = program("hook", "echo + >>log; sleep 0.05; echo - >>log");
  for (std::size_t i = 0; i < pools; ++i) hooks_->tell(news("pool" + std::to_string(i), false, path));
  ASSERT_TRUE(are_ended(pools));
  std::size_t now = 0;
  std::size_t most = 0;
  for (const std::string& line : lines_of("log")) {
    now = line == "+" ? now + 1 : now - 1;
    most = std::max(most, now);
  }
  EXPECT_EQ(now, 0U);
  EXPECT_GT(most, 1U);
  EXPECT_LE(most, QuorumHooks::running_max);
}

TEST_F(QuorumHooksTest, WhoeverRunsWhenItStopsIsKilled) {
  const std::string path = program("hook", "echo $$ >process; sleep 60");
  hooks_->tell(news("web", false, path));
  ASSERT_TRUE(becomes([&] { return lines_of("process").size() == 1; }));
  const std::string process = lines_of("process").front();
  hooks_.reset();
  EXPECT_TRUE(becomes([&] { return !std::filesystem::exists("/proc/" + process); }));
  EXPECT_TRUE(ended_.empty());
}

}  // namespace
}  // namespace guideway
