// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/table_reader.hh"

#include <algorithm>
#include <functional>

#include <fmt/core.h>

#include "controlplane/config/duration.hh"
#include "dataplane/base/check.hh"

namespace guideway {

void Reading::fail(const Place& place, const std::string& key, std::string message) {
  errors.push_back({place.file, place.line, key, std::move(message)});
}

void Reading::saw(std::string path, const std::string& file, const Tree& value) {
  if (files_.empty() || files_.back() != file) files_.push_back(file);
  seen_.push_back({std::move(path), &files_.back(), &value});
}

const Reading::Places& Reading::places() const {
  for (; placed_ < seen_.size(); ++placed_) {
    const Seen& seen = seen_[placed_];
    places_.emplace(seen.path, Place{*seen.file, seen.value->line});
    for (const TreeEntry& entry : seen.value->entries)
      places_.emplace(path_of_key(seen.path, entry.key), Place{*seen.file, entry.value.line});
  }
  return places_;
}

Place Reading::place_of(std::string_view key) const {
  for (;;) {
    if (const auto found = places().find(key); found != places().end()) return found->second;
    const std::size_t cut = key.find_last_of(".[");
    if (cut == std::string_view::npos) return {};
    key = key.substr(0, cut);
  }
}

TableReader::TableReader(Reading& reading, std::string file, const Tree& table, std::string path,
                         std::span<const std::string_view> keys)
    : reading_(reading),
      file_(std::move(file)),
      table_(table),
      path_(std::move(path)),
      keys_(keys),
      asked_(keys.size()) {
  reading_.saw(path_, file_, table_);
}

std::string path_of_key(const std::string& table, std::string_view key) {
  return table.empty() ? std::string(key) : fmt::format("{}.{}", table, key);
}

Place TableReader::place_of(std::string_view key) const {
  const Tree* value = table_.find(key);
  return {file_, value != nullptr && value->line != 0 ? value->line : table_.line};
}

void TableReader::fail(std::string_view key, std::string message) {
  reading_.fail(place_of(key), path_of(key), std::move(message));
}

const Tree* TableReader::find(std::string_view key) {
  const auto known = std::find(keys_.begin(), keys_.end(), key);
  check(known != keys_.end(), "a key is read that keys.hh does not list");
  asked_[static_cast<std::size_t>(known - keys_.begin())] = true;
  return table_.find(key);
}

std::optional<std::string> TableReader::text(std::string_view key, std::string_view what) {
  const Tree* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (value->kind == Tree::Kind::text) return value->text;
  fail(key, fmt::format("{} is not a string; give {}", value->quoted(), what));
  return std::nullopt;
}

std::optional<std::uint32_t> TableReader::integer(std::string_view key, std::uint32_t least, std::uint32_t most,
                                                  std::string_view what) {
  const Tree* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (value->kind != Tree::Kind::integer) {
    fail(key, fmt::format("{} is not an integer; give {}", value->quoted(), what));
  } else if (value->integer < static_cast<std::int64_t>(least)) {
    fail(key, fmt::format("{} is below {}; give {}", value->integer, least, what));
  } else if (value->integer > static_cast<std::int64_t>(most)) {
    fail(key, fmt::format("{} is above {}; give {}", value->integer, most, what));
  } else {
    return static_cast<std::uint32_t>(value->integer);
  }
  return std::nullopt;
}

std::optional<bool> TableReader::boolean(std::string_view key) {
  const Tree* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (value->kind == Tree::Kind::boolean) return value->boolean;
  fail(key, fmt::format("{} is neither true nor false; give one of the two, without quotes", value->quoted()));
  return std::nullopt;
}

std::optional<std::uint32_t> TableReader::duration_ms(std::string_view key, std::uint32_t least_ms,
                                                      std::uint32_t most_ms) {
  const Tree* value = find(key);
  if (value == nullptr) return std::nullopt;
  const std::string range =
      fmt::format("give a duration from {} to {}, such as \"{}\"", duration_text(least_ms), duration_text(most_ms),
                  std::clamp<std::uint32_t>(2000, least_ms, most_ms) == 2000 ? "2s" : duration_text(most_ms));
  if (value->kind != Tree::Kind::text) {
    fail(key, fmt::format("{} is not a string with a unit; {}", value->quoted(), range));
    return std::nullopt;
  }
  const auto parsed = parse_duration_ms(value->text);
  if (!parsed) {
    fail(key, fmt::format("{} is not a duration (units: ms, s, m, h); {}", value->quoted(), range));
  } else if (*parsed < least_ms || *parsed > most_ms) {
    fail(key, fmt::format("{} is too {}; {}", value->quoted(), *parsed < least_ms ? "short" : "long", range));
  } else {
    return parsed;
  }
  return std::nullopt;
}

std::optional<std::size_t> TableReader::choice_index(std::string_view key, const std::vector<std::string_view>& names) {
  const Tree* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (value->kind == Tree::Kind::text) {
    const auto found = std::find(names.begin(), names.end(), value->text);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  }
  std::string list;
  for (std::size_t i = 0; i < names.size(); ++i)
    list += fmt::format("{}\"{}\"", i == 0 ? "" : (i + 1 == names.size() ? " or " : ", "), names[i]);
  fail(key, fmt::format("{} is not known; give {}", value->quoted(), list));
  return std::nullopt;
}

void TableReader::finish() {
  for (const bool asked : asked_) check(asked, "keys.hh lists a key that is not read");
  for (const TreeEntry& entry : table_.entries) {
    if (std::find(keys_.begin(), keys_.end(), entry.key) != keys_.end()) continue;
    std::string message = "is not a known key";
    if (const auto meant = nearest(entry.key, keys_)) {
      message += fmt::format("; did you mean \"{}\"?", *meant);
    } else {
      message += "; known here:";
      for (const std::string_view key : keys_) message += fmt::format("{} {}", key == keys_.front() ? "" : ",", key);
    }
    Tree shown;
    shown.kind = Tree::Kind::text;
    shown.text = entry.key;
    const std::string quoted = shown.quoted();
    reading_.fail({file_, entry.value.line}, path_of(quoted.substr(1, quoted.size() - 2)), std::move(message));
  }
}

namespace {

// Letters to insert, drop, replace or swap with their neighbour to get from one word to the other.
std::size_t edits_between(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> table(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        table[i][j] = i + j;
        continue;
      }
      table[i][j] =
          std::min({table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        table[i][j] = std::min(table[i][j], table[i - 2][j - 2] + 1);
    }
  }
  return table[a.size()][b.size()];
}

}  // namespace

std::optional<std::string_view> nearest(std::string_view text, std::span<const std::string_view> candidates) {
  std::optional<std::string_view> best;
  std::size_t best_edits = 0;
  if (text.size() > 40) return best;
  for (const std::string_view candidate : candidates) {
    const std::size_t edits = edits_between(text, candidate);
    const std::size_t edits_max = candidate.size() <= 4 ? 1 : 2;
    if (edits > edits_max || (best && edits >= best_edits)) continue;
    best = candidate;
    best_edits = edits;
  }
  return best;
}

}  // namespace guideway
