// SPDX-License-Identifier: Apache-2.0
// Checks by programs: real ones, that pass, fail, hang, leave children behind, write without end.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/unit/controlplane/health/one_probe.hh"

namespace guideway {
namespace {

class ProgramTest : public testing::Test {
 protected:
  ProgramTest() {
    std::string pattern = std::filesystem::temp_directory_path() / "guideway-program-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    check_.kind = CheckKind::program;
    check_.program = directory_ + "/check";
    check_.timeout_ms = 20'000;
  }
  ~ProgramTest() override { std::filesystem::remove_all(directory_); }

  ProbeResult run(const std::string& script, mode_t mode = 0755) {
    std::ofstream(check_.program) << "#!/bin/sh\n" << script;
    ::chmod(check_.program.c_str(), mode);
    const ProbeResult result = probe(io_, target());
    io_.restart();
    return result;
  }
  // Not there, or a zombie that somebody else has to reap.
  bool is_gone(const std::string& process) {
    for (int i = 0; i < 500; ++i) {
      io_.run_for(std::chrono::milliseconds(10));
      io_.restart();
      std::ifstream stat("/proc/" + process + "/stat");
      std::string number;
      std::string name;
      std::string state;
      stat >> number >> name >> state;
      if (state.empty() || state == "Z" || state == "X") return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  [[nodiscard]] CheckTarget target() const { return CheckTarget::of(*IpAddress::parse("192.0.2.7"), 8080, check_); }
  [[nodiscard]] std::string file(const std::string& name) const { return directory_ + "/" + name; }
  [[nodiscard]] std::string text_of_file(const std::string& name) const {
    std::ifstream stream(file(name));
    std::string text;
    std::getline(stream, text);
    return text;
  }

  boost::asio::io_context io_;
  std::string directory_;
  CheckConfig check_;
};

TEST_F(ProgramTest, TheLastLineIsTheReason) {
  expect_ok(run("exit 0"), "exit code 0");
  expect_ok(run("echo one; echo two; echo; exit 0"), "two");
  expect_failed(run("echo disk is full >&2; exit 3"), "disk is full, exit code 3");
  expect_failed(run("exit 1"), "exit code 1");
  expect_failed(run("echo; kill -9 $$"), check_.program + " died of signal 9");
}

TEST_F(ProgramTest, KnowsWhatItIsToCheck) {
  check_.arguments = {"a b", "$HOME"};
  check_.port = 81;
  expect_ok(run("echo \"$GUIDEWAY_ADDRESS $GUIDEWAY_PORT $GUIDEWAY_TIMEOUT_MS|$#|$1|$2|$(pwd)|$HOME|$(cat)\""),
            "192.0.2.7 81 20000|2|a b|$HOME|/||");
}

TEST_F(ProgramTest, IsKilledWithItsChildrenAtTheDeadline) {
  check_.timeout_ms = 1000;
  const auto began = std::chrono::steady_clock::now();
  expect_failed(run("sleep 600 & echo $! >" + file("child") + "; echo $$ >" + file("self") + "; wait"),
                "no end of " + check_.program + " within 1000 ms");
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(10));
  EXPECT_TRUE(is_gone(text_of_file("child")));
  EXPECT_TRUE(is_gone(text_of_file("self")));
  EXPECT_NE(::kill(std::stoi(text_of_file("self")), 0), 0) << "not reaped";
}

TEST_F(ProgramTest, WhatItLeavesBehindIsKilledToo) {
  expect_ok(run("sleep 600 & echo $! >" + file("child") + "; echo done"), "done");
  EXPECT_TRUE(is_gone(text_of_file("child")));
}

TEST_F(ProgramTest, EndlessOutputHarmsNobody) {
  check_.timeout_ms = 300;
  expect_failed(run("yes"), "no end of " + check_.program + " within 300 ms");
  check_.timeout_ms = 20'000;
  expect_ok(run("head -c 1000000 /dev/zero | tr '\\0' x; echo; echo end"), "end");
}

TEST_F(ProgramTest, OneAtATimeATarget) {
  std::ofstream(check_.program) << "#!/bin/sh\nsleep 600\n";
  ::chmod(check_.program.c_str(), 0755);
  const auto first = start_probe(io_, target(), [](const ProbeResult&) {});
  expect_failed(probe(io_, target()), "the program of the last probe was killed and has not ended yet");
  first->cancel();
  ProbeResult again;
  for (int i = 0; i < 500 && again.outcome != ProbeOutcome::ok; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    again = run("exit 0");
  }
  expect_ok(again, "exit code 0");
}

TEST_F(ProgramTest, WhatCannotOrMustNotRunIsNobodysFailure) {
  const ProbeResult loose = run("exit 0", 0777);
  EXPECT_EQ(loose.outcome, ProbeOutcome::inconclusive);
  EXPECT_EQ(loose.detail, "this machine could not probe: " + check_.program +
                              " could be changed by others; let it belong to root, with nobody else allowed to write");
  const ProbeResult not_executable = run("exit 0", 0644);
  EXPECT_EQ(not_executable.outcome, ProbeOutcome::inconclusive);
  EXPECT_EQ(not_executable.detail,
            "this machine could not probe: cannot run " + check_.program + ": Permission denied");
  check_.program += ".missing";
  const ProbeResult missing = probe(io_, target());
  EXPECT_EQ(missing.outcome, ProbeOutcome::inconclusive);
  EXPECT_EQ(missing.detail, "this machine could not probe: " + check_.program + ": No such file or directory");
}

}  // namespace
}  // namespace guideway
