// SPDX-License-Identifier: Apache-2.0
// `completion` and `manual`: what is made from the commands themselves. The installation runs both.
#include <memory>
#include <ostream>

#include "controlplane/cli/completion.hh"
#include "controlplane/cli/grammar.hh"
#include "controlplane/cli/manual.hh"
#include "controlplane/cli/verbs.hh"

namespace guideway {
namespace {

constexpr const char* completion_example =
    "Installed with the program; this is for a shell that does not find it.\n\n"
    "Examples:\n  guideway completion bash > ~/.local/share/bash-completion/completions/guideway\n"
    "  guideway completion zsh > ~/.zfunc/_guideway";
constexpr const char* manual_example =
    "Installed with the program, for `man guideway`.\n\nExamples:\n  guideway manual | man -l -";

void print(Grammar& grammar, std::string text) {
  grammar.run([text = std::move(text)](Session& session) {
    session.output() << text;
    return exit_ok;
  });
}

}  // namespace

void add_completion_verb(Grammar& grammar) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command = grammar.add(
      grammar.app(), "completion", "What a shell needs to complete commands", completion_example, [&grammar, shell] {
        print(grammar, *shell == "zsh" ? zsh_completion(grammar.app()) : bash_completion(grammar.app()));
      });
  command->add_option("SHELL", *shell, "bash or zsh")
      ->required()
      ->check(CLI::IsMember(std::vector<std::string>{"bash", "zsh"}));
  grammar.add(grammar.app(), "manual", "The manual page guideway(1), as troff", manual_example,
              [&grammar] { print(grammar, manual_page(grammar.app(), GUIDEWAY_VERSION)); });
}

}  // namespace guideway
