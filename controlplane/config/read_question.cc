// SPDX-License-Identifier: Apache-2.0
// What a check asks: its kind, what that has to say, and TLS around it. A key that the kind has no use for is refused.
#include <algorithm>
#include <array>
#include <utility>

#include <fmt/core.h>

#include "controlplane/config/answer_pattern.hh"
#include "controlplane/config/draft.hh"
#include "controlplane/config/words.hh"

namespace guideway {
namespace {

constexpr std::size_t question_text_bytes_max = 512;

// What only some kinds of check use.
struct OwnKey {
  std::string_view key;
  std::vector<CheckKind> kinds;
  std::string_view checks;
};
const std::vector<OwnKey>& own_keys() {
  using K = CheckKind;
  static const std::vector<OwnKey> keys{{"method", {K::http}, "an HTTP"},
                                        {"path", {K::http}, "an HTTP"},
                                        {"host", {K::http, K::grpc}, "an HTTP or gRPC"},
                                        {"headers", {K::http}, "an HTTP"},
                                        {"status", {K::http}, "an HTTP"},
                                        {"body", {K::http}, "an HTTP"},
                                        {"send", {K::tcp, K::udp, K::agent}, "a TCP, UDP or agent"},
                                        {"expect", {K::tcp, K::udp}, "a TCP or UDP"},
                                        {"password", {K::redis}, "a Redis"},
                                        {"user", {K::postgresql, K::mysql}, "a PostgreSQL or MySQL"},
                                        {"database", {K::postgresql}, "a PostgreSQL"},
                                        {"grpc_service", {K::grpc}, "a gRPC"},
                                        {"query", {K::dns}, "a DNS"},
                                        {"record", {K::dns}, "a DNS"},
                                        {"answer", {K::dns}, "a DNS"},
                                        {"transport", {K::dns}, "a DNS"},
                                        {"program", {K::program}, "a program"},
                                        {"arguments", {K::program}, "a program"}};
  return keys;
}
constexpr std::array<std::string_view, 4> tls_keys{"server_name", "verify", "ca_file", "certificate_days"};

std::optional<std::string> bounded(TableReader& reader, std::string_view key, std::string_view what) {
  auto text = reader.text(key, what);
  if (!text || text->size() <= question_text_bytes_max) return text;
  reader.fail(key, fmt::format("has {} bytes; give up to {}", text->size(), question_text_bytes_max));
  return std::nullopt;
}

void read_kind(TableReader& reader, CheckQuestion& question) {
  std::vector<std::string_view> names;
  names.reserve(check_words.size());
  for (const CheckWord& each : check_words) names.push_back(each.word);
  if (const auto index = reader.choice_index("type", names)) {
    question.kind = check_words.at(*index).kind;
    question.tls = check_words.at(*index).tls;
  }
  for (const std::string_view key : {"http", "https"}) {
    if (!reader.has(key)) continue;
    if (reader.has("type") && (question.kind != CheckKind::http || question.tls != (key == "https")))
      reader.fail(key, "contradicts the type beside it; leave one of them out");
    if (reader.has("path")) reader.fail(key, fmt::format("says the path a second time; leave path or {} out", key));
    question.kind = CheckKind::http;
    question.tls = key == "https";
  }
  if (reader.has("http") && reader.has("https"))
    reader.fail("https", "contradicts http beside it; leave one of them out");
}

void read_tls(TableReader& reader, CheckQuestion& question) {
  if (const auto tls = reader.boolean("tls")) question.tls = *tls;
  if (question.tls && !may_use_tls(question.kind))
    reader.fail("tls", fmt::format("a {} check does not speak over TCP; leave it out", name_of(question.kind)));
  if (const auto name = reader.text("server_name", "a host name")) {
    if (name->empty() || is_one_word(*name, 253))
      question.server_name = *name;
    else
      reader.fail("server_name", fmt::format("{} is not a host name; give one without spaces, up to 253 characters",
                                             reader.find("server_name")->quoted()));
  }
  if (const auto verify = reader.boolean("verify")) question.verify = *verify;
  if (const auto file = reader.text("ca_file", "the absolute path of a file of certificates")) {
    if (file->empty() || (file->front() == '/' && file->size() <= 1024))
      question.ca_file = *file;
    else
      reader.fail("ca_file", fmt::format("{} is not an absolute path; give one that begins with /, of a PEM file",
                                         reader.find("ca_file")->quoted()));
  }
  if (!question.ca_file.empty() && !question.verify && reader.has("ca_file"))
    reader.fail("ca_file", "means nothing without verify = true; add it or leave this out");
  if (const auto days = reader.integer("certificate_days", 0, 3650, "days from 1 to 3650, or 0 for no warning"))
    question.certificate_days = *days;
}

void read_words(TableReader& reader, CheckQuestion& question) {
  if (auto send = bounded(reader, "send", "what to send, such as \"PING\\r\\n\"")) {
    const auto bytes = bytes_of(*send);
    if (bytes)
      question.send = std::move(*send);
    else
      reader.fail("send", bytes.error().message);
  }
  if (auto expect = read_pattern(reader, "expect")) question.expect = std::move(*expect);
  if (auto password = bounded(reader, "password", "the password of the Redis server"))
    question.password = std::move(*password);
  const auto read_name = [&](std::string_view key, std::string& into) {
    const auto name = reader.text(key, "a name");
    if (!name) return;
    if (name->empty() || is_one_word(*name, 128))
      into = *name;
    else
      reader.fail(key, fmt::format("{} is not a name; give one without spaces, up to 128 characters",
                                   reader.find(key)->quoted()));
  };
  read_name("user", question.user);
  read_name("database", question.database);
  read_name("grpc_service", question.grpc_service);
}

}  // namespace

std::string missing_in(const CheckQuestion& question) {
  switch (question.kind) {
    case CheckKind::udp:
      if (!question.send.empty() && !question.expect.empty()) return "";
      return "silence says nothing about UDP; give send and expect";
    case CheckKind::dns:
      return question.query.empty() ? "give query, a name that the server knows" : "";
    case CheckKind::program:
      return question.program.empty() ? "give program, an absolute path" : "";
    default:
      return "";
  }
}

bool is_one_word(std::string_view text, std::size_t length_max) {
  return !text.empty() && text.size() <= length_max &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

std::optional<std::string> read_pattern(TableReader& reader, std::string_view key) {
  auto text = bounded(reader, key, R"(a part of the answer, or "regex:...")");
  if (!text) return std::nullopt;
  const auto pattern = AnswerPattern::parse(*text);
  if (pattern) return text;
  reader.fail(key, pattern.error().message);
  return std::nullopt;
}

void read_question(TableReader& reader, CheckQuestion& question) {
  read_kind(reader, question);
  read_tls(reader, question);
  read_http_question(reader, question);
  read_words(reader, question);
  read_dns_question(reader, question);
  read_program_question(reader, question);
  for (const OwnKey& own : own_keys()) {
    if (reader.has(own.key) && std::find(own.kinds.begin(), own.kinds.end(), question.kind) == own.kinds.end())
      reader.fail(own.key, fmt::format(R"(only means something in {} check; add type = "{}" or leave it out)",
                                       own.checks, name_of(own.kinds.front())));
  }
  for (const std::string_view key : tls_keys) {
    if (reader.has(key) && !question.tls)
      reader.fail(key, "only means something in a check over TLS; add tls = true or leave it out");
  }
}

}  // namespace guideway
