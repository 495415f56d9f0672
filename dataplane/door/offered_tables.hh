// SPDX-License-Identifier: Apache-2.0
// The tables in the memory of a TableOffer, told apart by what each says of itself. The memory is a stranger's:
// whatever does not lie as messages.hh has it is one sentence, and no byte outside is read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/base/result.hh"

namespace guideway::door {

struct OfferedTable {
  std::uint64_t id;
  std::span<const std::byte> bytes;  // its own, for Table::load
};

// All of them, in the order in which they lie. Their slots are not looked at.
[[nodiscard]] Result<std::vector<OfferedTable>> tell_tables_apart(std::span<const std::byte> memory,
                                                                  std::uint32_t table_count);

}  // namespace guideway::door
