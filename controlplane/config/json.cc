// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/json.hh"

#include <algorithm>
#include <utility>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "controlplane/config/document.hh"
#include "controlplane/config/draft.hh"
#include "controlplane/config/json_tree.hh"

namespace guideway {
namespace {

const PoolConfig* find_pool(const Config& config, const std::string& name) {
  const auto found =
      std::find_if(config.pools.begin(), config.pools.end(), [&](const PoolConfig& pool) { return pool.name == name; });
  return found == config.pools.end() ? nullptr : &*found;
}

}  // namespace

Result<ServiceAndPool> service_from_json(const nlohmann::json& json, const Config& config) {
  const auto tree = tree_of_json(json);
  if (!tree) return failure_of(tree);
  if (tree->kind != Tree::Kind::table) return failure("service: give an object with the keys of a [[service]]");
  Reading reading;
  auto draft = read_service(reading, "", *tree, 1, DefaultsDraft{});
  if (!draft || !reading.errors.empty()) return failure(text_of(reading.errors));
  std::vector<ServiceConfig> services = config.services;
  services.push_back(draft->config);
  if (!draft->pool) {
    const PoolConfig* existing = find_pool(config, draft->config.pool);
    if (existing == nullptr)
      return failure(fmt::format("service.{}.pool: there is no pool {}; name one that exists, or list backends",
                                 draft->config.name, draft->config.pool));
    draft->pool = draft_of(*existing);
  }
  ServiceAndPool result{draft->config, resolve(reading, std::move(*draft->pool), services, backup_pools(config.pools))};
  if (!reading.errors.empty()) return failure(text_of(reading.errors));
  return result;
}

Result<BackendConfig> backend_from_json(const nlohmann::json& json, const std::string& pool, const Config& config) {
  const auto tree = tree_of_json(json);
  if (!tree) return failure_of(tree);
  const PoolConfig* existing = find_pool(config, pool);
  if (existing == nullptr) return failure(fmt::format("there is no pool {}", pool));
  PoolDraft draft = draft_of(*existing);
  draft.backends.clear();
  Reading reading;
  auto backend = read_backend(reading, "", *tree, draft.path + ".backends", draft);
  if (!backend || !reading.errors.empty()) return failure(text_of(reading.errors));
  draft.backends.push_back(std::move(*backend));
  PoolConfig resolved = resolve(reading, std::move(draft), config.services, backup_pools(config.pools));
  if (!reading.errors.empty()) return failure(text_of(reading.errors));
  return resolved.backends.front();
}

Result<Config> config_from_json(const nlohmann::json& json) {
  auto tree = tree_of_json(json);
  if (!tree) return failure_of(tree);
  if (tree->kind != Tree::Kind::table) return failure("a configuration is a JSON object");
  const auto refuse = [](const std::string&) -> tl::expected<std::vector<Document>, ConfigErrors> {
    return tl::unexpected(ConfigErrors{{"", 0, "", "is not possible in JSON; write it out"}});
  };
  auto config = config_of({"", std::move(*tree)}, refuse);
  if (!config) return failure(text_of(config.error()));
  return std::move(*config);
}

}  // namespace guideway
