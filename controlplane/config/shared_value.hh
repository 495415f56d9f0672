// SPDX-License-Identifier: Apache-2.0
// A value whose copies share it until one of them is changed, as SharedList does with a vector: for what is large,
// copied and compared often, and seldom changed.
#pragma once

#include <memory>
#include <utility>

namespace guideway {

template <typename T>
class SharedValue {
 public:
  SharedValue() = default;
  SharedValue(T value) : value_(std::make_shared<T>(std::move(value))) {}

  [[nodiscard]] const T& operator*() const noexcept { return value_ == nullptr ? initial() : *value_; }
  [[nodiscard]] const T* operator->() const noexcept { return &**this; }
  // To be changed: this copy's own from now on.
  [[nodiscard]] T& own() {
    if (value_.use_count() != 1) value_ = std::make_shared<T>(**this);
    return *value_;
  }
  friend bool operator==(const SharedValue& a, const SharedValue& b) { return a.value_ == b.value_ || *a == *b; }

 private:
  [[nodiscard]] static const T& initial() noexcept {
    static const T value{};
    return value;
  }
  std::shared_ptr<T> value_;  // null: as a T begins
};

}  // namespace guideway
