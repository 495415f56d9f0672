// SPDX-License-Identifier: Apache-2.0
// What a table says of itself: enough to tell where it ends, before its slots are looked at.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/base/result.hh"
#include "ebpf/abi/snapshot.h"

namespace guideway {

constexpr std::size_t table_length_bytes(std::uint32_t slot_count) noexcept {
  return sizeof(gw_table_header) + std::size_t{slot_count} * sizeof(gw_slot);
}

// Of the table that `wire` begins with, every field checked. Whether all of its slots are there is not.
[[nodiscard]] Result<gw_table_header> read_table_header(std::span<const std::byte> wire);

}  // namespace guideway
