// SPDX-License-Identifier: Apache-2.0
// A document before anyone knows what it means: values with the lines they stand on, whether they came as TOML or as
// JSON. Readers know only this, so both languages have the same keys, checks and messages.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace guideway {

struct TreeEntry;

struct Tree {
  enum class Kind { null, boolean, integer, real, text, moment, list, table };

  Kind kind = Kind::null;
  bool boolean = false;
  std::int64_t integer = 0;
  double real = 0;
  std::string text;
  std::vector<Tree> items;
  std::vector<TreeEntry> entries;  // in the order of the file
  int line = 0;                    // 0: not from a file

  [[nodiscard]] const Tree* find(std::string_view key) const;
  // The value as a message quotes it: 70000, "abc", a list.
  [[nodiscard]] std::string quoted() const;
};

struct TreeEntry {
  std::string key;
  Tree value;
};

// Nothing in the language nests deeper; a document that does is refused before it can exhaust a stack.
inline constexpr int tree_depth_max = 12;

}  // namespace guideway
