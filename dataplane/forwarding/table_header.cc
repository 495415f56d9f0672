// SPDX-License-Identifier: Apache-2.0
#include "dataplane/forwarding/table_header.hh"

#include <cstring>
#include <string>

#include "dataplane/base/number.hh"
#include "dataplane/forwarding/snapshot_rows.hh"

namespace guideway {
namespace {

bool is_prime(std::uint32_t value) {
  if (value < 2) return false;
  for (std::uint32_t divisor = 2; std::uint64_t{divisor} * divisor <= value; ++divisor) {
    if (value % divisor == 0) return false;
  }
  return true;
}

}  // namespace

Result<gw_table_header> read_table_header(std::span<const std::byte> wire) {
  if (wire.size() < sizeof(gw_table_header))
    return wrong_field("table length", wire.size(), "at least " + number(sizeof(gw_table_header)) + " bytes");
  gw_table_header header;
  std::memcpy(&header, wire.data(), sizeof header);
  if (header.magic != GW_TABLE_MAGIC) return wrong_field("table magic", header.magic, number(GW_TABLE_MAGIC));
  if (header.abi_version != GW_ABI_VERSION)
    return wrong_field("table abi_version", header.abi_version, number(GW_ABI_VERSION));
  if (header.table_id == 0) return wrong_field("table_id", 0, "not 0");
  if (header.slot_count < GW_TABLE_SLOTS_MIN || header.slot_count > GW_TABLE_SLOTS_MAX || !is_prime(header.slot_count))
    return wrong_field("table slot_count", header.slot_count,
                       "a prime from " + number(GW_TABLE_SLOTS_MIN) + " to " + number(GW_TABLE_SLOTS_MAX));
  return header;
}

}  // namespace guideway
