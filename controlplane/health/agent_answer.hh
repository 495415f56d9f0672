// SPDX-License-Identifier: Apache-2.0
// What an agent beside a backend says about it, in HAProxy's words (its manual, "agent-check"): one line of words with
// white space or commas between them. What it leaves out does not change. Pure.
//
//   75%                            its weight, as a part of the configured one; "maxconn:N" is understood and ignored
//   up | down | fail | stopped     its operational state; behind '#' stands why: "down #disk full"
//   ready | drain | maint          its administrative state
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "controlplane/health/agent_report.hh"
#include "dataplane/base/result.hh"

namespace guideway {

enum class AgentOperational : std::uint8_t { up, down, fail, stopped };
enum class AgentAdministrative : std::uint8_t { ready, drain, maint };

struct AgentAnswer {
  std::optional<std::uint32_t> weight_percent;  // at most 100 counts
  std::optional<AgentOperational> operational;
  std::optional<AgentAdministrative> administrative;
  std::string reason;  // without the '#', printable
  friend bool operator==(const AgentAnswer&, const AgentAnswer&) = default;
};

// `line` has no end of line. A word that is unknown, or one that contradicts another, spoils the whole answer.
[[nodiscard]] Result<AgentAnswer> parse_agent_answer(std::string_view line);
// What an agent says of its backend after this answer, whatever it said `before`. "up" takes back only "down" and its
// like, "ready" only "drain" and "maint".
[[nodiscard]] AgentReport applied(const AgentAnswer& answer, AgentReport before);
// In the words above, for people: "75% down #disk full".
[[nodiscard]] std::string text_of(const AgentAnswer& answer);

}  // namespace guideway
