// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/conversation.hh"

#include <fmt/core.h>

namespace guideway {
namespace {

constexpr std::string_view one_line = "^[^\\n]*\\n";
// RFC 5321, section 4.2: all lines of a reply but the last have a hyphen behind the code.
constexpr std::string_view smtp_reply = "^(?:[0-9]{3}-[^\\n]*\\n)*[0-9]{3}(?: [^\\n]*)?\\n";

std::string redis_command(const std::vector<std::string>& words) {
  std::string command = fmt::format("*{}\r\n", words.size());
  for (const std::string& word : words) command += fmt::format("${}\r\n{}\r\n", word.size(), word);
  return command;
}

std::vector<ConversationStep> redis(const std::string& password) {
  const AnswerPattern line = AnswerPattern::regex(one_line);
  std::vector<ConversationStep> steps;
  if (!password.empty())
    steps.push_back({"AUTH", redis_command({"AUTH", password}), AnswerPattern::regex("^\\+OK\\r\\n"), line, "+OK"});
  steps.push_back({"PING", redis_command({"PING"}), AnswerPattern::regex("^\\+PONG\\r\\n"), line, "+PONG"});
  return steps;
}

std::vector<ConversationStep> memcached() {
  return {{"version", "version\r\n", AnswerPattern::regex("^VERSION [^\\n]*\\n"), AnswerPattern::regex(one_line),
           "VERSION"}};
}

ConversationStep smtp_step(std::string name, std::string send, std::string_view code) {
  const std::string expected = fmt::format("^(?:{0}-[^\\n]*\\n)*{0}(?: [^\\n]*)?\\n", code);
  return {std::move(name), std::move(send), AnswerPattern::regex(expected), AnswerPattern::regex(smtp_reply),
          std::string(code)};
}

std::vector<ConversationStep> smtp() {
  return {smtp_step("", "", "220"), smtp_step("EHLO", "EHLO guideway-check\r\n", "250"),
          smtp_step("QUIT", "QUIT\r\n", "221")};
}

// Both texts were read by the configuration's reader and are right.
std::vector<ConversationStep> own(const CheckTarget& target) {
  if (target.send.empty() && target.expect.empty()) return {};
  ConversationStep step;
  step.name = target.send.empty() ? "" : "what was sent";
  step.send = bytes_of(target.send).value_or(std::string());
  step.expected = AnswerPattern::parse(target.expect).value_or(AnswerPattern());
  step.wanted = quoted_beginning(target.expect);
  return {step};
}

}  // namespace

std::vector<ConversationStep> conversation_of(const CheckTarget& target) {
  switch (target.kind) {
    case CheckKind::redis:
      return redis(target.password);
    case CheckKind::memcached:
      return memcached();
    case CheckKind::smtp:
      return smtp();
    case CheckKind::tcp:
      return own(target);
    case CheckKind::none:
    case CheckKind::http:
      return {};
  }
  return {};
}

std::string quoted_beginning(std::string_view bytes) {
  constexpr std::size_t shown_max = 60;
  std::string text = "\"";
  std::size_t shown = 0;
  for (; shown < std::min(bytes.size(), shown_max) && bytes[shown] != '\r' && bytes[shown] != '\n'; ++shown)
    text += bytes[shown] >= 0x20 && bytes[shown] < 0x7f ? bytes[shown] : '.';
  return text + (shown == shown_max && shown < bytes.size() ? "...\"" : "\"");
}

}  // namespace guideway
