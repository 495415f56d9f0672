// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/toml_parts.hh"

#include <algorithm>
#include <iterator>
#include <utility>

namespace guideway {
namespace {

bool begins_entry(std::string_view line) {
  return line.substr(0, 11) == "[[service]]" || line.substr(0, 8) == "[[pool]]";
}

bool is_continued(const std::string& key) { return key == "service" || key == "pool"; }

bool is_list_of_tables(const Tree& tree) {
  return tree.kind == Tree::Kind::list && std::all_of(tree.items.begin(), tree.items.end(),
                                                      [](const Tree& item) { return item.kind == Tree::Kind::table; });
}

// Whether it could be added.
bool add(Tree& whole, TreeEntry&& entry) {
  const auto known = std::find_if(whole.entries.begin(), whole.entries.end(),
                                  [&](const TreeEntry& each) { return each.key == entry.key; });
  if (known == whole.entries.end()) {
    whole.entries.push_back(std::move(entry));
    return true;
  }
  if (!is_continued(entry.key)) return false;
  std::vector<Tree>& items = known->value.items;
  items.insert(items.end(), std::make_move_iterator(entry.value.items.begin()),
               std::make_move_iterator(entry.value.items.end()));
  return true;
}

}  // namespace

std::vector<TomlPart> toml_parts(std::string_view text, std::size_t bytes_min) {
  std::vector<TomlPart> parts{{text, 1}};
  std::size_t begin = 0;
  int line = 1;
  for (std::size_t at = 0; at < text.size(); ++line) {
    const bool is_long_enough = parts.size() == 1 || at - begin >= bytes_min;
    if (is_long_enough && begins_entry(text.substr(at, 11))) {
      parts.back().text = text.substr(begin, at - begin);
      begin = at;
      parts.push_back({text.substr(begin), line});
    }
    const std::size_t end = text.find('\n', at);
    at = end == std::string_view::npos ? text.size() : end + 1;
  }
  return parts;
}

std::optional<Tree> join_parts(std::vector<Tree> parts) {
  Tree whole;
  whole.kind = Tree::Kind::table;
  whole.line = 1;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    for (TreeEntry& entry : parts[i].entries) {
      // Before the first header such a list is a value, which no header may continue.
      if (is_continued(entry.key) && (i == 0 || !is_list_of_tables(entry.value))) return std::nullopt;
      if (!add(whole, std::move(entry))) return std::nullopt;
    }
  }
  return whole;
}

}  // namespace guideway
