// SPDX-License-Identifier: Apache-2.0
// Goes through a flow table from afar, some buckets at a time, while its worker writes it: an entry is whole or left
// out, and the worker neither waits nor hears of it. Between two buckets time passes: together they were never there.
#pragma once

#include <cstdint>
#include <span>

#include "ebpf/abi/flow.h"

namespace guideway {

struct FlowScan {
  std::uint32_t count = 0;        // entries that were written to the room
  std::uint32_t next_bucket = 0;  // where to go on; 0: that was all
};

// Live entries of the buckets from `first_bucket` on, into `room` (of GW_FLOWS_PER_BUCKET or more), until it could be
// full or `buckets_scanned_at_once` have been looked at.
[[nodiscard]] FlowScan scan_flows(std::span<const gw_flow_bucket> buckets, std::uint32_t first_bucket,
                                  std::uint32_t now_ticks, std::span<gw_flow_entry> room) noexcept;

inline constexpr std::uint32_t buckets_scanned_at_once = 8192;  // 1 MB: well below a millisecond

}  // namespace guideway
