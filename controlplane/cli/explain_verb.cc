// SPDX-License-Identifier: Apache-2.0
// `explain`.
#include <memory>

#include <fmt/core.h>

#include "controlplane/cli/grammar.hh"
#include "controlplane/cli/render.hh"
#include "controlplane/cli/verbs.hh"
#include "dataplane/net/address.hh"

namespace guideway {
namespace {

constexpr const char* explain_example =
    "Examples:\n"
    "  guideway explain tcp 203.0.113.7:40000 192.0.2.10:80\n"
    "  guideway explain udp [2001:db8::7]:40000 [2001:db8::53]:53 --json";

struct ExplainWords {
  std::string protocol;
  std::string source;
  std::string destination;
};

void check_endpoint(const std::string& text) {
  const auto endpoint = Endpoint::parse(text);
  if (!endpoint || endpoint->port == 0)
    refuse(fmt::format("\"{}\" is not ADDRESS:PORT; write 192.0.2.1:80 or [2001:db8::1]:80", text));
}

}  // namespace

void add_explain_verb(Grammar& grammar) {
  auto words = std::make_shared<ExplainWords>();
  CLI::App* command =
      grammar.add(grammar.app(), "explain", "Which backend a flow has, and why", explain_example, [&grammar, words] {
        check_endpoint(words->source);
        check_endpoint(words->destination);
        grammar.show([words](Session& session) {
          return session.ask(fmt::format("/v1/explain?protocol={}&source={}&destination={}", words->protocol,
                                         percent_encoded(words->source), percent_encoded(words->destination)),
                             explanation_text);
        });
      });
  command->add_option("PROTOCOL", words->protocol, "tcp or udp")
      ->required()
      ->check(CLI::IsMember(std::vector<std::string>{"tcp", "udp"}));
  command->add_option("SOURCE", words->source, "ADDRESS:PORT of the client")->required();
  command->add_option("DESTINATION", words->destination, "ADDRESS:PORT of the service")->required();
}

}  // namespace guideway
