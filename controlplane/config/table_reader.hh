// SPDX-License-Identifier: Apache-2.0
// Reads one table key by key: types, ranges, choices, and at the end every key that nobody knows, with the nearest one
// that exists. Mistakes are collected, with their places; a reader always goes on, so that one run finds them all.
#pragma once

#include <cstdint>
#include <deque>
#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controlplane/config/config_error.hh"
#include "controlplane/config/tree.hh"

namespace guideway {

struct Place {
  std::string file;
  int line = 0;
};

// One run of loading: what went wrong, and what was read, so that the checks that come later can tell where it stands.
// Values that were seen live as long as this.
class Reading {
 public:
  ConfigErrors errors;

  void fail(const Place& place, const std::string& key, std::string message);
  // A value was read, and the keys of a table. Of two of one path the first counts.
  void saw(std::string path, const std::string& file, const Tree& value);
  [[nodiscard]] bool stands(std::string_view key) const { return places().count(key) != 0; }
  // Where a key stands, or the innermost table around it that stands anywhere.
  [[nodiscard]] Place place_of(std::string_view key) const;

 private:
  struct Seen {
    std::string path;
    const std::string* file;
    const Tree* value;
  };
  using Places = std::map<std::string, Place, std::less<>>;
  // Made when it is first asked for: most configurations have no mistake.
  [[nodiscard]] const Places& places() const;

  std::deque<std::string> files_;
  std::vector<Seen> seen_;
  mutable Places places_;
  mutable std::size_t placed_ = 0;  // of `seen_`
};

// Of a key of the table of that path; that of the whole document is empty.
[[nodiscard]] std::string path_of_key(const std::string& table, std::string_view key);

class TableReader {
 public:
  TableReader(Reading& reading, std::string file, const Tree& table, std::string path,
              std::span<const std::string_view> keys);

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] const std::string& file() const noexcept { return file_; }
  [[nodiscard]] Reading& reading() noexcept { return reading_; }
  [[nodiscard]] std::string path_of(std::string_view key) const { return path_of_key(path_, key); }
  [[nodiscard]] Place place_of(std::string_view key) const;
  void fail(std::string_view key, std::string message);

  // The value of a key, or nullptr. Every listed key must be asked for before finish().
  const Tree* find(std::string_view key);
  [[nodiscard]] bool has(std::string_view key) const { return table_.find(key) != nullptr; }

  // Each of these: nothing if the key is absent, or if its value is wrong, which has then been noted.
  std::optional<std::string> text(std::string_view key, std::string_view what);
  std::optional<std::uint32_t> integer(std::string_view key, std::uint32_t least, std::uint32_t most,
                                       std::string_view what);
  std::optional<bool> boolean(std::string_view key);
  std::optional<std::uint32_t> duration_ms(std::string_view key, std::uint32_t least_ms, std::uint32_t most_ms);
  template <typename T>
  std::optional<T> choice(std::string_view key, std::initializer_list<std::pair<std::string_view, T>> choices) {
    std::vector<std::string_view> names;
    for (const auto& [name, value] : choices) names.push_back(name);
    const auto index = choice_index(key, names);
    if (!index) return std::nullopt;
    return (choices.begin() + *index)->second;
  }

  // Which of the names it is.
  std::optional<std::size_t> choice_index(std::string_view key, const std::vector<std::string_view>& names);

  // Notes every key of the table that is not listed.
  void finish();

 private:
  Reading& reading_;
  std::string file_;
  const Tree& table_;
  std::string path_;
  std::span<const std::string_view> keys_;
  std::vector<bool> asked_;
};

// The candidate that a person most likely meant, if one is near enough.
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view text,
                                                      std::span<const std::string_view> candidates);

}  // namespace guideway
