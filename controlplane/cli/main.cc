// SPDX-License-Identifier: Apache-2.0
// guideway, the command line: asks guidewayd over its socket, or replays a capture by itself. Called by the name of
// ipvsadm, ipvsadm-save or ipvsadm-restore, it takes that program's command line.
#include <filesystem>
#include <iostream>
#include <string>
#include <variant>
#include <vector>

#include "controlplane/cli/invocation.hh"
#include "controlplane/cli/run.hh"
#include "controlplane/replay/command.hh"

int main(int count, char** arguments) {
  std::vector<std::string> words(arguments + 1, arguments + count);
  const std::string name = std::filesystem::path(arguments[0]).filename();
  const std::string called = name.rfind("guideway-", 0) == 0 ? name.substr(9) : name;
  if (called == "ipvsadm") words.insert(words.begin(), "ipvsadm");
  if (called == "ipvsadm-save") words.insert(words.begin(), {"ipvsadm", "-S"});
  if (called == "ipvsadm-restore") words.insert(words.begin(), {"ipvsadm", "-C", "-R"});
  const auto parsed = guideway::parse_command_line(words);
  if (!parsed.invocation) {
    std::cout << parsed.otherwise.output;
    if (!parsed.otherwise.error.empty()) std::cerr << "guideway: " << parsed.otherwise.error << "\n";
    return parsed.otherwise.exit_status;
  }
  if (const auto* replay = std::get_if<guideway::ReplayCommand>(&parsed.invocation->command))
    return guideway::run_replay(*replay);
  const int status = guideway::run(*parsed.invocation, std::cout, std::cerr);
  // A full disk or a closed pipe must not look like an answer.
  if (!std::cout.flush()) return guideway::exit_refused;
  return status;
}
