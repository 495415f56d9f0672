// SPDX-License-Identifier: Apache-2.0
// What is made from the commands themselves: each command and option must be in it, and the shells must take it.
#include "controlplane/cli/command_tree.hh"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "controlplane/cli/invocation.hh"
#include "tests/unit/controlplane/cli/command_walk.hh"

namespace guideway {
namespace {

using Words = std::vector<std::string>;

std::string program() { return std::getenv("GUIDEWAY_PROGRAM"); }
std::string last_word(const std::string& path) { return path.substr(path.rfind(' ') + 1); }

// What a shell offers behind each command, and behind each of them cut short: a line a path, "path|offer|offer".
// `offer` prints that for its arguments.
std::set<std::string> offered_by(const std::string& shell, const std::string& offer) {
  const std::string script =
      (std::filesystem::temp_directory_path() / "guideway-completion-").string() + std::to_string(::getpid());
  {
    std::ofstream file(script);
    file << offer << "offer\n";
    for (const std::string& command : command_walk().commands) file << "offer" << command << "\n";
    file << "offer back dr\noffer --json service\n";
  }
  std::istringstream lines(output_of(shell + " " + script + " 2>&1"));
  std::filesystem::remove(script);
  std::set<std::string> offered;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t bar = line.find('|');
    EXPECT_NE(bar, std::string::npos) << line;
    std::istringstream words(line.substr(std::min(bar, line.size() - 1) + 1));
    for (std::string word; std::getline(words, word, '|');) offered.insert(line.substr(0, bar) + " " + word);
  }
  return offered;
}

void expect_all(const std::set<std::string>& offered) {
  for (const std::string& command : command_walk().commands) EXPECT_EQ(offered.count(command), 1U) << command;
  for (const std::string& option : command_walk().options) EXPECT_EQ(offered.count(option), 1U) << option;
  EXPECT_EQ(offered.count(" back dr --timeout"), 1U) << "what is cut short is completed, too";
  EXPECT_EQ(offered.count(" --json service add"), 1U);
  EXPECT_EQ(offered.count(" backend service"), 0U);
}

TEST(MadeFromCommands, TheManualHasEveryCommandAndOption) {
  ASSERT_GE(command_walk().commands.size(), 35U);
  ASSERT_GE(command_walk().options.size(), 90U);
  // As a reader sees it, without what troff makes bold, on lines that are long enough.
  const std::string shown =
      output_of(program() + " manual | groff -man -Tascii -P-c -P-b -P-u -rLL=1000n -rHY=0 -wall 2>&1");
  ASSERT_NE(shown.find("FIRST STEPS"), std::string::npos) << shown.substr(0, 1000) << "\nis groff-base installed?";
  for (const std::string& command : command_walk().leaves)
    EXPECT_NE(shown.find("\n   guideway" + command), std::string::npos) << command;
  // Those of a command stand between its heading and the next one.
  for (const std::string& option : command_walk().options) {
    const std::string command = option.substr(0, option.rfind(' '));
    if (command_walk().leaves.count(command) == 0 || last_word(option) == "--help") continue;
    const std::size_t begin = shown.find("\n   guideway" + command);
    const std::string section = shown.substr(begin, shown.find("\n   guideway ", begin + 1) - begin);
    EXPECT_NE(section.find(" " + last_word(option)), std::string::npos) << option;
  }
}

TEST(MadeFromCommands, TroffHasNothingToSayOfTheManual) {
  EXPECT_EQ(output_of(program() + " manual | groff -man -Tutf8 -wall 2>&1 >/dev/null"), "");
}

TEST(MadeFromCommands, BashCompletesEveryCommandAndOption) {
  expect_all(offered_by("bash", output_of(program() + " completion bash") +
                                    "offer() { COMP_WORDS=(guideway \"$@\" ''); COMP_CWORD=$(( $# + 1 )); _guideway\n"
                                    "  printf '%s' \"${*:+ }$*\"; printf '|%s' \"${COMPREPLY[@]}\"; echo; }\n"));
}

// The function as zsh runs it, with zsh's own _describe in its place: that one needs somebody who types.
TEST(MadeFromCommands, ZshCompletesEveryCommandAndOption) {
  expect_all(
      offered_by("zsh -f",
                 "compdef() { :; }\n_files() { return 1; }\n"
                 "_describe() { printf '|%s' ${${(P)2}%%:*}; }\n" +
                     output_of(program() + " completion zsh") +
                     "offer() { printf '%s' \"${*:+ }$*\"; words=(guideway \"$@\" ''); CURRENT=$#words; _guideway; "
                     "echo; }\n"));
}

TEST(FullCommands, AreFoundByTheirBeginning) {
  const auto asked = [](const Words& words) {
    const auto parsed = parse_command_line(words);
    return parsed.invocation ? "" : parsed.otherwise.error;
  };
  EXPECT_EQ(asked({"back", "li"}), "");
  EXPECT_EQ(asked({"--api", "back", "serv", "l"}), "") << "the socket is no command";
  EXPECT_EQ(asked({"conf", "roll", "7", "--dry-run"}), "");
  EXPECT_EQ(asked({"st"}), "\"st\" may be status, stats; write more of it");
}

TEST(Watch, MayStandAnywhere) {
  for (const Words& words : {Words{"--watch", "status"}, Words{"status", "--watch"}}) {
    const auto parsed = parse_command_line(words);
    ASSERT_TRUE(parsed.invocation) << parsed.otherwise.error;
    EXPECT_EQ(parsed.invocation->watch_s, 2);
  }
  EXPECT_EQ(parse_command_line({"status", "--watch", "0.5"}).invocation->watch_s, 0.5);
  EXPECT_FALSE(parse_command_line({"status", "--watch", "0"}).invocation);
  EXPECT_TRUE(parse_command_line({"status", "--watch"}).invocation->may_repeat);
  for (const Words& words : {Words{"backend", "drain", "web/a"}, Words{"backend", "drain", "web/a", "--wait"},
                             Words{"config", "apply", "f"}, Words{"ipvsadm", "-C"}})
    EXPECT_FALSE(parse_command_line(words).invocation->may_repeat) << words.front();
}

}  // namespace
}  // namespace guideway
