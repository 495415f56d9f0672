// SPDX-License-Identifier: Apache-2.0
// Programs that the configuration names: which one a check runs, and commands with their arguments.
#include <algorithm>

#include <fmt/core.h>

#include "controlplane/config/draft.hh"

namespace guideway {
namespace {

constexpr std::size_t arguments_max = 32;
constexpr std::size_t argument_bytes_max = 1024;

// A zero would end it in C.
bool is_argument(const std::string& text) {
  return text.size() <= argument_bytes_max && text.find('\0') == std::string::npos;
}
bool is_program(const std::string& text) { return !text.empty() && text.front() == '/' && is_argument(text); }

// Nothing if they are not strings.
std::optional<std::vector<std::string>> words_of(const Tree& list) {
  if (list.kind != Tree::Kind::list) return std::nullopt;
  std::vector<std::string> words;
  for (const Tree& item : list.items) {
    if (item.kind != Tree::Kind::text) return std::nullopt;
    words.push_back(item.text);
  }
  return words;
}

}  // namespace

void read_program_question(TableReader& reader, CheckQuestion& question) {
  if (const auto program = reader.text("program", "the absolute path of a program")) {
    if (is_program(*program))
      question.program = *program;
    else
      reader.fail("program", fmt::format("{} is not an absolute path; give one that begins with /",
                                         reader.find("program")->quoted()));
  }
  const Tree* arguments = reader.find("arguments");
  if (arguments == nullptr) return;
  const auto words = words_of(*arguments);
  if (!words || words->size() > arguments_max || !std::all_of(words->begin(), words->end(), is_argument))
    return reader.fail("arguments", fmt::format("give a list of up to {} strings, of up to {} characters each",
                                                arguments_max, argument_bytes_max));
  question.arguments = *words;
}

std::optional<std::vector<std::string>> read_command(TableReader& reader, std::string_view key) {
  const Tree* value = reader.find(key);
  if (value == nullptr) return std::nullopt;
  auto words = value->kind == Tree::Kind::text ? std::vector{value->text} : words_of(*value);
  if (words && words->empty()) return words;
  if (words && words->size() <= 1 + arguments_max && is_program(words->front()) &&
      std::all_of(words->begin(), words->end(), is_argument))
    return words;
  reader.fail(key, fmt::format(R"({} is not a program; give its absolute path, "/usr/local/bin/hook", or a list of it )"
                               R"(and up to {} arguments; [] for none)",
                               value->quoted(), arguments_max));
  return std::nullopt;
}

}  // namespace guideway
