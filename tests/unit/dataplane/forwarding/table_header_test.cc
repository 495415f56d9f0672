// SPDX-License-Identifier: Apache-2.0
// What a table says of itself. That each field is checked, snapshot_test sees where tables are loaded.
#include "dataplane/forwarding/table_header.hh"

#include <gtest/gtest.h>

#include "tests/support/snapshot_bytes.hh"

namespace guideway {
namespace {

TEST(TableHeader, TellsWhereATableEnds) {
  testing_support::Bytes bytes = testing_support::table_bytes(7, testing_support::slots_in_turn(2));
  const std::size_t length_bytes = bytes.size();
  bytes.resize(length_bytes + 1000, std::byte{0xff});
  const auto header = read_table_header(bytes);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->table_id, 7U);
  EXPECT_EQ(table_length_bytes(header->slot_count), length_bytes);
}

TEST(TableHeader, NeedsNoSlotsButAllOfItself) {
  const testing_support::Bytes bytes = testing_support::table_bytes(7, testing_support::slots_in_turn(2));
  const std::span<const std::byte> wire(bytes);
  EXPECT_TRUE(read_table_header(wire.first(sizeof(gw_table_header))));
  for (const std::size_t length : {std::size_t{0}, sizeof(gw_table_header) - 1}) {
    const auto header = read_table_header(wire.first(length));
    ASSERT_FALSE(header);
    EXPECT_EQ(header.error().message, "table length is " + std::to_string(length) + ", expected at least 24 bytes");
  }
}

}  // namespace
}  // namespace guideway
