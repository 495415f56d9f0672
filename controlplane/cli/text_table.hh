// SPDX-License-Identifier: Apache-2.0
// A table for a terminal: columns as wide as their widest cell, numbers to the right, nothing behind the last column.
#pragma once

#include <string>
#include <vector>

namespace guideway {

class TextTable {
 public:
  enum class Align { left, right };
  struct Column {
    std::string title;
    Align align = Align::left;
  };

  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void add_row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  [[nodiscard]] bool empty() const noexcept { return rows_.empty(); }
  [[nodiscard]] std::string text() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

constexpr auto right = TextTable::Align::right;  // of numbers, and so of most columns

}  // namespace guideway
