// SPDX-License-Identifier: Apache-2.0
#include "controlplane/daemon/observe_health.hh"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "controlplane/config/words.hh"

namespace guideway {
namespace {

using nlohmann::json;

json check_json(const CheckConfig& config, const std::optional<ProbeResult>& result) {
  json check{{"kind", name_of(config)}, {"last", "none"}, {"detail", ""}, {"latency_ms", nullptr}};
  if (!result) return check;
  if (result->outcome != ProbeOutcome::inconclusive)
    check["last"] = result->outcome == ProbeOutcome::ok ? "ok" : "failed";
  check["detail"] = result->detail;
  check["latency_ms"] = static_cast<double>(result->latency_us) / 1000.0;
  return check;
}

// Beside the one that tells why, each of several.
void add_checks(const HealthBoard::Entry& entry, json& to) {
  const BackendConfig& config = entry.record.config;
  to["check"] = check_json(config.check, entry.last_check);
  if (config.further_checks.empty()) return;
  std::string kinds;
  json list = json::array();
  for (std::size_t number = 0; number < check_count(config); ++number) {
    json check = check_json(check_at(config, number), entry.results.at(number));
    check["name"] = check_label(config, number);
    kinds += (number == 0 ? "" : "+") + check["kind"].get<std::string>();
    list.push_back(std::move(check));
  }
  to["check"]["kind"] = kinds;
  to["checks"] = {{"rule", name_of(config.checks)}, {"list", std::move(list)}};
}

std::string_view name_of(AgentWord word) {
  switch (word) {
    case AgentWord::ready:
      return "ready";
    case AgentWord::down:
      return "down";
    case AgentWord::drain:
      return "drain";
    case AgentWord::maint:
      return "maint";
  }
  return "ready";
}

json agent_json(const std::optional<AgentReport>& agent) {
  if (!agent) return nullptr;
  return {{"word", name_of(agent->word)}, {"percent", agent->percent}, {"reason", agent->reason}};
}

}  // namespace

void add_health(const HealthBoard::Entry& entry, std::int64_t now_ms, json& to) {
  const HealthState own = entry.health.operational(now_ms);
  add_checks(entry, to);
  to["operational"] = own.state == GW_HEALTH_UP ? name_of(own.state) : name_of(own.reason);
  to["agent"] = agent_json(entry.health.agent());
  if (const auto until_ms = entry.health.held_until_ms()) to["held_ms"] = std::max<std::int64_t>(*until_ms - now_ms, 0);
  if (const std::uint32_t falls = entry.health.falls(now_ms); falls != 0) to["falls"] = falls;
}

std::string health_detail(const HealthBoard::Entry& entry, std::int64_t now_ms) {
  if (const auto until_ms = entry.health.held_until_ms())
    return "its checks pass, but have failed " + std::to_string(entry.health.falls(now_ms)) +
           " times lately: held for another " + std::to_string((*until_ms - now_ms + 999) / 1000) +
           " s (backend disable and enable end that)";
  const gw_health_reason reason = entry.health.state().reason;
  if (reason == GW_REASON_PANIC) return "its checks fail, and so many of its pool do that this is ignored (panic)";
  if (reason == GW_REASON_AGENT && !entry.health.agent()->reason.empty())
    return "its agent says: " + entry.health.agent()->reason;
  return "";
}

json pool_health_json(const HealthBoard::Pool* pool) {
  if (pool == nullptr) return nullptr;
  const std::optional<bool> quorum = pool->health.quorum();
  return {{"serve", pool->counts.serve},           {"could_serve", pool->counts.could_serve},
          {"panic", pool->health.panic()},         {"panic_percent", pool->config.panic_percent},
          {"quorum", pool->config.quorum},         {"quorum_met", quorum ? json(*quorum) : json(nullptr)},
          {"load_frozen", pool->feedback.frozen()}};
}

}  // namespace guideway
