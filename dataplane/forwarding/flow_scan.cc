// SPDX-License-Identifier: Apache-2.0
#include "dataplane/forwarding/flow_scan.hh"

#include <algorithm>

#include "dataplane/forwarding/flow_table.hh"

namespace guideway {
namespace {

// The worker clears the hash before it writes the rest, and writes it last.
bool read_whole(const gw_flow_entry& entry, gw_flow_entry& to) noexcept {
  to.hash = __atomic_load_n(&entry.hash, __ATOMIC_ACQUIRE);
  if (to.hash == 0) return false;
  to.backend = __atomic_load_n(&entry.backend, __ATOMIC_ACQUIRE);
  to.deadline = __atomic_load_n(&entry.deadline, __ATOMIC_ACQUIRE);
  return __atomic_load_n(&entry.hash, __ATOMIC_RELAXED) == to.hash;
}

}  // namespace

FlowScan scan_flows(std::span<const gw_flow_bucket> buckets, std::uint32_t first_bucket, std::uint32_t now_ticks,
                    std::span<gw_flow_entry> room) noexcept {
  FlowScan scan;
  const auto bucket_count = static_cast<std::uint32_t>(buckets.size());
  std::uint32_t bucket = std::min(first_bucket, bucket_count);
  const std::uint32_t end = std::min(bucket_count - bucket, buckets_scanned_at_once) + bucket;
  for (; bucket < end && scan.count + GW_FLOWS_PER_BUCKET <= room.size(); ++bucket) {
    for (const gw_flow_entry& entry : buckets[bucket].entries) {
      gw_flow_entry& seen = room[scan.count];
      if (read_whole(entry, seen) && FlowTable::remaining_ticks(seen, now_ticks) != 0) ++scan.count;
    }
  }
  scan.next_bucket = bucket < bucket_count ? bucket : 0;
  return scan;
}

}  // namespace guideway
