// SPDX-License-Identifier: Apache-2.0
// What `flows` may ask for, and how its list begins.
#include <algorithm>

#include <fmt/core.h>

#include "controlplane/daemon/control_plane.hh"
#include "controlplane/daemon/flow_listing.hh"

namespace guideway {
namespace {

constexpr long listings_max = 4;
// Times 65,535 ports of a client: a million hashes, held while the list goes on.
constexpr std::size_t targets_max = 16;

}  // namespace

Reply ControlPlane::flows(const FlowsRequest& request) {
  const Datapath* datapath = door_.datapath();
  if (datapath == nullptr) return error_reply(503, "no datapath is connected, so nobody remembers flows");
  const auto& services = intent_.running.services;
  const auto service = std::find_if(services.begin(), services.end(),
                                    [&](const ServiceConfig& each) { return each.name == request.service; });
  if (!request.service.empty() && service == services.end())
    return error_reply(404, "there is no service \"" + request.service + "\"");
  FlowListingTerms terms;
  terms.worker_count = datapath->worker_count;
  if (request.limit != 0) terms.limit = request.limit;
  const bool filters = !request.service.empty() || !request.backend.empty();
  if (filters) terms.backends.emplace();
  for (const auto& [key, record] : ledger_.backends()) {
    const std::string name = key.pool + "/" + key.name;
    terms.backend_names[record.index] = name;
    for (const ServiceConfig& each : services) {
      if (each.pool == key.pool) terms.services[record.index].push_back(each.name);
    }
    const bool is_meant = (request.service.empty() || service->pool == key.pool) &&
                          (request.backend.empty() || request.backend == name || request.backend == key.name);
    if (filters && is_meant) terms.backends->insert(record.index);
  }
  if (!request.backend.empty() && terms.backends->empty())
    return error_reply(404, "there is no backend \"" + request.backend + "\"" +
                                (request.service.empty() ? "" : " of service " + request.service));
  if (request.client) {
    auto targets = flow_targets(services, request.service, request.client->address.family);
    if (request.client->port == 0 && targets.targets.size() > targets_max) {
      return error_reply(400,
                         fmt::format("flows are known by their hash, and {} ports of the client times {} addresses "
                                     "and ports of services are too many to try; name its port, or a service",
                                     65535, targets.targets.size()));
    }
    terms.left_out = std::move(targets.left_out);
    terms.names.emplace(intent_.running.hash_key, request.client->address, request.client->port,
                        std::move(targets.targets));
  }
  if (flows_place_.use_count() > listings_max)
    return error_reply(503, fmt::format("{} lists of flows go on already; let one of them end first", listings_max));
  terms.place = flows_place_;
  Reply reply;
  reply.follow = [this, terms = std::move(terms)](const std::shared_ptr<ReplyStream>& stream) {
    std::make_shared<FlowListing>(io_, door_, terms, stream)->start();
  };
  return reply;
}

}  // namespace guideway
