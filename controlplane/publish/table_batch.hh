// SPDX-License-Identifier: Apache-2.0
// Which tables travel through the door together: as many as make an offer of some megabytes, so that ten thousand small
// ones are a few messages, and so that one is staged while the datapath looks at another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "controlplane/compile/ledger.hh"
#include "controlplane/publish/staging_writer.hh"

namespace guideway {

// No offer is longer, but for that of a single table.
inline constexpr std::size_t staged_tables_bytes_goal = std::size_t{4} << 20U;

struct TableBatch {
  std::vector<std::uint64_t> ids;
  std::vector<StagedPart> parts;  // where each of them lies; the bytes remain the compiled tables'
  std::size_t end = 0;            // position of the first table that was not looked at
};

// From the table at position `first` on, leaving out those that the datapath holds. Empty if it holds all.
[[nodiscard]] TableBatch batch_tables(std::span<const CompiledTable> tables, std::size_t first,
                                      const std::function<bool(std::uint64_t id)>& is_held);

}  // namespace guideway
