// SPDX-License-Identifier: Apache-2.0
// Whatever a backend may answer to a check; the first byte says which. A verdict's sentence is one printable line that
// can stand in `events`, and what an agent says is within its bounds.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "controlplane/config/answer_pattern.hh"
#include "controlplane/health/agent_answer.hh"
#include "controlplane/health/check_target.hh"
#include "controlplane/health/conversation.hh"
#include "controlplane/health/database_words.hh"
#include "controlplane/health/dns_message.hh"
#include "controlplane/health/grpc_health.hh"
#include "dataplane/base/check.hh"

namespace {

using guideway::check;

void check_sentence(const std::string& sentence) {
  check(sentence.size() < 4096, "a sentence is short");
  check(std::all_of(sentence.begin(), sentence.end(), [](char c) { return c >= 0x20 && c < 0x7f; }),
        "a sentence is printable");
}

void check_judgement(const guideway::Judgement& judgement) {
  // What a server is asked further is bytes, not a sentence.
  if (judgement.is == guideway::Judgement::Is::wrong) check_sentence(judgement.text);
}

void try_dns(std::string_view answer) {
  for (const char* record : {"A", "AAAA", "TXT", "MX", "SRV", "CNAME", "NS", "PTR", "SOA"}) {
    for (const char* expected : {"", "192.0.2.1"}) {
      const auto verdict = guideway::judge_dns_answer(answer, {0x1234, "www.example", record}, expected);
      if (verdict) check_sentence(verdict->sentence);
    }
  }
}

void try_grpc(std::string_view answer) {
  if (const auto status = guideway::grpc_health_status(answer)) check_sentence(guideway::grpc_health_name(*status));
  check_sentence(guideway::grpc_status_name(answer));
}

void try_databases(std::string_view answer) {
  check_judgement(guideway::judge_postgresql(answer));
  check_judgement(guideway::judge_mysql_greeting(answer));
  check_judgement(guideway::judge_mysql_login(answer, false));
  check_judgement(guideway::judge_mysql_login(answer, true));
}

void try_agent(std::string_view answer) {
  const auto parsed = guideway::parse_agent_answer(answer);
  if (!parsed) return check_sentence(parsed.error().message);
  check_sentence(guideway::text_of(*parsed));
  const guideway::AgentReport report = guideway::applied(*parsed, {});
  check(report.percent <= 100, "an agent takes no more than all");
  check_sentence(report.reason);
}

void try_conversations(std::string_view answer) {
  for (const guideway::CheckKind kind :
       {guideway::CheckKind::redis, guideway::CheckKind::memcached, guideway::CheckKind::smtp,
        guideway::CheckKind::postgresql, guideway::CheckKind::mysql, guideway::CheckKind::amqp}) {
    guideway::CheckTarget target;
    target.kind = kind;
    for (const guideway::ConversationStep& step : guideway::conversation_of(target))
      if (step.judge) check_judgement(step.judge(answer));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view answer(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 5) {
    case 0:
      try_dns(answer);
      break;
    case 1:
      try_grpc(answer);
      break;
    case 2:
      try_databases(answer);
      break;
    case 3:
      try_agent(answer);
      break;
    default:
      try_conversations(answer);
  }
  return 0;
}
