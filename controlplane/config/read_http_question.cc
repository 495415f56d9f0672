// SPDX-License-Identifier: Apache-2.0
// What an HTTP check asks and takes for an answer.
#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <fmt/core.h>

#include "controlplane/config/draft.hh"

namespace guideway {
namespace {

constexpr std::size_t headers_max = 16;
// These the check itself writes; a second one would make another request of it.
constexpr std::array<std::string_view, 4> own_headers{"host", "connection", "content-length", "transfer-encoding"};

void read_path(TableReader& reader, std::string_view key, CheckQuestion& question) {
  const auto path = reader.text(key, "a path that begins with /");
  if (!path) return;
  if (!is_one_word(*path, 1024) || path->front() != '/')
    reader.fail(key, fmt::format("{} is not a path; give one that begins with /, without spaces, up to 1024 characters",
                                 reader.find(key)->quoted()));
  else
    question.path = *path;
}

std::optional<std::uint16_t> status_number(std::string_view text) {
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 100 || number > 599) return std::nullopt;
  return number;
}

std::optional<StatusRange> status_range(const Tree& value) {
  const std::string text = value.kind == Tree::Kind::integer ? std::to_string(value.integer) : value.text;
  const std::size_t dash = text.find('-');
  const auto least = status_number(std::string_view(text).substr(0, dash));
  const auto most = dash == std::string::npos ? least : status_number(std::string_view(text).substr(dash + 1));
  if (!least || !most || *least > *most) return std::nullopt;
  return StatusRange{*least, *most};
}

void read_status(TableReader& reader, CheckQuestion& question) {
  const Tree* value = reader.find("status");
  if (value == nullptr) return;
  std::vector<StatusRange> ranges;
  const bool is_list = value->kind == Tree::Kind::list;
  const std::size_t count = is_list ? value->items.size() : 1;
  for (std::size_t i = 0; i < count; ++i) {
    const Tree& item = is_list ? value->items[i] : *value;
    const auto range = status_range(item);
    if (!range)
      return reader.fail("status", fmt::format("{} is not a status; give one from 100 to 599 or a range such as "
                                               "\"200-299\", or a list of them",
                                               item.quoted()));
    ranges.push_back(*range);
  }
  if (ranges.empty() || ranges.size() > 16) return reader.fail("status", "give 1 to 16 statuses or ranges");
  std::sort(ranges.begin(), ranges.end());
  question.status = std::move(ranges);
}

bool is_header_name(std::string_view name) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return is_one_word(name, 64) && std::all_of(name.begin(), name.end(), [&](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  others.find(c) != std::string_view::npos;
         });
}

std::string in_small_letters(std::string_view text) {
  std::string small(text);
  for (char& c : small) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return small;
}

void read_headers(TableReader& reader, CheckQuestion& question) {
  const Tree* value = reader.find("headers");
  if (value == nullptr) return;
  if (value->kind != Tree::Kind::table || value->entries.size() > headers_max)
    return reader.fail("headers",
                       fmt::format("give a table of up to {} headers, such as {{ X-Probe = \"1\" }}", headers_max));
  std::map<std::string, std::string> headers;
  for (const TreeEntry& entry : value->entries) {
    const std::string& text = entry.value.text;
    const bool is_line = entry.value.kind == Tree::Kind::text && text.size() <= 1024 &&
                         std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
    if (!is_header_name(entry.key) || !is_line)
      return reader.fail("headers",
                         "a header is a name and a string of one line, up to 1024 characters, such as "
                         "{ X-Probe = \"1\" }");
    if (std::find(own_headers.begin(), own_headers.end(), in_small_letters(entry.key)) != own_headers.end())
      return reader.fail("headers", fmt::format("{} is written by the check itself; leave it out{}", entry.key,
                                                in_small_letters(entry.key) == "host" ? " and give host" : ""));
    headers[entry.key] = text;
  }
  question.headers = std::move(headers);
}

}  // namespace

void read_http_question(TableReader& reader, CheckQuestion& question) {
  if (const auto method = reader.choice<std::string>(
          "method", {{"GET", "GET"}, {"HEAD", "HEAD"}, {"OPTIONS", "OPTIONS"}, {"POST", "POST"}}))
    question.method = *method;
  for (const std::string_view key : {"http", "https", "path"}) read_path(reader, key, question);
  if (const auto host = reader.text("host", "a host name")) {
    if (host->empty() || is_one_word(*host, 255))
      question.host = *host;
    else
      reader.fail("host", fmt::format("{} is not a host name; give one without spaces, up to 255 characters",
                                      reader.find("host")->quoted()));
  }
  read_headers(reader, question);
  read_status(reader, question);
  if (auto body = read_pattern(reader, "body")) question.body = std::move(*body);
  if (question.method == "HEAD" && !question.body.empty())
    reader.fail(reader.has("body") ? "body" : "method",
                "an answer to HEAD has no body; leave body out, or give method = \"GET\"");
}

}  // namespace guideway
