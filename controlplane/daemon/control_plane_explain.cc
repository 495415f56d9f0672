// SPDX-License-Identifier: Apache-2.0
// What `explain` is computed from.
#include <map>

#include "controlplane/daemon/control_plane.hh"
#include "controlplane/daemon/explain.hh"

namespace guideway {

void ControlPlane::explain(const ExplainRequest& request, Respond respond) {
  door_.query(flow_key_of(request),
              [this, request, respond = std::move(respond)](const Result<door::FlowAnswer>& answer) {
                explain_with(request, answer, respond);
              });
}

void ControlPlane::explain_with(const ExplainRequest& request, const Result<door::FlowAnswer>& answer,
                                const Respond& respond) {
  // Without a datapath: what it would be given.
  const std::shared_ptr<const Publication> publication = published_;
  const Compiled compiled = publication ? Compiled{} : ledger_.compile(generation_, reachability_.resolved);
  std::map<std::uint32_t, std::string> backends;
  for (const auto& [key, record] : ledger_.backends()) backends[record.index] = key.pool + "/" + key.name;
  std::map<std::uint32_t, std::string> services;
  for (const ServiceConfig& service : intent_.running.services) {
    for (const std::uint32_t id : ledger_.service_ids(service)) services[id] = service.name;
  }
  const auto name_in = [](const std::map<std::uint32_t, std::string>& names, const char* what, std::uint32_t number) {
    auto found = names.find(number);
    return found == names.end() ? std::string(what) + " " + std::to_string(number) : found->second;
  };
  const ExplainInputs inputs{publication ? publication->compiled : compiled, board_.table(),
                             [&](std::uint32_t index) { return name_in(backends, "backend", index); },
                             [&](std::uint32_t id) { return name_in(services, "service", id); },
                             [&](std::uint32_t index) {
                               const CountersView* counters = door_.counters();
                               return counters == nullptr ? std::uint64_t{0} : counters->backend(index).remembered;
                             }};
  respond(guideway::explain(request, inputs, answer));
}

}  // namespace guideway
