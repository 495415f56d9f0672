// SPDX-License-Identifier: Apache-2.0
#include "controlplane/publish/capture_view.hh"

#include <algorithm>
#include <cstring>
#include <string>

#include "ebpf/abi/limits.h"

namespace guideway {

Result<CaptureView> CaptureView::over(std::shared_ptr<Mapping> memory) {
  CaptureView view(std::move(memory));
  const std::size_t length_bytes = view.memory_->bytes().size();
  if (length_bytes < sizeof view.header_) return failure("the memory for captures is too short");
  std::memcpy(&view.header_, view.memory_->data(), sizeof view.header_);
  const gw_capture_header& header = view.header_;
  if (header.magic != GW_CAPTURE_MAGIC || header.abi_version != GW_ABI_VERSION)
    return failure("the memory for captures is of another version of Guideway");
  const std::uint64_t services_end =
      sizeof header + sizeof(gw_capture_wish) + (std::uint64_t{header.services_max} + 63) / 64 * 8;
  const bool fits = header.worker_count <= GW_WORKERS_MAX && header.services_max <= GW_SERVICES_MAX &&
                    header.ring_bytes == sizeof(gw_capture_ring) + GW_CAPTURE_SLOTS * sizeof(gw_capture_slot) &&
                    header.rings_offset >= services_end && header.rings_offset % 64 == 0 &&
                    header.rings_offset <= length_bytes &&
                    header.ring_bytes * header.worker_count <= length_bytes - header.rings_offset;
  if (!fits) return failure("the memory for captures does not hold what it says");
  return view;
}

CaptureView::~CaptureView() {
  if (memory_) renew(0);
}

gw_capture_wish& CaptureView::wish() const {
  return *reinterpret_cast<gw_capture_wish*>(memory_->data() + sizeof header_);
}

gw_capture_ring& CaptureView::ring(std::uint32_t worker) const {
  return *reinterpret_cast<gw_capture_ring*>(memory_->data() + header_.rings_offset + header_.ring_bytes * worker);
}

void CaptureView::begin(std::uint32_t stages, std::span<const std::uint32_t> service_ids) {
  auto* services = reinterpret_cast<std::uint64_t*>(&wish() + 1);
  std::vector<std::uint64_t> bits((header_.services_max + 63) / 64);
  for (const std::uint32_t id : service_ids) {
    if (id < header_.services_max) bits[id / 64] |= std::uint64_t{1} << id % 64;
  }
  for (std::size_t i = 0; i < bits.size(); ++i) __atomic_store_n(&services[i], bits[i], __ATOMIC_RELAXED);
  __atomic_store_n(&wish().of_services, service_ids.empty() ? 0U : 1U, __ATOMIC_RELAXED);
  __atomic_store_n(&wish().stages, stages, __ATOMIC_RELAXED);
  lost_before_.clear();
  for (std::uint32_t worker = 0; worker < header_.worker_count; ++worker) {
    // What a former reader left is nobody's.
    gw_capture_ring& one = ring(worker);
    __atomic_store_n(&one.read, __atomic_load_n(&one.written, __ATOMIC_ACQUIRE), __ATOMIC_RELEASE);
    lost_before_.push_back(__atomic_load_n(&one.lost, __ATOMIC_RELAXED));
  }
}

void CaptureView::renew(std::uint32_t until_tick) {
  __atomic_store_n(&wish().until_tick, until_tick, __ATOMIC_RELEASE);
}

std::uint32_t CaptureView::take(std::uint32_t at_most, const Visit& visit) {
  std::uint32_t taken = 0;
  for (std::uint32_t worker = 0; worker < header_.worker_count; ++worker) {
    gw_capture_ring& one = ring(worker);
    const auto* slots = reinterpret_cast<const gw_capture_slot*>(&one + 1);
    std::uint64_t read = one.read;  // nobody else writes it
    const std::uint64_t written = __atomic_load_n(&one.written, __ATOMIC_ACQUIRE);
    if (written - read > GW_CAPTURE_SLOTS) read = written;
    for (; read != written && taken < at_most; ++read, ++taken) visit(worker, slots[read % GW_CAPTURE_SLOTS]);
    __atomic_store_n(&one.read, read, __ATOMIC_RELEASE);
  }
  return taken;
}

std::uint64_t CaptureView::lost() const {
  std::uint64_t lost = 0;
  for (std::uint32_t worker = 0; worker < lost_before_.size(); ++worker)
    lost += __atomic_load_n(&ring(worker).lost, __ATOMIC_RELAXED) - lost_before_[worker];
  return lost;
}

}  // namespace guideway
