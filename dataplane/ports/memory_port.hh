// SPDX-License-Identifier: Apache-2.0
// A port without a wire: frames that a test or the simulator offers are received, frames that are sent can be taken.
// Frames live in a pool that all ports of one worker share, so that a frame received on one port may leave by another,
// as with a NIC. After construction only take_sent() allocates. Not for several threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/ports/port.hh"
#include "ebpf/abi/limits.h"

namespace guideway {

class MemoryPool {
 public:
  explicit MemoryPool(std::uint32_t frame_count, std::uint32_t frame_bytes_max = GW_FRAME_BYTES_MAX,
                      std::uint32_t headroom_bytes = GW_HEADROOM_BYTES);

  // Null if none is left. A frame is `headroom_bytes` free bytes, then `frame_bytes_max` for the frame.
  [[nodiscard]] std::byte* take() noexcept;
  void give_back(std::byte* frame) noexcept;

  [[nodiscard]] std::size_t free_count() const noexcept { return free_.size(); }
  [[nodiscard]] std::uint32_t frame_bytes_max() const noexcept { return frame_bytes_max_; }
  [[nodiscard]] std::uint32_t headroom_bytes() const noexcept { return headroom_bytes_; }

 private:
  std::uint32_t frame_bytes_max_;
  std::uint32_t headroom_bytes_;
  std::vector<std::byte> memory_;
  std::vector<std::byte*> free_;
};

class MemoryPort final : public PortQueue {
 public:
  // Holds at most `queue_max` frames to be received and as many sent ones that nobody has taken yet.
  MemoryPort(MemoryPool& pool, std::uint32_t queue_max);

  // Puts a frame where receive() will find it. False if the queue or the pool is exhausted or the frame too large.
  [[nodiscard]] bool offer(std::span<const std::byte> frame) noexcept;
  // The frames sent since the last call, in order.
  [[nodiscard]] std::vector<std::vector<std::byte>> take_sent();
  // As take_sent(), where only the number matters: allocates nothing.
  std::uint32_t discard_sent() noexcept;
  // From now on send() takes at most this many more frames before discard_sent() or take_sent().
  void limit_sent(std::uint32_t frames) noexcept { sent_max_ = frames < queue_max_ ? frames : queue_max_; }

  void receive(Burst& burst) noexcept override;
  [[nodiscard]] std::uint32_t send(std::span<Packet* const> packets) noexcept override;
  void release(std::span<Packet* const> packets) noexcept override;

  [[nodiscard]] std::uint64_t released_count() const noexcept { return released_count_; }
  [[nodiscard]] std::size_t waiting_count() const noexcept { return waiting_.size() - next_; }

 private:
  struct Held {
    std::byte* frame;  // as the pool knows it
    std::byte* data;   // first byte of the frame proper, moved by encapsulation
    std::uint32_t length_bytes;
  };
  MemoryPool& pool_;
  std::uint32_t queue_max_;
  std::uint32_t sent_max_;
  std::vector<Held> waiting_;
  std::size_t next_ = 0;  // of waiting_
  std::vector<Held> sent_;
  std::uint64_t released_count_ = 0;
};

}  // namespace guideway
