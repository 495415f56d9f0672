// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/capture.hh"

#include <algorithm>
#include <cstring>
#include <ctime>

#include "dataplane/pipeline/exits.hh"

namespace guideway {
namespace {

constexpr gw_capture_wish nobody{};

std::uint64_t wall_ns() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);  // answered in user space
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace

Capture::Capture() noexcept : wish_(&nobody) {}

void Capture::take_received(const Burst& burst) noexcept {
  if ((__atomic_load_n(&wish_->stages, __ATOMIC_RELAXED) & GW_CAPTURE_RX) == 0) return;
  const std::uint64_t time_ns = wall_ns();
  for (std::uint32_t i = 0; i < burst.count; ++i) take(burst, i, GW_CAPTURE_RX, time_ns);
}

void Capture::take_leaving(const Burst& burst) noexcept {
  const std::uint32_t stages = __atomic_load_n(&wish_->stages, __ATOMIC_RELAXED);
  if ((stages & (GW_CAPTURE_TX | GW_CAPTURE_DROP)) == 0) return;
  const std::uint64_t time_ns = wall_ns();
  for (std::uint32_t i = 0; i < burst.count; ++i) {
    const std::uint8_t exit = burst.packets[i].exit;
    if (exit == GW_EXIT_HELD) continue;  // it has not left
    const gw_capture_stage stage = kind_of(exit) == ExitKind::drop ? GW_CAPTURE_DROP : GW_CAPTURE_TX;
    if ((stages & stage) != 0) take(burst, i, stage, time_ns);
  }
}

void Capture::take(const Burst& burst, std::uint32_t i, gw_capture_stage stage, std::uint64_t time_ns) noexcept {
  const std::uint64_t number = written_ + staged_count_;
  // A reader that says nonsense finds the ring full.
  if (number - __atomic_load_n(&ring_->read, __ATOMIC_ACQUIRE) >= GW_CAPTURE_SLOTS) {
    __atomic_store_n(&ring_->lost, ++lost_, __ATOMIC_RELAXED);
    return;
  }
  const Packet& packet = burst.packets[i];
  gw_capture_slot& to = slot(number);
  to.time_ns = time_ns;
  to.length_bytes = packet.length_bytes;
  to.captured_bytes = std::min(packet.length_bytes, GW_CAPTURE_BYTES_MAX);
  to.stage = static_cast<__u16>(stage);
  std::memcpy(to.bytes, packet.data, std::min(packet.length_bytes, GW_CAPTURE_BYTES_MAX));
  staged_[staged_count_++] = static_cast<std::uint8_t>(i);
}

bool Capture::is_wanted(const Packet& packet) const noexcept {
  if (__atomic_load_n(&wish_->of_services, __ATOMIC_RELAXED) == 0) return true;
  if (packet.service == nullptr || packet.service_id / 64 >= services_.size()) return false;
  return (__atomic_load_n(&services_[packet.service_id / 64], __ATOMIC_RELAXED) >> packet.service_id % 64 & 1U) != 0;
}

void Capture::publish(const Burst& burst) noexcept {
  std::uint32_t kept = 0;
  for (std::uint32_t i = 0; i < staged_count_; ++i) {
    const Packet& packet = burst.packets[staged_[i]];
    if (!is_wanted(packet)) continue;
    gw_capture_slot& to = slot(written_ + kept);
    if (kept != i) {
      const gw_capture_slot& from = slot(written_ + i);
      std::memcpy(&to, &from, sizeof to);
    }
    to.exit = packet.exit;
    to.service_id = packet.service == nullptr ? GW_CAPTURE_NO_SERVICE : packet.service_id;
    to.backend = packet.backend;
    ++kept;
  }
  staged_count_ = 0;
  written_ += kept;
  __atomic_store_n(&ring_->written, written_, __ATOMIC_RELEASE);
}

}  // namespace guideway
