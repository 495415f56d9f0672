// SPDX-License-Identifier: Apache-2.0
// `replay`: only its words; main.cc runs it.
#include <memory>

#include "controlplane/cli/grammar.hh"
#include "controlplane/cli/verbs.hh"

namespace guideway {
namespace {

constexpr const char* replay_example =
    "Deterministic; needs no guidewayd, no root and no NIC.\n\n"
    "Examples:\n  guideway replay --config guideway.toml --in in.pcap --out out.pcap\n"
    "  guideway replay --config guideway.toml --in in.pcap --out out.pcap --kernel kernel.pcap --counters counters.txt";

}  // namespace

void add_replay_verb(Grammar& grammar) {
  auto replay = std::make_shared<ReplayCommand>();
  CLI::App* command =
      grammar.add(grammar.app(), "replay", "Run a capture through the packet path", replay_example, [&grammar, replay] {
        replay->json = grammar.invocation().json;
        grammar.invocation().command = *replay;
      });
  command->add_option("--config", replay->config, "The configuration")->required();
  command->add_option("--in", replay->options.in, "The capture to read")->required();
  command->add_option("--out", replay->options.out, "Where to write what backends get")->required();
  command->add_option("--kernel", replay->options.kernel, "Where to write what the kernel gets");
  command->add_option("--counters", replay->options.counters, "Where to write the counters, a line each");
  command->add_option("--decisions", replay->options.decisions, "Where to write each packet's exit and backend");
  command->add_option("--events", replay->options.events, "Health changes with their times");
  command->add_option("--datapath", replay->options.datapath, "What decides")->check(CLI::IsMember({"dpdk", "xdp"}));
}

}  // namespace guideway
