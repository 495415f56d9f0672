// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/diff.hh"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "controlplane/config/json.hh"
#include "controlplane/config/same_names.hh"

namespace guideway {

std::string_view name_of(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::added:
      return "added";
    case ChangeKind::removed:
      return "removed";
    case ChangeKind::changed:
      return "changed";
  }
  return "changed";
}

std::string Change::line() const {
  const char sign = kind == ChangeKind::added ? '+' : (kind == ChangeKind::removed ? '-' : '~');
  return fmt::format("{} {}", sign, text);
}

namespace {

// A check is named by its kind.
std::string shown(const nlohmann::json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_object() && value.contains("type")) return shown(value.at("type"));
  if (!value.is_array()) return value.is_null() ? "none" : value.dump();
  std::string list;
  for (const auto& item : value) list += (list.empty() ? "" : ", ") + shown(item);
  return list.empty() ? "none" : list;
}

constexpr std::size_t list_shown_max = 8;

// Several checks, as many as before.
bool are_tables_in_pairs(const nlohmann::json& one, const nlohmann::json& other) {
  return one.is_array() && other.is_array() && one.size() == other.size() && !one.empty() && one.front().is_object() &&
         other.front().is_object();
}

bool is_long_list(const nlohmann::json& value) { return value.is_array() && value.size() > list_shown_max; }

// How a list of many changes: nobody reads two lines of a thousand prefixes.
std::string counted(const nlohmann::json& from, const nlohmann::json& to) {
  const auto set_of = [](const nlohmann::json& list) {
    return list.is_array() ? std::set<nlohmann::json>(list.begin(), list.end()) : std::set<nlohmann::json>{};
  };
  const auto entries = [](const nlohmann::json& list) {
    return list.is_array() && !list.empty() ? fmt::format("{} entries", list.size()) : std::string("none");
  };
  const auto before = set_of(from);
  const auto after = set_of(to);
  const auto missing_in = [](const auto& all, const auto& other) {
    return std::count_if(all.begin(), all.end(), [&](const auto& each) { return other.count(each) == 0; });
  };
  return fmt::format("{} -> {} ({} added, {} removed)", entries(from), entries(to), missing_in(after, before),
                     missing_in(before, after));
}

// Compares by the keys of the configuration itself, so a key that is added to the language is compared at once.
class Comparison {
 public:
  void compare_keys(const std::string& subject, const nlohmann::json& from, const nlohmann::json& to,
                    const std::set<std::string>& except) {
    std::set<std::string> keys;
    for (const auto& [key, value] : from.items()) keys.insert(key);
    for (const auto& [key, value] : to.items()) keys.insert(key);
    for (const std::string& key : keys) {
      if (except.count(key) != 0) continue;
      const nlohmann::json before = from.value(key, nlohmann::json());
      const nlohmann::json after = to.value(key, nlohmann::json());
      if (before == after) continue;
      if (before.is_object() && after.is_object())
        compare_keys(fmt::format("{} {}", subject, key), before, after, {});
      else if (are_tables_in_pairs(before, after))
        for (std::size_t i = 0; i < before.size(); ++i)
          compare_keys(fmt::format("{} {}[{}]", subject, key, i + 1), before[i], after[i], {});
      else if (is_long_list(before) || is_long_list(after))
        note(ChangeKind::changed, fmt::format("{} {} {}", subject, key, counted(before, after)));
      else
        note(ChangeKind::changed, fmt::format("{} {} {} -> {}", subject, key, shown(before), shown(after)));
    }
  }

  void note(ChangeKind kind, std::string text) { changes_.push_back({kind, std::move(text)}); }
  [[nodiscard]] std::vector<Change> take() { return std::move(changes_); }

 private:
  std::vector<Change> changes_;
};

template <typename T>
std::map<std::string, const T*> by_name(const SharedList<T>& values) {
  std::map<std::string, const T*> result;
  for (const T& value : values) result.emplace(value.name, &value);
  return result;
}

// What both sides have is handed to `both`.
template <typename T, typename Both>
void compare_sets(Comparison& comparison, const std::string& noun, const SharedList<T>& from, const SharedList<T>& to,
                  const Both& both) {
  if (from.shares_with(to)) return;
  if (has_same_names(from, to)) {
    for (std::size_t i = 0; i < to.size(); ++i) {
      if (!(from[i] == to[i])) both(from[i], to[i]);
    }
    return;
  }
  const auto before = by_name(from);
  const auto after = by_name(to);
  for (const auto& [name, value] : before) {
    if (after.count(name) == 0) comparison.note(ChangeKind::removed, fmt::format("{} {}", noun, name));
  }
  for (const auto& [name, value] : after) {
    const auto old = before.find(name);
    if (old == before.end())
      comparison.note(ChangeKind::added, fmt::format("{} {}", noun, name));
    else if (!(*old->second == *value))
      both(*old->second, *value);
  }
}

// They are compared one by one.
nlohmann::json without_backends(PoolConfig pool) {
  pool.backends.clear();
  return to_json(pool);
}

}  // namespace

std::vector<Change> diff(const Config& from, const Config& to) {
  Comparison comparison;
  if (from.hash_key != to.hash_key)
    comparison.note(ChangeKind::changed, "hash_key (every flow is hashed anew; established flows may break)");
  comparison.compare_keys("setting", settings_json(from), settings_json(to), {"hash_key"});
  compare_sets(comparison, "service", from.services, to.services,
               [&](const ServiceConfig& before, const ServiceConfig& after) {
                 comparison.compare_keys("service " + after.name + ":", to_json(before), to_json(after), {});
               });
  compare_sets(comparison, "pool", from.pools, to.pools, [&](const PoolConfig& before, const PoolConfig& after) {
    const std::string subject = "pool " + after.name + ":";
    comparison.compare_keys(subject, without_backends(before), without_backends(after), {});
    compare_sets(comparison, subject + " backend", before.backends, after.backends,
                 [&](const BackendConfig& old_backend, const BackendConfig& new_backend) {
                   comparison.compare_keys(fmt::format("{} backend {}", subject, new_backend.name),
                                           to_json(old_backend), to_json(new_backend), {});
                 });
  });
  return comparison.take();
}

nlohmann::json to_json(const Change& change) { return {{"kind", name_of(change.kind)}, {"text", change.text}}; }

}  // namespace guideway
