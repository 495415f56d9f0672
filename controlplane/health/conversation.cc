// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/conversation.hh"

#include <utility>

#include <fmt/core.h>

#include "controlplane/config/answer_pattern.hh"
#include "controlplane/health/database_words.hh"
#include "controlplane/health/quoted_beginning.hh"

namespace guideway {
namespace {

using Is = Judgement::Is;

constexpr std::string_view one_line = "^[^\\n]*\\n";
// RFC 5321, section 4.2: all lines of a reply but the last have a hyphen behind the code.
constexpr std::string_view smtp_reply = "^(?:[0-9]{3}-[^\\n]*\\n)*[0-9]{3}(?: [^\\n]*)?\\n";

// With `complete` an answer that is whole and not the expected one is wrong at once.
Judge judge_by(AnswerPattern expected, AnswerPattern complete = {}) {
  return [expected = std::move(expected), complete = std::move(complete)](std::string_view answer) {
    if (expected.occurs_in(answer)) return Judgement{Is::right, ""};
    return Judgement{!complete.empty() && complete.occurs_in(answer) ? Is::wrong : Is::incomplete, ""};
  };
}

Judge judge_by(std::string_view expected, std::string_view complete) {
  return judge_by(AnswerPattern::regex(expected), AnswerPattern::regex(complete));
}

std::string redis_command(const std::vector<std::string>& words) {
  std::string command = fmt::format("*{}\r\n", words.size());
  for (const std::string& word : words) command += fmt::format("${}\r\n{}\r\n", word.size(), word);
  return command;
}

std::vector<ConversationStep> redis(const std::string& password) {
  static const Judge ok = judge_by("^\\+OK\\r\\n", one_line);
  static const Judge pong = judge_by("^\\+PONG\\r\\n", one_line);
  std::vector<ConversationStep> steps;
  if (!password.empty()) steps.push_back({"AUTH", redis_command({"AUTH", password}), "+OK", ok});
  steps.push_back({"PING", redis_command({"PING"}), "+PONG", pong});
  return steps;
}

std::vector<ConversationStep> memcached() {
  static const Judge version = judge_by("^VERSION [^\\n]*\\n", one_line);
  return {{"version", "version\r\n", "VERSION", version}};
}

Judge smtp_code(std::string_view code) {
  return judge_by(fmt::format("^(?:{0}-[^\\n]*\\n)*{0}(?: [^\\n]*)?\\n", code), smtp_reply);
}

std::vector<ConversationStep> smtp() {
  static const std::vector<ConversationStep> steps{{"", "", "220", smtp_code("220")},
                                                   {"EHLO", "EHLO guideway-check\r\n", "250", smtp_code("250")},
                                                   {"QUIT", "QUIT\r\n", "221", smtp_code("221")}};
  return steps;
}

// AMQP 0-9-1, section 4.2: Connection.Start is a method frame (1) of channel 0, class 10, method 10. Who speaks another
// version says which, in 8 bytes, and closes.
std::vector<ConversationStep> amqp() {
  static const Judge start = judge_by("(?s)^\\x01\\x00\\x00....\\x00\\x0a\\x00\\x0a", "(?s)^(?:AMQP.{4}|.{11})");
  return {{"the AMQP header", std::string("AMQP\0\0\x09\x01", 8), "Connection.Start", start}};
}

std::string user_of(const CheckTarget& target) { return target.user.empty() ? "guideway_check" : target.user; }

std::vector<ConversationStep> postgresql(const CheckTarget& target) {
  const std::string database = target.database.empty() ? "postgres" : target.database;
  return {{"a startup message", postgresql_startup(user_of(target), database), "", judge_postgresql}};
}

// A server counts clients that leave in the middle of the handshake, and blocks their host: so it is finished.
std::vector<ConversationStep> mysql(const CheckTarget& target) {
  const auto login = [must_enter = !target.user.empty()](std::string_view answer) {
    return judge_mysql_login(answer, must_enter);
  };
  return {{"", "", "protocol 10", judge_mysql_greeting},
          {"a login", mysql_login(user_of(target)), "", login},
          {"a farewell", mysql_quit(), "", nullptr}};
}

// Both texts were read by the configuration's reader and are right.
std::vector<ConversationStep> own(const CheckTarget& target) {
  if (target.send.empty() && target.expect.empty()) return {};
  ConversationStep step;
  step.name = target.send.empty() ? "" : "what was sent";
  step.send = bytes_of(target.send).value_or(std::string());
  step.wanted = quoted_beginning(target.expect);
  if (!target.expect.empty()) step.judge = judge_by(AnswerPattern::parse(target.expect).value_or(AnswerPattern()));
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
    case CheckKind::postgresql:
      return postgresql(target);
    case CheckKind::mysql:
      return mysql(target);
    case CheckKind::amqp:
      return amqp();
    case CheckKind::tcp:
      return own(target);
    default:
      return {};
  }
}

}  // namespace guideway
