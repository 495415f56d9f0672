// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/json_tree.hh"

#include <limits>

#include <nlohmann/json.hpp>

namespace guideway {
namespace {

bool is_too_large(const nlohmann::json& number) {
  return number.is_number_unsigned() &&
         number.get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
}

bool fill(Tree& tree, const nlohmann::json& document, int depth) {
  if (depth > tree_depth_max) return false;
  if (document.is_boolean()) {
    tree.kind = Tree::Kind::boolean;
    tree.boolean = document.get<bool>();
  } else if (document.is_number_integer() && !is_too_large(document)) {
    tree.kind = Tree::Kind::integer;
    tree.integer = document.get<std::int64_t>();
  } else if (document.is_number()) {
    tree.kind = Tree::Kind::real;
    tree.real = document.get<double>();
  } else if (document.is_string()) {
    tree.kind = Tree::Kind::text;
    tree.text = document.get<std::string>();
  } else if (document.is_array()) {
    tree.kind = Tree::Kind::list;
    for (const auto& item : document) {
      if (!fill(tree.items.emplace_back(), item, depth + 1)) return false;
    }
  } else if (document.is_object()) {
    tree.kind = Tree::Kind::table;
    for (const auto& [key, value] : document.items()) {
      if (!fill(tree.entries.emplace_back(TreeEntry{key, {}}).value, value, depth + 1)) return false;
    }
  }
  return true;
}

}  // namespace

Result<Tree> tree_of_json(const nlohmann::json& document) {
  Tree tree;
  if (!fill(tree, document, 0)) return failure("the JSON nests deeper than any configuration does");
  return tree;
}

}  // namespace guideway
