// SPDX-License-Identifier: Apache-2.0
// What a check sends and expects, as people write it: text in which \r, \n, \t, \0, \\ and \xHH stand for bytes that a
// configuration file or JSON cannot hold, and "regex:..." for a regular expression. Matching takes linear time and
// bounded memory whatever the pattern and whatever a backend answers.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "dataplane/base/result.hh"

namespace re2 {
class RE2;
}

namespace guideway {

[[nodiscard]] Result<std::string> bytes_of(std::string_view escaped);

class AnswerPattern {
 public:
  // Empty: every answer, even none, matches.
  AnswerPattern() = default;
  [[nodiscard]] static Result<AnswerPattern> parse(std::string_view text);
  [[nodiscard]] static AnswerPattern regex(std::string_view expression);  // of the program's own, known to be right

  // Whether it occurs anywhere in what has come so far.
  [[nodiscard]] bool occurs_in(std::string_view bytes) const;
  [[nodiscard]] bool empty() const noexcept { return regex_ == nullptr && bytes_.empty(); }

 private:
  std::string bytes_;
  std::shared_ptr<const re2::RE2> regex_;  // goes before the bytes
};

}  // namespace guideway
