// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/toml_tree.hh"

#include <atomic>
#include <optional>
#include <utility>
#include <vector>

#include "controlplane/config/plain_toml.hh"
#include "controlplane/config/raw_text.hh"
#include "controlplane/config/toml11_tree.hh"
#include "controlplane/config/toml_parts.hh"
#include "dataplane/base/in_parallel.hh"

namespace guideway {
namespace {

// Of a part that a thread parses by itself.
constexpr std::size_t part_bytes_min = 128U << 10U;

tl::expected<Tree, ConfigError> parsed(const TomlPart& part, const std::string& name) {
  auto plain = plain_toml_tree(part);
  if (plain) return std::move(*plain);
  return toml11_tree(part, name);
}

// Nothing if a mistake is to be told, or if the whole must be seen to know whether there is one.
std::optional<Tree> parse_parts(std::string_view text, const std::string& name) {
  const std::vector<TomlPart> parts = toml_parts(text, part_bytes_min);
  std::vector<Tree> trees(parts.size());
  std::atomic<bool> is_mistaken{false};
  in_parallel(parts.size(), [&](std::size_t i) {
    if (is_mistaken) return;
    auto tree = parsed(parts[i], name);
    if (tree)
      trees[i] = std::move(*tree);
    else
      is_mistaken = true;
  });
  return is_mistaken ? std::nullopt : join_parts(std::move(trees));
}

}  // namespace

tl::expected<Tree, ConfigError> parse_toml(std::string_view text, const std::string& name) {
  if (text.size() > config_bytes_max)
    return tl::unexpected(ConfigError{name, 0, "", "is larger than 64 MB; split it with include"});
  if (const auto fault = find_character_fault(text))
    return tl::unexpected(ConfigError{name, fault->line, "", fault->message});
  if (const auto fault = find_line_fault(text, line_bytes_max))
    return tl::unexpected(ConfigError{name, fault->line, "", fault->message});
  if (const auto fault = find_nesting_fault(text, tree_depth_max))
    return tl::unexpected(ConfigError{name, fault->line, "", fault->message});
  if (text.size() >= 2 * part_bytes_min) {
    if (auto tree = parse_parts(text, name)) return std::move(*tree);
  }
  return parsed({text, 1}, name);
}

}  // namespace guideway
