// SPDX-License-Identifier: Apache-2.0
// Which program a check runs.
#include <fmt/core.h>

#include "controlplane/config/draft.hh"

namespace guideway {

void read_program_question(TableReader& reader, CheckQuestion& question) {
  constexpr std::size_t arguments_max = 32;
  constexpr std::size_t bytes_max = 1024;
  // Neither may hold a zero, where C would end it.
  const auto is_fine = [](const std::string& text) {
    return text.size() <= bytes_max && text.find('\0') == std::string::npos;
  };
  if (const auto program = reader.text("program", "the absolute path of a program")) {
    if (!program->empty() && program->front() == '/' && is_fine(*program))
      question.program = *program;
    else
      reader.fail("program", fmt::format("{} is not an absolute path; give one that begins with /",
                                         reader.find("program")->quoted()));
  }
  const Tree* arguments = reader.find("arguments");
  if (arguments == nullptr) return;
  std::vector<std::string> words;
  bool is_right = arguments->kind == Tree::Kind::list && arguments->items.size() <= arguments_max;
  for (const Tree& item : arguments->items) {
    is_right = is_right && item.kind == Tree::Kind::text && is_fine(item.text);
    words.push_back(item.text);
  }
  if (!is_right)
    return reader.fail("arguments", fmt::format("give a list of up to {} strings, of up to {} characters each",
                                                arguments_max, bytes_max));
  question.arguments = words;
}

}  // namespace guideway
