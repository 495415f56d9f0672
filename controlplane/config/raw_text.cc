// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/raw_text.hh"

#include <algorithm>

namespace guideway {
namespace {

// Walks over text that is not in a string or a comment; knows just enough of TOML's strings to skip them.
class Scanner {
 public:
  Scanner(std::string_view text, int depth_max) : text_(text), depth_max_(depth_max) {}

  std::optional<RawTextFault> run() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"' || c == '\'') {
        if (!skip_string(c)) return RawTextFault{line_, "a string of several lines that begins here never ends"};
        continue;
      }
      if (c == '#') {
        skip_comment();
        continue;
      }
      if (!step(c)) return RawTextFault{line_, "brackets or dotted keys nest deeper than any key of a configuration"};
      ++at_;
    }
    return std::nullopt;
  }

 private:
  bool step(char c) {
    if (c == '\n') {
      ++line_;
      dots_ = 0;
    }
    if (c == '[' || c == '{') ++depth_;
    if ((c == ']' || c == '}') && depth_ > 0) --depth_;
    if (c == '.') ++dots_;
    return depth_ <= depth_max_ && dots_ <= dots_max;
  }

  void skip_comment() {
    while (at_ < text_.size() && text_[at_] != '\n') ++at_;
  }

  bool skip_string(char quote) {
    const bool escapes = quote == '"';
    if (text_.substr(at_, 3) == std::string_view(escapes ? R"(""")" : "'''")) return skip_long_string(quote, escapes);
    for (++at_; at_ < text_.size() && text_[at_] != quote && text_[at_] != '\n'; ++at_) {
      if (escapes && text_[at_] == '\\') ++at_;
    }
    if (at_ < text_.size() && text_[at_] == quote) ++at_;  // a string broken by a newline is the parser's to refuse
    return true;
  }

  bool skip_long_string(char quote, bool escapes) {
    const int begun = line_;
    int quotes = 0;
    for (at_ += 3; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      quotes = c == quote ? quotes + 1 : 0;
      if (c == '\n') ++line_;
      if (quotes == 3) {
        ++at_;
        return true;
      }
      if (escapes && c == '\\') ++at_;
    }
    line_ = begun;
    return false;
  }

  static constexpr int dots_max = 64;  // a line
  std::string_view text_;
  int depth_max_;
  std::size_t at_ = 0;
  int line_ = 1;
  int depth_ = 0;
  int dots_ = 0;
};

// The length of the UTF-8 sequence that begins here; 0 if none does (RFC 3629, table in section 4).
std::size_t sequence_bytes(std::string_view rest) {
  const auto byte = [&](std::size_t i) { return i < rest.size() ? static_cast<unsigned char>(rest[i]) : 0U; };
  const auto follows = [&](std::size_t i) { return byte(i) >= 0x80 && byte(i) <= 0xbf; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    if ((first == 0xe0 && byte(1) < 0xa0) || (first == 0xed && byte(1) > 0x9f)) return 0;
    return follows(1) && follows(2) ? 3 : 0;
  }
  if (first < 0xf0 || first > 0xf4) return 0;
  if ((first == 0xf0 && byte(1) < 0x90) || (first == 0xf4 && byte(1) > 0x8f)) return 0;
  return follows(1) && follows(2) && follows(3) ? 4 : 0;
}

}  // namespace

std::optional<RawTextFault> find_character_fault(std::string_view text) {
  int line = 1;
  while (!text.empty()) {
    const auto first = static_cast<unsigned char>(text.front());
    if (first == '\n') ++line;
    if ((first < 0x20 && first != '\t' && first != '\n' && first != '\r') || first == 0x7f)
      return RawTextFault{line, "holds a control character; a configuration is text, so take it out"};
    const std::size_t length_bytes = sequence_bytes(text);
    if (length_bytes == 0) return RawTextFault{line, "is not UTF-8; save the file in that encoding"};
    text.remove_prefix(length_bytes);
  }
  return std::nullopt;
}

std::optional<RawTextFault> find_line_fault(std::string_view text, std::size_t length_max) {
  for (int line = 1; !text.empty(); ++line) {
    const std::size_t length = std::min(text.find('\n'), text.size());
    if (length > length_max) return RawTextFault{line, "is too long a line; write the list over several lines"};
    text.remove_prefix(std::min(length + 1, text.size()));
  }
  return std::nullopt;
}

std::optional<RawTextFault> find_nesting_fault(std::string_view text, int depth_max) {
  return Scanner(text, depth_max).run();
}

}  // namespace guideway
