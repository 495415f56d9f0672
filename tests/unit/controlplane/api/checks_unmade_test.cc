// SPDX-License-Identifier: Apache-2.0
// guidewayd as a process on a machine that is in trouble itself: no file descriptors, no route, a clock that jumps.
// None of it may count against a backend.
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <thread>

#include "tests/unit/controlplane/api/daemon_process.hh"

namespace guideway {
namespace {

constexpr const char* fake_clock = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

class ChecksUnmade : public DaemonTest {
 protected:
  [[nodiscard]] std::size_t downs() const {
    const auto all = texts("backend");
    return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [](const std::string& text) {
      return text.find("check failed") != std::string::npos;
    }));
  }
  [[nodiscard]] bool warns(const std::string& part) const {
    const nlohmann::json status = get("/v1/status");
    return std::any_of(status["warnings"].begin(), status["warnings"].end(), [&](const nlohmann::json& warning) {
      return warning.get<std::string>().find(part) != std::string::npos;
    });
  }
  [[nodiscard]] std::size_t up() const { return get("/v1/status")["backends_up"].get<std::size_t>(); }

  // 127.1.0.0 to 127.1.7.207: one listener answers for all.
  [[nodiscard]] std::string many_backends(std::size_t count) const {
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < count; ++i) {
      const std::string address = "127.1." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1);
      lines.push_back("{ address = \"" + address + "\", port = " + std::to_string(port_) +
                      ", mac = \"02:00:00:00:00:01\" }");
    }
    std::string text = config_with(lines);
    const std::string small = "table_slots = 251";
    text.replace(text.find(small), small.size(), "table_slots = 65537");
    const std::string check = R"(interval = "100ms", timeout = "100ms")";
    text.replace(text.find(check), check.size(), R"(interval = "1s", timeout = "1s")");
    return text;
  }
};

void limit_open_files(rlim_t count, pid_t process) {
  const rlimit limit{count, 1000};
  ASSERT_EQ(::prlimit(process, RLIMIT_NOFILE, &limit, nullptr), 0);
}

// Twice as many backends as descriptors; then hardly any descriptors at all.
TEST_F(ChecksUnmade, AThousandDescriptorsAreEnoughAndNoneCountAgainstNobody) {
  constexpr std::size_t backends = 2000;
  listen_as(1);
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_port = be16(port_).raw();
  listeners_.clear();
  const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any), 0);
  ASSERT_EQ(::listen(listener.get(), 4096), 0);
  write_config(many_backends(backends));
  FakeDatapath datapath({64, 4096, 1024});
  TestDoor door(door_, datapath);
  in_child_ = [] {
    const rlimit limit{1000, 1000};
    ::setrlimit(RLIMIT_NOFILE, &limit);
  };
  start();
  // Nobody accepts: a full backlog must not become a verdict. Connections are reset by the checks themselves.
  std::atomic<bool> accepting{true};
  std::thread acceptor([&] {
    while (accepting) {
      const int one = ::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (one >= 0) ::close(one);
    }
  });
  EXPECT_TRUE(eventually([&] { return up() == backends; }, std::chrono::seconds(30))) << up();
  std::this_thread::sleep_for(std::chrono::seconds(2));
  EXPECT_EQ(downs(), 0U);
  EXPECT_FALSE(says("check", "tell nothing")) << "half of the descriptors are for checks, and the rest is enough";

  limit_open_files(1, child_);
  std::this_thread::sleep_for(std::chrono::milliseconds(3500));
  limit_open_files(1000, child_);
  EXPECT_EQ(up(), backends);
  EXPECT_EQ(downs(), 0U);
  EXPECT_TRUE(says("check", "checks tell nothing and move no backend, web/127.1."));
  EXPECT_TRUE(says("check", "this machine could not probe: Too many open files")) << get("/v1/events?limit=10");
  EXPECT_TRUE(eventually([&] { return says("check", "checks are made again"); }, std::chrono::seconds(20)));
  accepting = false;
  ::shutdown(listener.get(), SHUT_RDWR);
  acceptor.join();
}

// In a network of its own, whose routes come and go.
TEST_F(ChecksUnmade, ARouteThatIsGoneCountsAgainstNobody) {
  if (::geteuid() != 0) GTEST_SKIP() << "making a network needs root";
  bool entered = false;
  std::thread([&] {
    entered = ::unshare(CLONE_NEWNET) == 0;
    if (!entered) return;
    const auto run = [](const char* command) { EXPECT_EQ(std::system(command), 0) << command; };
    run("ip link set lo up && ip route add local 10.9.9.0/24 dev lo");
    listen_as(1);
    listeners_.clear();
    const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_port = be16(port_).raw();
    ASSERT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any), 0);
    ASSERT_EQ(::listen(listener.get(), 4096), 0);
    write_config(config_with(
        {R"({ name = "a", address = "10.9.9.1", mac = "02:00:00:00:00:01", port = )" + std::to_string(port_) + " }"}));
    FakeDatapath datapath;
    TestDoor door(door_, datapath);
    start();
    ASSERT_TRUE(becomes("a", "up"));
    run("ip route del local 10.9.9.0/24 dev lo");
    ASSERT_TRUE(eventually([&] { return says("check", "web/a first: this machine could not probe: no route"); }));
    std::this_thread::sleep_for(std::chrono::seconds(1));
    EXPECT_TRUE(becomes("a", "up"));
    EXPECT_TRUE(warns("checks tell nothing and move no backend (this machine could not probe: no route to 10.9.9.1)"));
    run("ip route add local 10.9.9.0/24 dev lo");
    EXPECT_TRUE(eventually([&] { return says("check", "checks are made again"); }, std::chrono::seconds(20)));
    EXPECT_EQ(downs(), 0U);
  }).join();
  if (!entered) GTEST_SKIP() << "this machine allows no network namespace";
}

#if defined(__SANITIZE_ADDRESS__)
constexpr bool has_address_sanitizer = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool has_address_sanitizer = true;
#else
constexpr bool has_address_sanitizer = false;
#endif
#else
constexpr bool has_address_sanitizer = false;
#endif

// The wall clock is set a day ahead and two back, as libfaketime lets it be for this process; steady time goes on.
TEST_F(ChecksUnmade, AClockThatJumpsChangesNothing) {
  if (!std::filesystem::exists(fake_clock)) GTEST_SKIP() << "no libfaketime here (Debian package libfaketime)";
  if (has_address_sanitizer) GTEST_SKIP() << "libfaketime and the address sanitizer each want to be loaded first";
  listen_as(1);
  listen_as(2);
  const std::string offset = directory_ + "/offset";
  const auto set_clock = [&](const char* text) {
    std::ofstream(offset + ".new") << text << "\n";
    std::filesystem::rename(offset + ".new", offset);
  };
  set_clock("+0");
  write_config(config_with({backend("a", 1), backend("b", 2)}, "idle_timeout = \"1h\"\n"));
  FakeDatapath datapath;
  TestDoor door(door_, datapath);
  in_child_ = [&] {
    ::setenv("LD_PRELOAD", fake_clock, 1);
    ::setenv("FAKETIME_TIMESTAMP_FILE", offset.c_str(), 1);
    ::setenv("FAKETIME_NO_CACHE", "1", 1);
    ::setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1", 1);
  };
  start();
  ASSERT_TRUE(becomes("a", "up") && becomes("b", "up"));
  const nlohmann::json drain{
      {"op", "backend.state"}, {"pool", "web"}, {"name", "b"}, {"state", "draining"}, {"timeout_ms", 600'000}};
  ASSERT_EQ(edit(drain).status, 200);
  const std::int64_t before_ms = get("/v1/events?limit=1")["events"][0]["time_ms"];
  const std::size_t told = texts("backend").size();
  const auto slots_before = datapath.seen().back().first_slots;
  for (const char* jump : {"+1d", "-2d", "+0"}) {
    set_clock(jump);
    std::this_thread::sleep_for(std::chrono::milliseconds(1300));
  }
  set_clock("+1d");
  EXPECT_EQ(texts("backend").size(), told) << "no state has changed";
  EXPECT_TRUE(becomes("a", "up"));
  EXPECT_TRUE(becomes("b", "draining")) << "its ten minutes are not over";
  EXPECT_EQ(datapath.seen().back().first_slots.at(0).size(), slots_before.at(0).size());
  ASSERT_EQ(set_state("a", "draining").status, 200) << "and edits are done";
  EXPECT_GT(get("/v1/events?limit=1")["events"][0]["time_ms"].get<std::int64_t>(), before_ms + 80'000'000)
      << "the clock that people read did jump, or this shows nothing";
}

}  // namespace
}  // namespace guideway
