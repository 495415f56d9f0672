// SPDX-License-Identifier: Apache-2.0
// A vector whose copies share their elements until one of them is changed: a configuration of 100,000 backends is
// copied in microseconds, and what a change has not touched is known by its address. Used as a std::vector; whatever
// may change elements (every access through an object that is not const) first makes them this copy's own.
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

namespace guideway {

template <typename T>
class SharedList {
 public:
  using value_type = T;
  using size_type = std::size_t;
  using difference_type = std::ptrdiff_t;
  using reference = T&;
  using const_reference = const T&;
  using iterator = typename std::vector<T>::iterator;
  using const_iterator = typename std::vector<T>::const_iterator;

  SharedList() = default;
  SharedList(std::initializer_list<T> values) : SharedList(std::vector<T>(values)) {}
  SharedList(std::vector<T> values) {
    if (!values.empty()) values_ = std::make_shared<std::vector<T>>(std::move(values));
  }

  [[nodiscard]] bool empty() const noexcept { return values_ == nullptr || values_->empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return values_ == nullptr ? 0 : values_->size(); }
  [[nodiscard]] const std::vector<T>& values() const noexcept { return values_ == nullptr ? none() : *values_; }
  operator const std::vector<T>&() const noexcept { return values(); }

  [[nodiscard]] const_iterator begin() const noexcept { return values().begin(); }
  [[nodiscard]] const_iterator end() const noexcept { return values().end(); }
  [[nodiscard]] const T& operator[](std::size_t at) const noexcept { return values()[at]; }
  [[nodiscard]] const T& at(std::size_t at) const { return values().at(at); }
  [[nodiscard]] const T& front() const noexcept { return values().front(); }
  [[nodiscard]] const T& back() const noexcept { return values().back(); }

  [[nodiscard]] iterator begin() { return own().begin(); }
  [[nodiscard]] iterator end() { return own().end(); }
  [[nodiscard]] T& operator[](std::size_t at) { return own()[at]; }
  [[nodiscard]] T& at(std::size_t at) { return own().at(at); }
  [[nodiscard]] T& front() { return own().front(); }
  [[nodiscard]] T& back() { return own().back(); }

  void push_back(T value) { own().push_back(std::move(value)); }
  void pop_back() { own().pop_back(); }
  void clear() noexcept { values_.reset(); }
  void reserve(std::size_t count) { own().reserve(count); }
  void resize(std::size_t count) { own().resize(count); }
  iterator erase(const_iterator at) { return own().erase(at); }
  iterator erase(const_iterator first, const_iterator last) { return own().erase(first, last); }
  iterator insert(const_iterator at, T value) { return own().insert(at, std::move(value)); }

  // Of the same elements, not merely of equal ones; certainly equal then.
  [[nodiscard]] bool shares_with(const SharedList& other) const noexcept { return values_ == other.values_; }
  friend bool operator==(const SharedList& a, const SharedList& b) {
    return a.shares_with(b) || a.values() == b.values();
  }

 private:
  [[nodiscard]] static const std::vector<T>& none() noexcept {
    static const std::vector<T> empty;
    return empty;
  }
  [[nodiscard]] std::vector<T>& own() {
    if (values_ == nullptr)
      values_ = std::make_shared<std::vector<T>>();
    else if (values_.use_count() != 1)
      values_ = std::make_shared<std::vector<T>>(*values_);
    return *values_;
  }
  std::shared_ptr<std::vector<T>> values_;
};

// In order, without making a copy of what is in order already.
template <typename T, typename Before>
void sort_shared(SharedList<T>& list, Before before) {
  const std::vector<T>& values = std::as_const(list).values();
  if (std::is_sorted(values.begin(), values.end(), before)) return;
  std::sort(list.begin(), list.end(), before);
}

}  // namespace guideway
