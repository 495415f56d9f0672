// SPDX-License-Identifier: Apache-2.0
#include "dataplane/forwarding/flow_scan.hh"

#include <algorithm>

#include "dataplane/forwarding/flow_table.hh"

namespace guideway {
FlowScan scan_flows(std::span<const gw_flow_bucket> buckets, std::uint32_t first_bucket, std::uint32_t now_ticks,
                    std::span<gw_flow_entry> room) noexcept {
  FlowScan scan;
  const auto bucket_count = static_cast<std::uint32_t>(buckets.size());
  std::uint32_t bucket = std::min(first_bucket, bucket_count);
  const std::uint32_t end = std::min(bucket_count - bucket, buckets_scanned_at_once) + bucket;
  for (; bucket < end && scan.count + GW_FLOWS_PER_BUCKET <= room.size(); ++bucket) {
    for (const gw_flow_entry& entry : buckets[bucket].entries) {
      gw_flow_entry& seen = room[scan.count];
      if (FlowTable::read_whole(entry, seen) && FlowTable::remaining_ticks(seen, now_ticks) != 0) ++scan.count;
    }
  }
  scan.next_bucket = bucket < bucket_count ? bucket : 0;
  return scan;
}

}  // namespace guideway
