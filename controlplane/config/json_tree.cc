// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/json_tree.hh"

#include <limits>

#include <nlohmann/json.hpp>

namespace guideway {
namespace {

bool is_too_large(const nlohmann::json& json) {
  return json.is_number_unsigned() &&
         json.get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
}

bool fill(Tree& tree, const nlohmann::json& json, int depth) {
  if (depth > tree_depth_max) return false;
  if (json.is_boolean()) {
    tree.kind = Tree::Kind::boolean;
    tree.boolean = json.get<bool>();
  } else if (json.is_number_integer() && !is_too_large(json)) {
    tree.kind = Tree::Kind::integer;
    tree.integer = json.get<std::int64_t>();
  } else if (json.is_number()) {
    tree.kind = Tree::Kind::real;
    tree.real = json.get<double>();
  } else if (json.is_string()) {
    tree.kind = Tree::Kind::text;
    tree.text = json.get<std::string>();
  } else if (json.is_array()) {
    tree.kind = Tree::Kind::list;
    for (const auto& item : json) {
      if (!fill(tree.items.emplace_back(), item, depth + 1)) return false;
    }
  } else if (json.is_object()) {
    tree.kind = Tree::Kind::table;
    for (const auto& [key, value] : json.items()) {
      if (!fill(tree.entries.emplace_back(TreeEntry{key, {}}).value, value, depth + 1)) return false;
    }
  }
  return true;
}

}  // namespace

Result<Tree> tree_of_json(const nlohmann::json& json) {
  Tree tree;
  if (!fill(tree, json, 0)) return failure("the JSON nests deeper than any configuration does");
  return tree;
}

}  // namespace guideway
