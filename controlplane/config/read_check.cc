// SPDX-License-Identifier: Apache-2.0
// The check of a service, a pool or a backend: "tcp", "none", or a table whose keys refine what is inherited.
#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <fmt/core.h>

#include "controlplane/config/answer_pattern.hh"
#include "controlplane/config/draft.hh"
#include "controlplane/config/keys.hh"
#include "controlplane/config/words.hh"

namespace guideway {
namespace {

constexpr std::string_view forms =
    R"("tcp", "redis", "memcached", "smtp", "none", or a table such as { http = "/healthz" })";

// What only one kind of check uses.
struct OwnKey {
  std::string_view key;
  CheckKind kind;
  std::string_view check;
};
constexpr std::array own_keys{
    OwnKey{"path", CheckKind::http, "an HTTP"},   OwnKey{"host", CheckKind::http, "an HTTP"},
    OwnKey{"status", CheckKind::http, "an HTTP"}, OwnKey{"send", CheckKind::tcp, "a TCP"},
    OwnKey{"expect", CheckKind::tcp, "a TCP"},    OwnKey{"password", CheckKind::redis, "a Redis"}};

// It becomes part of a request line or a header, so nothing that could end one early.
bool is_plain(std::string_view text, std::size_t length_max) {
  return !text.empty() && text.size() <= length_max &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

void read_path(TableReader& reader, std::string_view key, CheckConfig& check) {
  const auto path = reader.text(key, "a path that begins with /");
  if (!path) return;
  if (!is_plain(*path, 1024) || path->front() != '/')
    reader.fail(key, fmt::format("{} is not a path; give one that begins with /, without spaces, up to 1024 characters",
                                 reader.find(key)->quoted()));
  else
    check.path = *path;
}

std::optional<std::uint16_t> status_number(std::string_view text) {
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 100 || number > 599) return std::nullopt;
  return number;
}

void read_status(TableReader& reader, CheckConfig& check) {
  const Tree* value = reader.find("status");
  if (value == nullptr) return;
  const std::string text = value->kind == Tree::Kind::integer ? std::to_string(value->integer) : value->text;
  const std::size_t dash = text.find('-');
  const auto least = status_number(std::string_view(text).substr(0, dash));
  const auto most = dash == std::string::npos ? least : status_number(std::string_view(text).substr(dash + 1));
  if (!least || !most || *least > *most) {
    reader.fail("status", fmt::format("{} is not a status; give one from 100 to 599 or a range such as \"200-299\"",
                                      value->quoted()));
    return;
  }
  check.status_min = *least;
  check.status_max = *most;
}

void read_kind(TableReader& reader, CheckConfig& check) {
  const auto kind = reader.choice<CheckKind>("type", {{"tcp", CheckKind::tcp},
                                                      {"http", CheckKind::http},
                                                      {"redis", CheckKind::redis},
                                                      {"memcached", CheckKind::memcached},
                                                      {"smtp", CheckKind::smtp},
                                                      {"none", CheckKind::none}});
  if (kind) check.kind = *kind;
  if (!reader.has("http")) return;
  if (kind && *kind != CheckKind::http) reader.fail("http", "contradicts the type beside it; leave one of them out");
  if (reader.has("path")) reader.fail("http", "says the path a second time; leave path or http out");
  check.kind = CheckKind::http;
}

void read_words(TableReader& reader, CheckConfig& check) {
  constexpr std::size_t bytes_max = 512;
  const auto bounded = [&](std::string_view key, std::string_view what) {
    auto text = reader.text(key, what);
    if (!text || text->size() <= bytes_max) return text;
    reader.fail(key, fmt::format("has {} bytes; give up to {}", text->size(), bytes_max));
    text.reset();
    return text;
  };
  if (auto send = bounded("send", "what to send, such as \"PING\\r\\n\"")) {
    const auto bytes = bytes_of(*send);
    if (bytes)
      check.send = std::move(*send);
    else
      reader.fail("send", bytes.error().message);
  }
  if (auto expect = bounded("expect", R"(a part of the answer, or "regex:...")")) {
    const auto pattern = AnswerPattern::parse(*expect);
    if (pattern)
      check.expect = std::move(*expect);
    else
      reader.fail("expect", pattern.error().message);
  }
  if (auto password = bounded("password", "the password of the Redis server")) check.password = std::move(*password);
}

void read_timing(TableReader& reader, CheckDraft& draft) {
  CheckConfig& check = draft.config;
  const auto interval_ms = reader.duration_ms("interval", 50, 3'600'000);
  if (interval_ms) check.interval_ms = *interval_ms;
  if (const auto fast_ms = reader.duration_ms("fast_interval", 50, 3'600'000)) {
    check.fast_interval_ms = *fast_ms;
    draft.fast_interval_given = true;
  }
  if (const auto down_ms = reader.duration_ms("down_interval", 50, 3'600'000)) {
    check.down_interval_ms = *down_ms;
    draft.down_interval_given = true;
  }
  if (const auto timeout_ms = reader.duration_ms("timeout", 10, 600'000)) {
    check.timeout_ms = *timeout_ms;
    draft.timeout_given = true;
  }
  if (draft.timeout_given && check.timeout_ms > check.interval_ms) {
    reader.fail(reader.has("timeout") ? "timeout" : "interval",
                fmt::format("the timeout of {} ms is longer than the interval of {} ms; give a timeout up to the "
                            "interval, so that one probe ends before the next begins",
                            check.timeout_ms, check.interval_ms));
  }
  if (const auto rise = reader.integer("rise", 1, 1000, "a number of successes from 1 to 1000")) check.rise = *rise;
  if (const auto fall = reader.integer("fall", 1, 1000, "a number of failures from 1 to 1000")) check.fall = *fall;
  if (const auto jitter = reader.integer("jitter_percent", 0, 50, "a percentage from 0 to 50"))
    check.jitter_percent = *jitter;
}

void read_check_table(TableReader& reader, CheckDraft& draft) {
  read_kind(reader, draft.config);
  read_path(reader, "http", draft.config);
  read_path(reader, "path", draft.config);
  if (const auto host = reader.text("host", "a host name")) {
    if (host->empty() || is_plain(*host, 255))
      draft.config.host = *host;
    else
      reader.fail("host", fmt::format("{} is not a host name; give one without spaces, up to 255 characters",
                                      reader.find("host")->quoted()));
  }
  read_status(reader, draft.config);
  read_words(reader, draft.config);
  if (const auto port = reader.integer("port", 0, 65535, "a port from 1 to 65535, or 0 for the service's"))
    draft.config.port = static_cast<std::uint16_t>(*port);
  read_timing(reader, draft);
  for (const OwnKey& own : own_keys) {
    if (draft.config.kind != own.kind && reader.has(own.key))
      reader.fail(own.key, fmt::format(R"(only means something in {} check; add type = "{}" or leave it out)",
                                       own.check, name_of(own.kind)));
  }
  reader.finish();
}

// A kind that needs no keys may stand for the whole check.
std::optional<CheckKind> kind_alone(const Tree& value) {
  if (value.kind != Tree::Kind::text) return std::nullopt;
  for (const CheckKind kind :
       {CheckKind::tcp, CheckKind::redis, CheckKind::memcached, CheckKind::smtp, CheckKind::none}) {
    if (value.text == name_of(kind)) return kind;
  }
  return std::nullopt;
}

}  // namespace

CheckDraft read_check(TableReader& reader, const CheckDraft& inherited) {
  CheckDraft draft = inherited;
  const Tree* value = reader.find("check");
  if (value == nullptr) return draft;
  draft.given = true;
  if (value->kind == Tree::Kind::table) {
    TableReader table(reader.reading(), reader.file(), *value, reader.path_of("check"), keys::check);
    read_check_table(table, draft);
  } else if (const auto kind = kind_alone(*value)) {
    draft.config.kind = *kind;
  } else {
    reader.fail("check", fmt::format("{} is not a check; give {}", value->quoted(), forms));
  }
  return draft;
}

}  // namespace guideway
