// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/document.hh"

#include <algorithm>
#include <map>
#include <tuple>

#include <fmt/core.h>

#include "controlplane/config/draft.hh"
#include "controlplane/config/keys.hh"
#include "controlplane/config/read_top.hh"
#include "controlplane/config/validate.hh"

namespace guideway {
namespace {

class Assembly {
 public:
  tl::expected<Config, ConfigErrors> run(const Document& main, const Includer& include) {
    const std::vector<Document> included = read_main(main, include);
    DefaultsDraft outer;
    read_body(main, outer);
    for (const Document& document : included) {
      TableReader reader(reading_, document.file, document.root, "", keys::top);
      refuse_top(reader);
      ask_for_body(reader);
      reader.finish();
      DefaultsDraft defaults = outer;
      read_body(document, defaults);
    }
    // Only what was read without a mistake is worth checking as a whole: the rest would be blamed for what is missing.
    if (reading_.errors.empty()) resolve_pools();
    if (reading_.errors.empty()) check_the_whole();
    if (reading_.errors.empty()) return std::move(config_);
    std::stable_sort(reading_.errors.begin(), reading_.errors.end(), [](const ConfigError& a, const ConfigError& b) {
      return std::tie(a.file, a.line) < std::tie(b.file, b.line);
    });
    return tl::unexpected(std::move(reading_.errors));
  }

 private:
  void resolve_pools() {
    BackupPools backups;
    for (const PoolDraft& pool : pools_) {
      if (!pool.config.backup_pool.empty()) backups[pool.config.name] = pool.config.backup_pool;
    }
    // Each pool is shown its own services only: ten thousand pools times ten thousand services would take long.
    std::map<std::string, std::vector<ServiceConfig>> services;
    for (const ServiceConfig& service : config_.services) {
      for (const std::string& pool : backup_chain(backups, service.pool)) services[pool].push_back(service);
    }
    for (PoolDraft& pool : pools_) {
      const std::vector<ServiceConfig>& users = services[pool.config.name];
      config_.pools.push_back(resolve(reading_, std::move(pool), users, backups));
    }
    sort_by_name(config_);
  }

  static void ask_for_body(TableReader& reader) {
    for (const std::string_view key : {"defaults", "service", "pool"}) reader.find(key);
  }

  std::vector<Document> read_main(const Document& main, const Includer& include) {
    TableReader reader(reading_, main.file, main.root, "", keys::top);
    std::vector<Document> included;
    for (const std::string& pattern : read_top(reader, config_)) {
      auto documents = include(pattern);
      if (documents) {
        for (Document& document : *documents) included.push_back(std::move(document));
        continue;
      }
      for (ConfigError& error : documents.error()) {
        if (error.file.empty()) {
          reader.fail("include", error.message);
        } else {
          reading_.errors.push_back(std::move(error));
        }
      }
    }
    ask_for_body(reader);
    reader.finish();
    return included;
  }

  // Services and pools of one file. `defaults` becomes what the file's [defaults] make of it.
  void read_body(const Document& document, DefaultsDraft& defaults) {
    if (const Tree* table = document.root.find("defaults"))
      defaults = read_defaults(reading_, document.file, *table, defaults);
    for_each(document, "service", [&](const Tree& value, std::size_t ordinal) {
      auto service = read_service(reading_, document.file, value, ordinal, defaults);
      if (!service) return;
      if (!note_name("service", service->config.name, document.file, value)) return;
      config_.services.push_back(service->config);
      if (service->pool) add_pool(std::move(*service->pool), document.file, value);
    });
    for_each(document, "pool", [&](const Tree& value, std::size_t ordinal) {
      auto pool = read_pool(reading_, document.file, value, ordinal, defaults);
      if (pool) add_pool(std::move(*pool), document.file, value);
    });
  }

  template <typename Read>
  void for_each(const Document& document, const std::string& key, const Read& read) {
    const Tree* list = document.root.find(key);
    if (list == nullptr) return;
    if (list->kind != Tree::Kind::list) {
      reading_.fail({document.file, list->line}, key, fmt::format("is not a list of tables; write [[{}]]", key));
      return;
    }
    std::size_t ordinal = 0;
    for (const Tree& value : list->items) {
      ++ordinal;
      if (value.kind == Tree::Kind::table)
        read(value, ordinal);
      else
        reading_.fail({document.file, value.line}, fmt::format("{}[{}]", key, ordinal),
                      fmt::format("{} is not a table; write [[{}]]", value.quoted(), key));
    }
  }

  void add_pool(PoolDraft pool, const std::string& file, const Tree& value) {
    if (!note_name("pool", pool.config.name, file, value)) return;
    pool_paths_.emplace(pool.config.name, pool.path);
    pools_.push_back(std::move(pool));
  }

  // False if the name is taken, which is then noted.
  bool note_name(const std::string& kind, const std::string& name, const std::string& file, const Tree& value) {
    const Tree* named = value.find("name");
    const Place place{file, named != nullptr ? named->line : value.line};
    const auto [first, is_new] = names_.emplace(kind + "." + name, place);
    if (is_new) return true;
    const std::string key = fmt::format("{}.{}.name", kind, name);
    reading_.fail(
        place, key,
        fmt::format("{} {} exists already{}; give one of the two another name", kind, name,
                    first->second.line == 0 ? "" : fmt::format(" ({}:{})", first->second.file, first->second.line)));
    return false;
  }

  // The pool of a service that lists its backends is written under the service. Names may hold dots, so of two pools
  // that fit, the longer name is meant.
  [[nodiscard]] std::string as_written(const std::string& key) const {
    std::string result = key;
    std::size_t longest = 0;
    for (const auto& [name, path] : pool_paths_) {
      const std::string canonical = fmt::format("pool.{}", name);
      const bool fits = key.compare(0, canonical.size(), canonical) == 0 &&
                        (key.size() == canonical.size() || key[canonical.size()] == '.');
      if (!fits || canonical.size() < longest) continue;
      longest = canonical.size();
      result = path + key.substr(longest);
    }
    return result;
  }

  void check_the_whole() {
    for (const Finding& finding : cross_check(config_)) {
      std::string key = as_written(finding.key);
      // One address may stand under a key of its own.
      const std::string single = key.substr(0, key.size() - std::min<std::size_t>(key.size(), 2));
      if (key.ends_with(".addresses") && !reading_.stands(key) && reading_.stands(single)) key = single;
      reading_.fail(reading_.place_of(key), key, finding.message);
    }
  }

  Reading reading_;
  Config config_;
  std::vector<PoolDraft> pools_;
  std::map<std::string, std::string> pool_paths_;
  std::map<std::string, Place> names_;
};

}  // namespace

tl::expected<Config, ConfigErrors> config_of(const Document& main, const Includer& include) {
  return Assembly().run(main, include);
}

}  // namespace guideway
