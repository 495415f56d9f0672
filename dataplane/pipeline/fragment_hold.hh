// SPDX-License-Identifier: Apache-2.0
// Later fragments that came before their first: held, with their buffers, for a moment (docs/packet-path.md, section
// 5). Bounded in number, bytes and time, and for each source. Allocated once.
#pragma once

#include <cstdint>
#include <vector>

#include "dataplane/pipeline/burst.hh"
#include "ebpf/abi/fragment.h"
#include "ebpf/abi/limits.h"

namespace guideway {

class FragmentHold {
 public:
  FragmentHold();

  // Keeps the packet, whose buffer then is ours. False: no room, in all or for this source.
  [[nodiscard]] bool hold(const Packet& packet, std::uint64_t key, std::uint32_t now_ticks) noexcept;
  // The first fragment with that key has come: those that wait for it may go. `after` is its place in its burst, and
  // `first` what became of it: another first one of that key, or many others, may come before they are taken.
  void release(std::uint64_t key, std::uint8_t after, const gw_fragment_entry& first) noexcept;
  // Those that have waited too long may go, without a first one.
  void expire(std::uint32_t now_ticks) noexcept;

  // All of them may go, without a first one.
  void give_up() noexcept;

  struct Released {
    Packet packet;
    gw_fragment_entry first;  // unless it is expired
    bool is_expired;
  };
  // The next one that may go, in the order in which they were released; null if there is none. It stays until pop().
  [[nodiscard]] const Released* next() const noexcept {
    return taken_ < released_.size() ? &released_[taken_] : nullptr;
  }
  void pop() noexcept;

  [[nodiscard]] bool is_empty() const noexcept { return held_.empty(); }
  [[nodiscard]] std::uint32_t held_bytes() const noexcept { return held_bytes_; }

 private:
  struct Held {
    Packet packet;
    std::uint64_t key;
    std::uint32_t since_ticks;
  };
  template <typename IsDue>
  void move_out(IsDue is_due, std::uint8_t after, const gw_fragment_entry* first) noexcept;

  std::vector<Held> held_;          // in the order in which they came; never grows beyond what was reserved
  std::vector<Released> released_;  // the same
  std::size_t taken_ = 0;           // of released_
  std::uint32_t held_bytes_ = 0;
};

}  // namespace guideway
