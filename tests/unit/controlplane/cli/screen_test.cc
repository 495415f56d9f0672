// SPDX-License-Identifier: Apache-2.0
// What is shown again and again, by the program itself: below each other in a pipe, over each other on a terminal, and
// to its end by Ctrl-C.
#include "controlplane/cli/screen.hh"

#include <pty.h>
#include <sys/ioctl.h>

#include <csignal>

#include <gtest/gtest.h>

#include "dataplane/base/unique_fd.hh"
#include "tests/unit/controlplane/cli/command_walk.hh"
#include "tests/unit/controlplane/cli/fake_daemon.hh"
#include "tests/unit/controlplane/cli/running_program.hh"

namespace guideway {
namespace {

struct Seen {
  std::string text;
  int status = -1;  // of wait()
};

// The program on a terminal, until it has shown `wanted` so many times; then Ctrl-C is typed.
Seen on_terminal(std::vector<std::string> words, const std::string& wanted, int times, unsigned short lines = 24) {
  words.insert(words.begin(), std::getenv("GUIDEWAY_PROGRAM"));
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  int terminal = -1;
  winsize size{};
  size.ws_row = lines;
  size.ws_col = 80;
  const pid_t child = ::forkpty(&terminal, nullptr, nullptr, &size);
  if (child == 0) {
    ::execv(arguments[0], arguments.data());
    ::_exit(99);
  }
  const UniqueFd fd(terminal);
  Seen seen;
  bool is_typed = false;
  for (char c = 0; ::read(terminal, &c, 1) == 1;) {  // ends with the program
    seen.text += c;
    int found = 0;
    for (std::size_t at = seen.text.find(wanted); at != std::string::npos; at = seen.text.find(wanted, at + 1)) ++found;
    if (is_typed || found < times) continue;
    is_typed = ::write(terminal, "\x03", 1) == 1;  // Ctrl-C
  }
  ::waitpid(child, &seen.status, 0);
  return seen;
}

TEST(Screen, CutsWhatDoesNotFit) {
  EXPECT_EQ(terminal_picture("a\nb\n", 0), "\033[?7l\033[Ha\033[K\nb\033[K\n\033[J\033[?7h");
  EXPECT_EQ(terminal_picture("a\nb\nc", 3), "\033[?7l\033[Ha\033[K\nb\033[K\n\033[J\033[?7h");
}

TEST(Watch, EndsWithCtrlCOnATerminal) {
  const FakeDaemon daemon(200, R"({"warnings":["one","two","three"]})");
  const Seen seen = on_terminal({"warnings", "--watch", "0.1", "--api", daemon.path()}, "warning: two", 3, 3);
  EXPECT_TRUE(WIFEXITED(seen.status) && WEXITSTATUS(seen.status) == 0) << seen.status << seen.text;
  EXPECT_EQ(seen.text.rfind("\033[?7l\033[Hwarning: one\033[K", 0), 0U) << seen.text;
  EXPECT_EQ(seen.text.find("three"), std::string::npos) << "the terminal has three lines";
}

TEST(Watch, ShowsADaemonThatIsAway) {
  const Seen seen = on_terminal({"status", "--watch", "0.1", "--api", "/nonexistent.sock"}, "cannot be reached", 2);
  EXPECT_TRUE(WIFEXITED(seen.status) && WEXITSTATUS(seen.status) == 0) << seen.status << seen.text;
}

TEST(Watch, GoesOnInAPipeUntilNobodyReads) {
  const FakeDaemon daemon(200, R"({"warnings":[]})");
  EXPECT_EQ(output_of(std::string(std::getenv("GUIDEWAY_PROGRAM")) + " warnings --watch 0.1 --api " + daemon.path() +
                      " | head -n 3"),
            "Nothing is wrong.\n\nNothing is wrong.\n");
}

TEST(Watch, EndsWithASignalWhereThereIsNoTerminal) {
  const FakeDaemon daemon(200, R"({"warnings":[]})");
  for (const char* signal : {"INT", "TERM"}) {
    // `timeout` ends the program by this signal, and tells the program's own status.
    const std::string command = std::string("timeout --preserve-status -s ") + signal + " 2 " +
                                std::getenv("GUIDEWAY_PROGRAM") + " warnings --watch 0.1 --api " + daemon.path() +
                                "; echo status $?";
    const std::string output = output_of(command);
    EXPECT_EQ(output.rfind("Nothing is wrong.\n\nNothing is wrong.\n\n", 0), 0U) << output;
    EXPECT_EQ(output.substr(output.find("status")), "status 0\n") << output;
  }
}

TEST(Watch, IsForWhatOnlyShows) {
  for (const char* words : {"backend drain web/a --watch", "ipvsadm -L --watch", "--watch config apply f"})
    EXPECT_NE(guideway(words).status, 0) << words;
  EXPECT_EQ(guideway("backend drain web/a --watch").error,
            "guideway: --watch is for commands that show how things are; leave it out\n");
  EXPECT_EQ(guideway("events --follow --watch").status, 2);
  EXPECT_EQ(guideway("top --watch").status, 2);
  const FakeDaemon daemon(200, R"({"backends":[{"name":"a"}]})");
  EXPECT_EQ(guideway("--columns colour backend list --watch 0.1 --api " + daemon.path()).status, 2)
      << "which no waiting mends";
}

TEST(Top, ShowsRates) {
  FakeDaemon daemon(200, R"({"workers":[{"received":5}]})");
  const std::string shown =
      "WORKER  PACKETS/S  BYTES/S IN  BYTES/S OUT  DROPPED/S  BUSY  CYCLES/PACKET  BURST  P99\n"
      "     0          0           0            0          0     -              -      -    -\n\n\n";
  EXPECT_EQ(guideway("top --count 2 --interval 0.1 --api " + daemon.path()).output, shown + shown);
  EXPECT_EQ(daemon.requests().size(), 3U);
  EXPECT_EQ(guideway("top --json").status, 2);
}

TEST(Top, EndsWithCtrlC) {
  const FakeDaemon daemon(200, R"({"workers":[{"received":5}]})");
  const Seen seen = on_terminal({"top", "--interval", "0.1", "--api", daemon.path()}, "WORKER", 2);
  EXPECT_TRUE(WIFEXITED(seen.status) && WEXITSTATUS(seen.status) == 0) << seen.status << seen.text;
}

}  // namespace
}  // namespace guideway
