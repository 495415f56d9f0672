// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/nesting.hh"

namespace guideway {
namespace {

// Walks over text that is not in a string or a comment; knows just enough of TOML's strings to skip them.
class Scanner {
 public:
  Scanner(std::string_view text, int depth_max) : text_(text), depth_max_(depth_max) {}

  std::optional<NestingFault> run() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"' || c == '\'') {
        if (!skip_string(c)) return NestingFault{line_, "a string of several lines that begins here never ends"};
        continue;
      }
      if (c == '#') {
        skip_comment();
        continue;
      }
      if (!step(c)) return NestingFault{line_, "brackets or dotted keys nest deeper than any key of a configuration"};
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

}  // namespace

std::optional<NestingFault> find_nesting_fault(std::string_view text, int depth_max) {
  return Scanner(text, depth_max).run();
}

}  // namespace guideway
