// SPDX-License-Identifier: Apache-2.0
// `ipvsadm`: what stands behind it is not looked at here.
#include <iostream>

#include "controlplane/cli/grammar.hh"
#include "controlplane/cli/ipvsadm/run.hh"
#include "controlplane/cli/verbs.hh"

namespace guideway {
namespace {

constexpr const char* ipvsadm_example =
    "What stands behind it is ipvsadm's command line; -h lists what is taken. The program does the same when it is "
    "called "
    "by the name ipvsadm or guideway-ipvsadm.\n\n"
    "Examples:\n  guideway ipvsadm -A -t 192.0.2.10:80 -s mh\n  guideway ipvsadm -a -t 192.0.2.10:80 -r 10.0.0.1 -g\n"
    "  guideway ipvsadm -L -n";

}  // namespace

void add_ipvsadm_verb(Grammar& grammar) {
  CLI::App* command = grammar.add(grammar.app(), "ipvsadm", "The same, in the words of ipvsadm 1.31", ipvsadm_example);
  command->require_subcommand(0);
  command->set_help_flag("--help", "Print this help message and exit");
  command->fallthrough(false)->prefix_command();
  command->callback([&grammar, command] {
    const auto words = command->remaining();
    const ApiAddress api = grammar.invocation().api;
    grammar.run([words, api](Session& session) {
      return ipvsadm::run(words, api, std::cin, session.output(), session.error());
    });
  });
}

}  // namespace guideway
