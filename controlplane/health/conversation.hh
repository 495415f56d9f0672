// SPDX-License-Identifier: Apache-2.0
// What a check over TCP says and wants to hear, step by step: the operator's send and expect, or the words of a
// protocol (Redis, memcached, SMTP). Pure; probe_conversation speaks it.
#pragma once

#include <string>
#include <vector>

#include "controlplane/config/answer_pattern.hh"
#include "controlplane/health/check_target.hh"

namespace guideway {

struct ConversationStep {
  std::string name;        // in sentences: "no answer to PING within 1000 ms"; empty: the first words are the server's
  std::string send;        // bytes; may be empty
  AnswerPattern expected;  // empty: nothing is waited for
  AnswerPattern complete;  // with it an answer that is whole and not the expected one fails at once
  std::string wanted;      // of a failure's sentence: "+PONG"
};

// Empty for a target that only has to accept connections, and for kinds that are no conversation.
[[nodiscard]] std::vector<ConversationStep> conversation_of(const CheckTarget& target);

// The beginning of what a server said, in quotes and printable, for people.
[[nodiscard]] std::string quoted_beginning(std::string_view bytes);

}  // namespace guideway
