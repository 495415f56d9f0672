// SPDX-License-Identifier: Apache-2.0
// What a check over TCP says and wants to hear, step by step: the operator's send and expect, or the words of a
// protocol (Redis, SMTP, PostgreSQL ...). Pure; probe_conversation speaks it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/health/check_target.hh"

namespace guideway {

// Of what came so far.
struct Judgement {
  enum class Is : std::uint8_t { incomplete, right, wrong, asks };
  Is is = Is::incomplete;
  std::string
      text;  // wrong: the sentence, or empty for "answered ... with ..., wanted ..."; asks: what is said to that
};
using Judge = std::function<Judgement(std::string_view answer)>;

struct ConversationStep {
  std::string name;    // in sentences: "no answer to PING within 1000 ms"; empty: the first words are the server's
  std::string send;    // bytes; may be empty
  std::string wanted;  // of a failure's sentence: "+PONG"; may be empty
  Judge judge;         // none: nothing is waited for
};

// Empty for a target that only has to accept connections, and for kinds that are no conversation.
[[nodiscard]] std::vector<ConversationStep> conversation_of(const CheckTarget& target);

}  // namespace guideway
