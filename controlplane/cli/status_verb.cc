// SPDX-License-Identifier: Apache-2.0
// `status`.
#include "controlplane/cli/grammar.hh"
#include "controlplane/cli/render.hh"
#include "controlplane/cli/verbs.hh"

namespace guideway {
namespace {

constexpr const char* status_example = "Examples:\n  guideway status\n  guideway status --json | jq .backends_up";

}  // namespace

void add_status_verb(Grammar& grammar) {
  grammar.add(grammar.app(), "status", "Whether all is well", status_example,
              [&grammar] { grammar.show([](Session& session) { return session.ask("/v1/status", status_text); }); });
}

}  // namespace guideway
