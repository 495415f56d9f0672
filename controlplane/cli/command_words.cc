// SPDX-License-Identifier: Apache-2.0
#include "controlplane/cli/command_words.hh"

namespace guideway {

Result<std::vector<std::string>> command_words(std::string_view line) {
  std::vector<std::string> words;
  bool is_in_word = false;
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool is_space = c == ' ' || c == '\t' || c == '\r';
    if (quote == 0 && is_space) {
      is_in_word = false;
      continue;
    }
    if (quote == 0 && !is_in_word && c == '#') break;
    if (!is_in_word) words.emplace_back();
    is_in_word = true;
    if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == quote) {
      quote = 0;
    } else if (c == '\\' && quote != '\'') {
      if (++i == line.size()) return failure("a backslash ends the line; write the command in one line");
      words.back() += line[i];
    } else {
      words.back() += c;
    }
  }
  if (quote != 0) return failure(std::string("a ") + quote + " is not closed");
  return words;
}

}  // namespace guideway
