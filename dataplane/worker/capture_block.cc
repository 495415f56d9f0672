// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/capture_block.hh"

#include <cstring>

#include "dataplane/base/check.hh"

namespace guideway {

Result<CaptureBlock> CaptureBlock::create(std::uint32_t services_max, std::uint32_t worker_count) {
  const gw_capture_header header = gw_capture_header_for(services_max, worker_count);
  const std::uint64_t length_bytes = gw_capture_memory_bytes(&header);
  auto fd = make_shared_memory("guideway-capture", length_bytes);
  if (!fd) return failure_of(fd);
  auto memory = Mapping::of_file(fd->get(), length_bytes, true);
  if (!memory) return failure_of(memory);
  std::memset(memory->data(), 0, length_bytes);
  std::memcpy(memory->data(), &header, sizeof header);
  if (auto sealed = seal_shared_memory(fd->get()); !sealed) return failure_of(sealed);
  return CaptureBlock(std::move(*fd), std::move(*memory));
}

Capture CaptureBlock::worker(std::uint32_t index) const noexcept {
  // Of the header only what no reader can have changed is believed: it is read before anybody has the memory.
  const auto& header = *reinterpret_cast<const gw_capture_header*>(memory_.data());
  check(index < header.worker_count, "no such worker");
  std::byte* wish = memory_.data() + sizeof header;
  std::byte* ring = memory_.data() + header.rings_offset + header.ring_bytes * index;
  return {*reinterpret_cast<const gw_capture_wish*>(wish),
          {reinterpret_cast<const std::uint64_t*>(wish + sizeof(gw_capture_wish)), (header.services_max + 63) / 64},
          *reinterpret_cast<gw_capture_ring*>(ring),
          reinterpret_cast<gw_capture_slot*>(ring + sizeof(gw_capture_ring))};
}

}  // namespace guideway
