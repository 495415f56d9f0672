// SPDX-License-Identifier: Apache-2.0
// The connections of one server, bounded in number. When all places are taken, one that only waits for its client makes
// room: the longest waiting of the user (or certificate) who holds most. So neither a crowd of idle clients nor slow
// ones keep others out, and no user keeps out another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>

namespace guideway {

class OpenConnections {
 public:
  using Number = std::uint64_t;

  explicit OpenConnections(std::size_t most) : most_(most) {}

  // False if every place is taken by a request that is being answered.
  [[nodiscard]] bool make_room();
  // `holder`: whose places count together. `hang_up` must end in remove(), at once or later.
  [[nodiscard]] Number add(std::uint64_t holder, std::function<void()> hang_up);
  void remove(Number number) { open_.erase(number); }
  // It waits for its client from now on; or an operation works for it.
  void waits(Number number);
  void works(Number number);

  [[nodiscard]] std::size_t count() const noexcept { return open_.size(); }

 private:
  struct One {
    std::uint64_t holder = 0;
    std::uint64_t waiting_since = 0;  // a number that grows; 0: an operation works for it
    std::function<void()> hang_up;
  };
  std::size_t most_;
  Number last_ = 0;
  std::uint64_t time_ = 0;
  std::map<Number, One> open_;
};

}  // namespace guideway
