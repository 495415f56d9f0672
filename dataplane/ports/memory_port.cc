// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ports/memory_port.hh"

#include <cstring>

#include "dataplane/base/check.hh"

namespace guideway {

MemoryPool::MemoryPool(std::uint32_t frame_count, std::uint32_t frame_bytes_max, std::uint32_t headroom_bytes)
    : frame_bytes_max_(frame_bytes_max), headroom_bytes_(headroom_bytes) {
  const std::size_t stride = std::size_t{headroom_bytes} + frame_bytes_max;
  memory_.resize(stride * frame_count);
  free_.reserve(frame_count);
  for (std::size_t i = frame_count; i > 0; --i) free_.push_back(memory_.data() + stride * (i - 1));
}

std::byte* MemoryPool::take() noexcept {
  if (free_.empty()) return nullptr;
  std::byte* frame = free_.back();
  free_.pop_back();
  return frame;
}

void MemoryPool::give_back(std::byte* frame) noexcept {
  check(free_.size() < free_.capacity(), "a frame was given back twice");
  free_.push_back(frame);
}

MemoryPort::MemoryPort(MemoryPool& pool, std::uint32_t queue_max)
    : pool_(pool), queue_max_(queue_max), sent_max_(queue_max) {
  waiting_.reserve(queue_max);
  sent_.reserve(queue_max);
}

bool MemoryPort::offer(std::span<const std::byte> frame) noexcept {
  if (next_ == waiting_.size()) {
    waiting_.clear();
    next_ = 0;
  }
  if (waiting_.size() == queue_max_ || frame.size() > pool_.frame_bytes_max()) return false;
  std::byte* memory = pool_.take();
  if (memory == nullptr) return false;
  std::byte* data = memory + pool_.headroom_bytes();
  if (!frame.empty()) std::memcpy(data, frame.data(), frame.size());
  waiting_.push_back({memory, data, static_cast<std::uint32_t>(frame.size())});
  return true;
}

std::vector<std::vector<std::byte>> MemoryPort::take_sent() {
  std::vector<std::vector<std::byte>> frames;
  frames.reserve(sent_.size());
  for (const Held& held : sent_) frames.emplace_back(held.data, held.data + held.length_bytes);
  discard_sent();
  return frames;
}

std::uint32_t MemoryPort::discard_sent() noexcept {
  const auto count = static_cast<std::uint32_t>(sent_.size());
  for (const Held& held : sent_) pool_.give_back(held.frame);
  sent_.clear();
  return count;
}

void MemoryPort::receive(Burst& burst) noexcept {
  burst.count = 0;
  while (burst.count < burst_packets_max && next_ < waiting_.size()) {
    const Held& held = waiting_[next_++];
    Packet& packet = burst.packets[burst.count++];
    packet.data = held.data;
    packet.buffer = held.frame;
    packet.length_bytes = held.length_bytes;
    packet.headroom_bytes = static_cast<std::uint16_t>(held.data - held.frame);
  }
}

std::uint32_t MemoryPort::send(std::span<Packet* const> packets) noexcept {
  std::uint32_t count = 0;
  for (Packet* packet : packets) {
    if (sent_.size() >= sent_max_) break;
    sent_.push_back({static_cast<std::byte*>(packet->buffer), packet->data, packet->length_bytes});
    ++count;
  }
  return count;
}

void MemoryPort::release(std::span<Packet* const> packets) noexcept {
  for (Packet* packet : packets) pool_.give_back(static_cast<std::byte*>(packet->buffer));
  released_count_ += packets.size();
}

}  // namespace guideway
