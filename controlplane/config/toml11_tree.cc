// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/toml11_tree.hh"

#include <algorithm>
#include <exception>
#include <map>
#include <sstream>
#include <string_view>
#include <vector>

#include <toml.hpp>

namespace guideway {
namespace {

using TomlValue = toml::basic_value<toml::discard_comments, std::map, std::vector>;

// Lines by offset. toml11 counts newlines from the beginning of the file for every value it is asked about.
class Lines {
 public:
  Lines(std::string_view text, int first_line) : first_line_(first_line) {
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (text[at] == '\n') newlines_.push_back(at);
    }
  }

  [[nodiscard]] int of(const TomlValue& value) const {
    const auto* region = dynamic_cast<const toml::detail::region*>(toml::detail::get_region(value));
    if (region == nullptr) return 0;
    const auto offset = static_cast<std::size_t>(region->first() - region->begin());
    const auto before = std::lower_bound(newlines_.begin(), newlines_.end(), offset) - newlines_.begin();
    return static_cast<int>(before) + first_line_;
  }

 private:
  int first_line_;
  std::vector<std::size_t> newlines_;
};

Tree tree_of(const TomlValue& value, const Lines& lines);

void fill_table(Tree& tree, const TomlValue& value, const Lines& lines) {
  for (const auto& [key, member] : value.as_table()) tree.entries.push_back({key, tree_of(member, lines)});
  std::stable_sort(tree.entries.begin(), tree.entries.end(),
                   [](const TreeEntry& a, const TreeEntry& b) { return a.value.line < b.value.line; });
}

Tree tree_of(const TomlValue& value, const Lines& lines) {
  Tree tree;
  tree.line = lines.of(value);
  if (value.is_boolean()) {
    tree.kind = Tree::Kind::boolean;
    tree.boolean = value.as_boolean();
  } else if (value.is_integer()) {
    tree.kind = Tree::Kind::integer;
    tree.integer = value.as_integer();
  } else if (value.is_floating()) {
    tree.kind = Tree::Kind::real;
    tree.real = value.as_floating();
  } else if (value.is_string()) {
    tree.kind = Tree::Kind::text;
    tree.text = value.as_string().str;
  } else if (value.is_array()) {
    tree.kind = Tree::Kind::list;
    for (const TomlValue& item : value.as_array()) tree.items.push_back(tree_of(item, lines));
    // An array of tables has no place of its own: it begins where its first table does.
    if (!tree.items.empty() && tree.items.front().kind == Tree::Kind::table) tree.line = tree.items.front().line;
  } else if (value.is_table()) {
    tree.kind = Tree::Kind::table;
    fill_table(tree, value, lines);
  } else if (!value.is_uninitialized()) {
    tree.kind = Tree::Kind::moment;
  }
  return tree;
}

// toml11 explains over several lines with a drawing; the first line says what, and the drawing's notes say where.
std::string first_sentence(std::string_view what) {
  std::string_view line = what.substr(0, what.find('\n'));
  for (const std::string_view prefix : {"[error] ", "toml::"}) {
    if (line.substr(0, prefix.size()) == prefix) line.remove_prefix(prefix.size());
  }
  // The name of the function that found it: "parse_array: ".
  const std::size_t colon = line.find(": ");
  if (colon != std::string_view::npos && line.substr(0, colon).find(' ') == std::string_view::npos)
    line.remove_prefix(colon + 2);
  if (line.find("an invalid key appeared") != std::string_view::npos)
    return "a key is expected here (letters, digits, '-' and '_'; a table in braces stays on one line)";
  std::string sentence;
  for (const char c : line.substr(0, 200)) sentence += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  return sentence;
}

// The last line that toml11's drawing points at ("12 | value = ..."): where two are drawn, the second is the mistake.
int drawn_line(std::string_view what, int otherwise) {
  std::istringstream lines{std::string(what)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    int number = 0;
    std::string bar;
    if (words >> number >> bar && bar == "|" && number > 0) otherwise = number;
  }
  return otherwise;
}

ConfigError error_of(const std::exception& problem, int line, const std::string& name) {
  return {name, drawn_line(problem.what(), line), "", "is not valid TOML: " + first_sentence(problem.what())};
}

}  // namespace

tl::expected<Tree, ConfigError> toml11_tree(const TomlPart& part, const std::string& name) {
  std::istringstream stream{std::string(part.text)};
  try {
    const auto value = toml::parse<toml::discard_comments, std::map, std::vector>(stream, name);
    Tree tree = tree_of(value, Lines(part.text, part.first_line));
    tree.line = 1;
    return tree;
  } catch (const toml::exception& problem) {
    return tl::unexpected(error_of(problem, static_cast<int>(problem.location().line()), name));
  } catch (const std::exception& problem) {
    return tl::unexpected(error_of(problem, 0, name));
  }
}

}  // namespace guideway
