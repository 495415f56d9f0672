// SPDX-License-Identifier: Apache-2.0
// `flows`.
#include <memory>
#include <ostream>

#include <fmt/core.h>

#include "controlplane/cli/edit_forms.hh"
#include "controlplane/cli/field.hh"
#include "controlplane/cli/grammar.hh"
#include "controlplane/cli/verbs.hh"
#include "dataplane/net/address.hh"

namespace guideway {
namespace {

using nlohmann::json;

constexpr const char* flows_example =
    "Only exceptions are remembered: flows whose backend is not the one that their slot would give to an unknown "
    "flow,\n"
    "those of slots that are moving, and all flows of services that follow every flow (UDP by default, round-robin,\n"
    "random, least-connections). All others are in no table; `explain` tells the backend of any flow.\n"
    "A flow is remembered by its keyed hash alone. --client finds the flows of a client by trying its ports, and only\n"
    "then addresses can be told; without it the list has hashes, and all services that the backend may serve for.\n"
    "The list is read while workers go on: a flow that comes, goes or moves meanwhile may be missing, or there "
    "twice.\n\n"
    "Examples:\n"
    "  guideway flows --backend web/b1\n"
    "  guideway flows --client 198.51.100.2 --service dns\n"
    "  guideway flows --client [2001:db8::7]:40000\n"
    "  guideway flows --json --limit 1000000 | jq -r .backend | sort | uniq -c";

struct FlowsWords {
  std::string service;
  std::string backend;
  std::string client;
  std::string limit;
};

std::string flows_target(const FlowsWords& words) {
  std::string target = "/v1/flows?limit=";
  target += words.limit.empty() ? "0" : std::to_string(must(number_form(words.limit, "a number of flows")));
  if (!words.service.empty()) target += "&service=" + percent_encoded(words.service);
  if (!words.backend.empty()) target += "&backend=" + percent_encoded(words.backend);
  if (!words.client.empty()) {
    if (!Endpoint::parse(words.client) && !IpAddress::parse(words.client))
      refuse(fmt::format("\"{}\" is neither an address nor ADDRESS:PORT; write 192.0.2.1 or [2001:db8::1]:80",
                         words.client));
    target += "&client=" + percent_encoded(words.client);
  }
  return target;
}

std::string services_of(const json& flow) {
  std::string result;
  for (const json& name : list_field(flow, "services"))
    result += (result.empty() ? "" : ",") + (name.is_string() ? name.get<std::string>() : name.dump());
  return result.empty() ? "-" : result;
}

// Columns of fixed width: nobody knows the widest cell of a list that is printed as it comes.
constexpr const char* row = "{:<16}  {:>6}  {:<11}  {:>9}  {:<24}  {:<16}  {}\n";

std::string flow_text(const json& flow) {
  const bool is_named = flow.contains("client");
  return fmt::format(fmt::runtime(row), text_field(flow, "flow"), text_field(flow, "worker"), text_field(flow, "state"),
                     time_text(count_field(flow, "remaining_ms") / 1000), text_field(flow, "backend"),
                     services_of(flow),
                     is_named ? fmt::format("{} {} -> {}", text_field(flow, "protocol"), text_field(flow, "client"),
                                            text_field(flow, "destination"))
                              : "-");
}

std::string end_text(const json& end) {
  std::string result = fmt::format("{} of {} remembered flows that were looked at; only exceptions are remembered\n",
                                   count_field(end, "listed"), count_field(end, "looked_at"));
  if (!list_field(end, "left_out").empty())
    result += "not looked for, since prefixes and services of any port have too many flows to try: " +
              services_of({{"services", list_field(end, "left_out")}}) + "\n";
  return result;
}

int list(Session& session, const std::string& target) {
  json end;
  bool is_first = true;
  const auto reply = session.client().follow(target, [&](const std::string& line) {
    const json flow = json::parse(line, nullptr, false);
    if (flow.is_object() && flow.contains("end")) end = flow["end"];
    if (session.wants_json()) {
      session.output() << line << "\n";
      return;
    }
    if (is_first)
      session.output() << fmt::format(fmt::runtime(row), "FLOW", "WORKER", "STATE", "REMAINING", "BACKEND", "SERVICE",
                                      "CLIENT");
    is_first = false;
    session.output() << (end.is_object() ? "" : flow_text(flow));
  });
  if (!reply || reply->status != 200) return session.finish(reply, dumped);
  if (!session.wants_json()) session.error() << end_text(end);
  if (!end.contains("error")) return exit_ok;
  session.error() << "guideway: " << text_field(end, "error") << "\n";
  return exit_refused;
}

}  // namespace

void add_flows_verb(Grammar& grammar) {
  auto words = std::make_shared<FlowsWords>();
  CLI::App* command =
      grammar.add(grammar.app(), "flows", "The flows that the datapath remembers", flows_example, [&grammar, words] {
        grammar.run([target = flows_target(*words)](Session& session) { return list(session, target); });
      });
  command->add_option("--service", words->service, "Only those of its backends, or to its addresses with --client");
  command->add_option("--backend", words->backend, "Only those of this one: POOL/NAME, or NAME in all pools");
  command->add_option("--client", words->client, "Only those of this address, or ADDRESS:PORT");
  command->add_option("--limit", words->limit, "So many at the most; default: all");
}

}  // namespace guideway
