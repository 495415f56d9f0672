// SPDX-License-Identifier: Apache-2.0
// `datapath`: needs no guidewayd, since it comes before it.
#include "controlplane/cli/datapath_verbs.hh"

#include <map>
#include <memory>

#include <fmt/core.h>

#include "controlplane/cli/grammar.hh"
#include "controlplane/cli/launch_options.hh"
#include "controlplane/cli/session.hh"
#include "controlplane/datapath/command.hh"

namespace guideway {
namespace {

constexpr const char* datapath_example =
    "Examples:\n  guideway datapath probe\n  guideway datapath start\n  guideway datapath start --port eth0";
constexpr const char* datapath_probe_example =
    "Needs no guidewayd. Examples:\n"
    "  guideway datapath probe\n"
    "  guideway datapath probe --interface eth0 --try\n"
    "  guideway datapath probe --pci 0000:03:00.0 --json";
constexpr const char* datapath_start_example =
    "Examples:\n"
    "  guideway datapath start\n"
    "  guideway datapath start --config /etc/guideway/guideway.toml --print\n"
    "  guideway datapath start --port eth0\n"
    "  guideway datapath start --port eth0 --port eth1 --print\n"
    "  guideway datapath start --datapath xdp --port eth0 -- --services-max 100";

void add_probe(Grammar& grammar, CLI::App& datapath) {
  const auto probe = std::make_shared<DatapathProbeCommand>();
  CLI::App* command = grammar.add(datapath, "probe", "Which datapath serves each NIC, what is missing, what to run",
                                  datapath_probe_example, [&grammar, probe] {
                                    probe->json = grammar.invocation().json;
                                    grammar.run([probe](Session& session) {
                                      return run_datapath_probe(*probe, session.output(), session.error());
                                    });
                                  });
  auto* interface = command->add_option("--interface", probe->interface, "Only this one");
  command->add_option("--pci", probe->pci, "Only the one of this PCI address")->excludes(interface);
  command->add_flag("--try", probe->tries_native,
                    "Attach a native XDP program that passes everything on, and take it off again; many drivers take "
                    "the link down for that");
}

struct Start {
  LaunchOptions options;
  bool only_prints = false;
};

int start_datapath(const Start& start, Session& session) {
  auto request = launch_request(start.options);
  if (request) return run_datapath_start({std::move(*request), start.only_prints}, session.output(), session.error());
  session.error() << "guideway: " << request.error().message << "\n";
  return 1;
}

void add_start(Grammar& grammar, CLI::App& datapath) {
  const auto start = std::make_shared<Start>();
  CLI::App* command = grammar.add(
      datapath, "start", "Become the datapath that serves the ports of the configuration, or these",
      datapath_start_example,
      [&grammar, start] { grammar.run([start](Session& session) { return start_datapath(*start, session); }); });
  LaunchOptions& options = start->options;
  command->add_option("--config", options.config,
                      fmt::format("Takes datapath, ports and door from this file, as far as no option gives them; {} "
                                  "where no --port is given",
                                  default_config_file));
  const std::map<std::string, DatapathChoice> choices{
      {"auto", DatapathChoice::automatic}, {"dpdk", DatapathChoice::dpdk}, {"xdp", DatapathChoice::xdp}};
  command
      ->add_option("--datapath", options.choice,
                   "auto (default): dpdk if every port is made ready for it, else xdp; or one of them")
      ->transform(CLI::Transformer(choices));
  command
      ->add_option("--port", options.ports,
                   "An interface, a PCI address, or a device of DPDK's own (net_...); repeat for more, in the order of "
                   "their numbers")
      ->allow_extra_args(false);
  command->add_option("--door", options.door, "Unix socket through which guidewayd is served")
      ->default_str(LaunchRequest{}.door);
  command->add_flag("--print", start->only_prints, "Print the command instead of running it");
  command->add_option("ARGS", options.more, "Behind --: further options of guideway-dpdk or guideway-xdp");
}

}  // namespace

void add_datapath_verbs(Grammar& grammar) {
  CLI::App* datapath = grammar.add(grammar.app(), "datapath",
                                   "The datapath of this machine: which one it is, and start it", datapath_example);
  add_probe(grammar, *datapath);
  add_start(grammar, *datapath);
}

}  // namespace guideway
