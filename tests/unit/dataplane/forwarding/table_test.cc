// SPDX-License-Identifier: Apache-2.0
// Every field that a table can get wrong is refused with its name, and nothing else is.
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "dataplane/forwarding/snapshot.hh"
#include "tests/support/snapshot_bytes.hh"
#include "tests/unit/dataplane/forwarding/small_capacities.hh"

namespace guideway {
namespace {

struct WireTable {
  gw_table_header header{GW_TABLE_MAGIC, GW_ABI_VERSION, 99, 251, 0};
  std::vector<gw_slot> slots = std::vector<gw_slot>(251, gw_slot{1, 2});
  [[nodiscard]] testing_support::Bytes bytes() const {
    testing_support::Bytes out;
    testing_support::append(out, header);
    for (const gw_slot& slot : slots) testing_support::append(out, slot);
    return out;
  }
};

TEST(Table, RefusesEveryFieldByName) {
  struct Row {
    const char* names;
    std::function<void(WireTable&)> break_it;
  };
  const Row rows[] = {
      {"magic", [](auto& t) { t.header.magic = 1; }},
      {"abi_version", [](auto& t) { ++t.header.abi_version; }},
      {"table_id", [](auto& t) { t.header.table_id = 0; }},
      {"slot_count", [](auto& t) { t.header.slot_count = 252; }},
      {"slot_count", [](auto& t) { t.header.slot_count = 241; }},
      {"slot_count", [](auto& t) { t.header.slot_count = 0xfffffffb; }},
      {"length", [](auto& t) { t.slots.pop_back(); }},
      {"length",
       [](auto& t) {
         t.slots.push_back({1, 1});
       }},
      {"slot[7]", [](auto& t) { t.slots[7].current_backend = 64; }},
      {"slot[250]", [](auto& t) { t.slots[250].home_backend = 0xfffffffe; }},
  };
  for (const Row& row : rows) {
    WireTable wire;
    row.break_it(wire);
    const auto table = Table::load(wire.bytes(), small_capacities);
    ASSERT_FALSE(table) << row.names;
    EXPECT_NE(table.error().message.find(row.names), std::string::npos) << table.error().message;
  }
  WireTable none;
  none.slots[3] = {GW_NO_BACKEND, GW_NO_BACKEND};
  EXPECT_TRUE(Table::load(none.bytes(), small_capacities)) << "a slot may have no backend";
}

// Slots are checked some thousands at once: at both ends of these, too, and either backend of a slot.
TEST(Table, NamesTheFirstWrongSlotWhereverItIs) {
  WireTable large;
  large.header.slot_count = 4099;
  large.slots.resize(large.header.slot_count, gw_slot{63, GW_NO_BACKEND});
  EXPECT_TRUE(Table::load(large.bytes(), small_capacities));
  for (const std::uint32_t slot : {0U, 2047U, 2048U, 4095U, 4096U, 4098U}) {
    for (const std::uint32_t backend : {64U, 0x7fffffffU, 0x80000000U, 0xfffffffeU}) {
      for (const bool is_home : {false, true}) {
        WireTable wire = large;
        (is_home ? wire.slots[slot].home_backend : wire.slots[slot].current_backend) = backend;
        const auto table = Table::load(wire.bytes(), small_capacities);
        ASSERT_FALSE(table) << slot;
        EXPECT_EQ(table.error().message, "backend of slot[" + std::to_string(slot) + "] is " + std::to_string(backend) +
                                             ", expected below 64");
      }
    }
  }
  large.slots[4098].home_backend = large.slots[2048].current_backend = 64;
  EXPECT_EQ(Table::load(large.bytes(), small_capacities).error().message,
            "backend of slot[2048] is 64, expected below 64");
}

}  // namespace
}  // namespace guideway
