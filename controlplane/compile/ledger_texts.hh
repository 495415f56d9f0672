// SPDX-License-Identifier: Apache-2.0
// A ledger as texts: one for each pool and, under the empty name, one for all else. A text that did not change is the
// same object as before, so whoever keeps them on disk knows what is new. Copies share all but the part that one of
// them changes: every change of a thousand pools copies them, and asks what is other than before.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace guideway {

class LedgerTexts {
 public:
  using Text = std::shared_ptr<const std::string>;

  LedgerTexts() = default;
  LedgerTexts(std::initializer_list<std::pair<const char*, Text>> texts) {
    for (const auto& [pool, text] : texts) set(pool, text);
  }

  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  [[nodiscard]] std::size_t size() const noexcept {
    std::size_t size = 0;
    for (const Part& part : parts_) size += texts_of(part).size();
    return size;
  }
  [[nodiscard]] std::size_t count(const std::string& pool) const { return texts_of(part_of(pool)).count(pool); }
  [[nodiscard]] const Text& at(const std::string& pool) const { return texts_of(part_of(pool)).at(pool); }

  void set(const std::string& pool, Text text) { own(pool)[pool] = std::move(text); }
  void erase(const std::string& pool) {
    if (count(pool) != 0) own(pool).erase(pool);
  }

  // In no order.
  template <typename Tell>
  void for_each(const Tell& tell) const {
    for (const Part& part : parts_) {
      for (const auto& [pool, text] : texts_of(part)) tell(pool, text);
    }
  }
  // The texts that `before` has not, or has otherwise, and null for those that only `before` has.
  template <typename Tell>
  void for_each_other_than(const LedgerTexts& before, const Tell& tell) const {
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (parts_[i] == before.parts_[i]) continue;
      const Texts& now = texts_of(parts_[i]);
      const Texts& then = texts_of(before.parts_[i]);
      for (const auto& [pool, text] : now) {
        const auto found = then.find(pool);
        if (found == then.end() || (found->second != text && *found->second != *text)) tell(pool, text);
      }
      for (const auto& [pool, text] : then) {
        if (now.count(pool) == 0) tell(pool, Text());
      }
    }
  }

 private:
  using Texts = std::map<std::string, Text>;
  using Part = std::shared_ptr<Texts>;  // null: none
  static constexpr std::size_t part_count = 64;

  [[nodiscard]] static std::size_t number_of(const std::string& pool) {
    return std::hash<std::string>{}(pool) % part_count;
  }
  [[nodiscard]] const Part& part_of(const std::string& pool) const { return parts_[number_of(pool)]; }
  [[nodiscard]] static const Texts& texts_of(const Part& part) noexcept {
    static const Texts none;
    return part == nullptr ? none : *part;
  }
  [[nodiscard]] Texts& own(const std::string& pool) {
    Part& part = parts_[number_of(pool)];
    if (part.use_count() != 1) part = std::make_shared<Texts>(texts_of(part));
    return *part;
  }

  std::array<Part, part_count> parts_;
};

}  // namespace guideway
