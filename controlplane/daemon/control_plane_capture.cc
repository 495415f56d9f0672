// SPDX-License-Identifier: Apache-2.0
// How a capture begins: one at a time, since each ring has one reader.
#include "controlplane/daemon/capture_stream.hh"
#include "controlplane/daemon/control_plane.hh"

namespace guideway {
namespace {

constexpr const char* occupied = "another capture goes on, and there can be one only; let it end first";

}  // namespace

void ControlPlane::capture(const CaptureRequest& request, Respond respond) {
  if (door_.datapath() == nullptr)
    return respond(error_reply(503, "no datapath is connected, so there are no packets to capture"));
  if (!capture_.expired()) return respond(error_reply(503, occupied));
  CaptureTerms terms;
  if (request.received) terms.stages |= GW_CAPTURE_RX;
  if (request.leaving) terms.stages |= GW_CAPTURE_TX;
  if (request.dropped) terms.stages |= GW_CAPTURE_DROP;
  for (const auto& [key, record] : ledger_.backends()) terms.backends[record.index] = key.pool + "/" + key.name;
  for (const ServiceConfig& service : intent_.running.services) {
    for (const std::uint32_t id : ledger_.service_ids(service)) {
      terms.services[id] = service.name;
      if (service.name == request.service) terms.service_ids.push_back(id);
    }
  }
  if (!request.service.empty() && terms.service_ids.empty())
    return respond(error_reply(404, "there is no service \"" + request.service + "\""));
  door_.open_capture(
      [this, terms = std::move(terms), respond = std::move(respond)](const Result<std::shared_ptr<Mapping>>& memory) {
        if (!memory) return respond(error_reply(501, memory.error().message));
        auto view = CaptureView::over(*memory);
        if (!view) return respond(error_reply(500, view.error().message));
        if (!capture_.expired()) return respond(error_reply(503, occupied));
        auto stream = std::make_shared<CaptureStream>(io_, door_, terms, std::move(*view));
        capture_ = stream;
        Reply reply;
        reply.follow = [stream](const std::shared_ptr<ReplyStream>& to) { stream->start(to); };
        respond(std::move(reply));
      });
}

}  // namespace guideway
