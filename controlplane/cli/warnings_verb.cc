// SPDX-License-Identifier: Apache-2.0
// `warnings`.
#include "controlplane/cli/field.hh"
#include "controlplane/cli/grammar.hh"
#include "controlplane/cli/render.hh"
#include "controlplane/cli/verbs.hh"

namespace guideway {
namespace {

constexpr const char* warnings_example =
    "A line for each thing that is wrong now: no datapath, a service without a backend that is up, next hops that are\n"
    "not known, checks that tell nothing, flow tables that are full, a disk that takes no events.\n\n"
    "Examples:\n  guideway warnings\n  guideway warnings --watch 5";

int show_warnings(Session& session) {
  const auto reply = session.client().get("/v1/status");
  if (!reply || reply->status != 200) return session.finish(reply, warnings_text);
  return session.print({{"warnings", list_field(reply->body, "warnings")}}, [](const nlohmann::json& answer) {
    return list_field(answer, "warnings").empty() ? "Nothing is wrong.\n" : warnings_text(answer);
  });
}

}  // namespace

void add_warnings_verb(Grammar& grammar) {
  grammar.add(grammar.app(), "warnings", "What is wrong now", warnings_example,
              [&grammar] { grammar.show(show_warnings); });
}

}  // namespace guideway
