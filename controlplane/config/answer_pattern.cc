// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/answer_pattern.hh"

#include <charconv>
#include <cstdint>

#include <fmt/core.h>
#include <re2/re2.h>

namespace guideway {
namespace {

constexpr std::string_view regex_prefix = "regex:";

std::shared_ptr<const re2::RE2> compiled(std::string_view expression) {
  re2::RE2::Options options(re2::RE2::Latin1);  // bytes, whatever they mean
  options.set_log_errors(false);
  options.set_max_mem(std::int64_t{1} << 20);
  return std::make_shared<const re2::RE2>(re2::StringPiece(expression.data(), expression.size()), options);
}

}  // namespace

Result<std::string> bytes_of(std::string_view escaped) {
  std::string bytes;
  for (std::size_t at = 0; at < escaped.size(); ++at) {
    if (escaped[at] != '\\') {
      bytes += escaped[at];
      continue;
    }
    const char letter = ++at < escaped.size() ? escaped[at] : '\0';
    constexpr std::string_view letters = "rnt0\\";
    constexpr std::string_view values("\r\n\t\0\\", 5);
    if (const std::size_t known = letters.find(letter); known != std::string_view::npos) {
      bytes += values[known];
      continue;
    }
    const std::string_view digits = letter == 'x' ? escaped.substr(at + 1, 2) : std::string_view();
    unsigned value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (digits.size() != 2 || error != std::errc() || end != digits.data() + 2)
      return failure(R"(has a \ that begins none of \r, \n, \t, \0, \\ and \xHH)");
    bytes += static_cast<char>(value);
    at += 2;
  }
  return bytes;
}

Result<AnswerPattern> AnswerPattern::parse(std::string_view text) {
  AnswerPattern pattern;
  if (text.substr(0, regex_prefix.size()) == regex_prefix) {
    pattern.regex_ = compiled(text.substr(regex_prefix.size()));
    if (!pattern.regex_->ok()) return failure(fmt::format("is not a regular expression: {}", pattern.regex_->error()));
    return pattern;
  }
  auto bytes = bytes_of(text);
  if (!bytes) return failure(bytes.error().message);
  pattern.bytes_ = std::move(*bytes);
  return pattern;
}

AnswerPattern AnswerPattern::regex(std::string_view expression) {
  AnswerPattern pattern;
  pattern.regex_ = compiled(expression);
  return pattern;
}

bool AnswerPattern::occurs_in(std::string_view bytes) const {
  if (regex_ != nullptr) return re2::RE2::PartialMatch(re2::StringPiece(bytes.data(), bytes.size()), *regex_);
  return bytes.find(bytes_) != std::string_view::npos;
}

}  // namespace guideway
