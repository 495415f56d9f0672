// SPDX-License-Identifier: Apache-2.0
// `stats`.
#include <memory>

#include "controlplane/cli/grammar.hh"
#include "controlplane/cli/render.hh"
#include "controlplane/cli/verbs.hh"

namespace guideway {
namespace {

constexpr const char* stats_example = "Examples:\n  guideway stats\n  guideway stats --all";

}  // namespace

void add_stats_verb(Grammar& grammar) {
  auto all = std::make_shared<bool>(false);
  CLI::App* command = grammar.add(
      grammar.app(), "stats", "Where packets went: exits, workers, services, backends", stats_example, [&grammar, all] {
        grammar.show([all](Session& session) {
          return session.ask("/v1/stats", [&](const nlohmann::json& stats) { return stats_text(stats, *all); });
        });
      });
  command->add_flag("--all", *all, "Also counters that are zero");
}

}  // namespace guideway
