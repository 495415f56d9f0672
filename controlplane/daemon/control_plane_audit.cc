// SPDX-License-Identifier: Apache-2.0
// ControlPlane's memory of who changed what: a line before a change acts (change() waits for the disk to have it), and
// one with its outcome before it is acknowledged. A change that cannot be written down is refused.
#include <utility>

#include <fmt/chrono.h>
#include <spdlog/spdlog.h>
#include <nlohmann/json.hpp>

#include "controlplane/daemon/clock.hh"
#include "controlplane/daemon/control_plane.hh"
#include "controlplane/daemon/log_value.hh"

namespace guideway {
namespace {

using nlohmann::json;

// "2026-11-28T06:00:00.123Z"
std::string time_text(std::int64_t now_ms) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(static_cast<std::time_t>(now_ms / 1000)),
                     now_ms % 1000);
}

void add_who(const Actor& actor, json& to) {
  if (actor.certificate.empty())
    to["uid"] = actor.uid;
  else
    to["certificate"] = actor.certificate;
}

}  // namespace

Result<Operations::Respond> ControlPlane::audited(const ChangeTerms& terms, const std::vector<std::string>& what,
                                                  Respond respond) {
  // Nothing changes.
  if (terms.dry_run) return respond;
  const Actor& actor = terms.actor;
  const std::uint64_t number = ++changes_asked_;
  json asked{{"time", time_text(wall_ms())}, {"change", number}, {"asked", what}};
  add_who(actor, asked);
  if (actor.certificate.empty()) asked["pid"] = actor.pid;
  auto written = audit_.write(asked);
  if (!written) {
    spdlog::error("audit error={}", log_value(written.error().message));
    respond(error_reply(500, written.error().message + "; nothing was changed"));
    return failure_of(written);
  }
  return Respond([this, number, actor, respond = std::move(respond)](Reply reply) {
    json outcome{{"time", time_text(wall_ms())}, {"change", number}, {"status", reply.status}};
    add_who(actor, outcome);
    for (const char* key : {"generation", "error"}) {
      if (reply.body.contains(key)) outcome[key] = reply.body[key];
    }
    auto noted = audit_.write(outcome);
    if (noted) noted = audit_.sync();
    if (!noted) spdlog::error("audit error={}", log_value(noted.error().message));
    respond(std::move(reply));
  });
}

}  // namespace guideway
