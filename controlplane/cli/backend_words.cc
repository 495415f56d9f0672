// SPDX-License-Identifier: Apache-2.0
#include "controlplane/cli/backend_words.hh"

#include <fmt/core.h>

#include "controlplane/cli/field.hh"

namespace guideway {

using nlohmann::json;

namespace {

std::string agent_text(const json& agent) {
  if (agent.empty()) return "silent";
  return fmt::format("{} {} %", text_field(agent, "word"), text_field(agent, "percent"));
}

}  // namespace

std::string state_text(const json& backend) {
  std::string result = text_field(backend, "state");
  const std::string reason = text_field(backend, "reason");
  const bool is_plain_up = result == "up" && reason != "panic" && reason != "agent" && reason != "load";
  if (!is_plain_up && reason != "-" && reason != "none" && reason != result) result += fmt::format(" ({})", reason);
  if (flag_field(backend, "leaving")) result += ", leaving";
  return result;
}

std::string check_text(const json& backend) {
  const json& check = object_field(backend, "check");
  const std::string kind = text_field(check, "kind");
  const std::string last = text_field(check, "last");
  if (kind == "none" || kind == "-") return "none";
  if (last == "ok") return fmt::format("{} ok {:.1f} ms", kind, real_field(check, "latency_ms"));
  if (last != "failed") return kind + " pending";
  const std::string detail = text_field(check, "detail");
  return fmt::format("{} failed{}", kind, detail == "-" ? "" : ": " + detail);
}

std::string layers_text(const json& backend) {
  const std::string administrative = text_field(backend, "administrative");
  const std::string operational = text_field(backend, "operational");
  const json& agent = object_field(backend, "agent");
  if (operational == "-" || (administrative == "enabled" && operational == "up" && agent.empty())) return "";
  return fmt::format("administrative {}, operational {}, agent {}", administrative, operational, agent_text(agent));
}

std::string forward_text(const json& backend) {
  std::string result = text_field(backend, "forward");
  if (backend.contains("gue_port")) result += " " + text_field(backend, "gue_port");
  if (count_field(backend, "gue_variant") == 1) result += " direct";
  if (backend.contains("gre_key")) result += " key " + text_field(backend, "gre_key");
  return result;
}

std::string next_hop_text(const json& backend) {
  const std::string vlan = count_field(backend, "vlan") == 0 ? "" : " vlan " + text_field(backend, "vlan");
  return text_field(backend, "mac") + vlan;
}

std::string share_text(const json& backend) { return fmt::format("{:.0f} %", real_field(backend, "share")); }

}  // namespace guideway
