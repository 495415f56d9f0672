// SPDX-License-Identifier: Apache-2.0
// A ledger as texts: one for each pool and, under the empty name, one for all else. A text that did not change is the
// same object as before, so whoever keeps them on disk knows what is new. Copies share everything until one of them is
// changed: a thousand pools are copied at every change.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace guideway {

class LedgerTexts {
 public:
  using Text = std::shared_ptr<const std::string>;
  using ByPool = std::map<std::string, Text>;

  LedgerTexts() = default;
  LedgerTexts(std::initializer_list<ByPool::value_type> texts) : texts_(std::make_shared<ByPool>(texts)) {}

  [[nodiscard]] bool empty() const noexcept { return by_pool().empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return by_pool().size(); }
  [[nodiscard]] std::size_t count(const std::string& pool) const { return by_pool().count(pool); }
  [[nodiscard]] const Text& at(const std::string& pool) const { return by_pool().at(pool); }
  [[nodiscard]] ByPool::const_iterator begin() const noexcept { return by_pool().begin(); }
  [[nodiscard]] ByPool::const_iterator end() const noexcept { return by_pool().end(); }
  // Of the same texts, not merely of equal ones.
  [[nodiscard]] bool shares_with(const LedgerTexts& other) const noexcept { return texts_ == other.texts_; }

  void set(const std::string& pool, Text text) { own()[pool] = std::move(text); }
  void erase(const std::string& pool) {
    if (count(pool) != 0) own().erase(pool);
  }

 private:
  [[nodiscard]] const ByPool& by_pool() const noexcept {
    static const ByPool none;
    return texts_ == nullptr ? none : *texts_;
  }
  [[nodiscard]] ByPool& own() {
    if (texts_.use_count() != 1) texts_ = std::make_shared<ByPool>(by_pool());
    return *texts_;
  }

  std::shared_ptr<ByPool> texts_;  // null: none
};

}  // namespace guideway
