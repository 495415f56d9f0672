// SPDX-License-Identifier: Apache-2.0
// Every field that a snapshot can get wrong is refused with its name, and nothing else is.
#include "dataplane/forwarding/snapshot.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>

#include "dataplane/net/endian.hh"
#include "tests/support/snapshot_bytes.hh"
#include "tests/unit/dataplane/forwarding/small_capacities.hh"

namespace guideway {
namespace {

using testing_support::append;

struct WireSnapshot {
  gw_snapshot_header header{GW_SNAPSHOT_MAGIC, GW_ABI_VERSION, 5, {1, 2}, 2, 2, 1, 0, {}, 0};
  std::vector<gw_service> services;
  std::vector<gw_backend> backends;
  std::vector<gw_table_ref> refs{{99}};
  WireSnapshot() {
    for (std::uint32_t i = 0; i < 2; ++i) {
      gw_service service{};
      service.key = {{192, 0, 2, static_cast<__u8>(i)}, be16(80).raw(), 6, 4, 32, {}};
      service.id = i;
      service.idle_ticks = service.opening_ticks = service.closing_ticks = 16;
      services.push_back(service);
      gw_backend backend{};
      backend.index = i + 1;
      backend.family = 4;
      backends.push_back(backend);
    }
  }
  [[nodiscard]] testing_support::Bytes bytes() const {
    testing_support::Bytes out;
    append(out, header);
    for (const auto& row : services) append(out, row);
    for (const auto& row : backends) append(out, row);
    for (const auto& row : refs) append(out, row);
    return out;
  }
};

std::shared_ptr<const Table> table_of(std::uint64_t id) {
  return *Table::load(testing_support::table_bytes(id, testing_support::slots_in_turn(3)), small_capacities);
}

TableStore store_with_table() { return {{99, table_of(99)}}; }

TEST(Snapshot, LoadsWhatIsRight) {
  const TableStore tables = store_with_table();
  const auto snapshot = Snapshot::load(WireSnapshot{}.bytes(), tables, small_capacities);
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  EXPECT_EQ((*snapshot)->generation(), 5U);
  EXPECT_EQ((*snapshot)->services().all().size(), 2U);
  EXPECT_EQ((*snapshot)->services().all()[0].slot_count, 251U);
  EXPECT_EQ((*snapshot)->backend(1).family, 4);
  EXPECT_EQ((*snapshot)->backend(3).family, 0) << "there is no backend 3";
  EXPECT_EQ((*snapshot)->table_ids(), std::vector<std::uint64_t>{99});
}

struct WrongSnapshot {
  const char* names;  // what the sentence must mention
  std::function<void(WireSnapshot&)> break_it;
};

TEST(Snapshot, RefusesEveryFieldByName) {
  const WrongSnapshot rows[] = {
      {"magic", [](auto& s) { s.header.magic = 1; }},
      {"abi_version", [](auto& s) { ++s.header.abi_version; }},
      {"generation", [](auto& s) { s.header.generation = 0; }},
      {"service_count", [](auto& s) { s.header.service_count = 17; }},
      {"backend_count", [](auto& s) { s.header.backend_count = 65; }},
      {"backend_count", [](auto& s) { s.header.backend_count = 0xffffffff; }},
      {"table_count", [](auto& s) { s.header.table_count = 0xffffffff; }},
      {"length", [](auto& s) { s.header.service_count = 3; }},
      {"length", [](auto& s) { s.refs.push_back({99}); }},
      {"table_id", [](auto& s) { s.refs[0].table_id = 98; }},
      {"service[1].key.family", [](auto& s) { s.services[1].key.family = 5; }},
      {"service[1].key.protocol", [](auto& s) { s.services[1].key.protocol = 132; }},
      {"service[1].id", [](auto& s) { s.services[1].id = 16; }},
      {"service id", [](auto& s) { s.services[1].id = 0; }},
      {"service[0].table", [](auto& s) { s.services[0].table = 1; }},
      {"service[0].scheduler", [](auto& s) { s.services[0].scheduler = GW_SCHEDULER_COUNT; }},
      {"service[0].policy", [](auto& s) { s.services[0].policy = GW_POLICY_COUNT; }},
      {"service[0].flags", [](auto& s) { s.services[0].flags = 0x8000; }},
      {"ticks", [](auto& s) { s.services[0].idle_ticks = 0; }},
      {"ticks", [](auto& s) { s.services[0].closing_ticks = 0x10000000; }},
      {"service key", [](auto& s) { s.services[1].key = s.services[0].key; }},
      {"backend[0].index", [](auto& s) { s.backends[0].index = 64; }},
      {"backend index", [](auto& s) { s.backends[0].index = s.backends[1].index; }},
      {"backend[1].forward", [](auto& s) { s.backends[1].forward = GW_FORWARD_COUNT; }},
      {"backend[1].family", [](auto& s) { s.backends[1].family = 0; }},
      {"backend[1].flags", [](auto& s) { s.backends[1].flags = 0x80; }},
      {"backend[1].vlan", [](auto& s) { s.backends[1].vlan = 4095; }},
      {"backend[1].outer_source_bits", [](auto& s) { s.backends[1].outer_source_bits = 33; }},
      {"backend[1].outer_source has", [](auto& s) { s.backends[1].outer_source[0] = 10; }},
      {"backend[1].tunnel_id", [](auto& s) { s.backends[1].forward = GW_FORWARD_GUE; }},
      {"service[0].key.prefix_bits", [](auto& s) { s.services[0].key.prefix_bits = 33; }},
      {"service[0].key.address", [](auto& s) { s.services[0].key.prefix_bits = 1; }},
      {"service[0].key.zero", [](auto& s) { s.services[0].key.zero[1] = 1; }},
      {"service[0].port_last", [](auto& s) { s.services[0].port_last = 1; }},
      {"service[0].dscp", [](auto& s) { s.services[0].dscp = 64; }},
      {"service[0].source_bits", [](auto& s) { s.services[0].scheduler = GW_SCHEDULER_SOURCE; }},
      {"service[0].*flow_*", [](auto& s) { s.services[0].flow_rate = GW_FLOW_RATE_MAX + 1; }},
      {"service[0].flow_burst", [](auto& s) { s.services[0].flow_rate = 1; }},
      {"service[0].limit_source_bits",
       [](auto& s) { s.services[0].source_flow_rate = s.services[0].source_flow_burst = 1; }},
      {"service[0].access_list", [](auto& s) { s.services[0].access_list = GW_ACCESS_LISTS_MAX + 1; }},
      {"snapshot flags", [](auto& s) { s.header.flags = 2; }},
      {"snapshot answers", [](auto& s) { s.header.answers.reject = 0xffffffff; }},
      {"access_prefix_count", [](auto& s) { s.header.access_prefix_count = 0xffffffff; }},
      {"length", [](auto& s) { s.header.access_prefix_count = 1; }},
  };
  const TableStore tables = store_with_table();
  for (const WrongSnapshot& row : rows) {
    WireSnapshot wire;
    row.break_it(wire);
    const auto snapshot = Snapshot::load(wire.bytes(), tables, small_capacities);
    ASSERT_FALSE(snapshot) << row.names;
    EXPECT_NE(snapshot.error().message.find(row.names), std::string::npos)
        << row.names << " is not in: " << snapshot.error().message;
  }
}

std::string refusal_of(const WireSnapshot& wire) {
  const auto snapshot = Snapshot::load(wire.bytes(), store_with_table(), small_capacities);
  return snapshot ? "none" : snapshot.error().message;
}

TEST(Snapshot, NamesTheFirstFaultOfSeveral) {
  WireSnapshot wire;
  wire.services.push_back(wire.services[0]);
  wire.services[2].id = 2;
  wire.header.service_count = 3;
  EXPECT_EQ(refusal_of(wire), "service key at position is 2, expected each address, port and protocol once");
  wire.services[2].id = 0;
  EXPECT_EQ(refusal_of(wire), "service key at position is 2, expected each address, port and protocol once");
  wire.services[2].dscp = 64;
  EXPECT_EQ(refusal_of(wire), "service[2].dscp is 64, expected at most 63");
  wire.services[1].id = 0;
  EXPECT_EQ(refusal_of(wire), "service id is 0, expected each id once");
  wire.services[1].key = wire.services[0].key;
  EXPECT_EQ(refusal_of(wire), "service key at position is 1, expected each address, port and protocol once");
  wire.refs[0].table_id = 1;
  EXPECT_EQ(refusal_of(wire), "table_id is 1, expected a table that was sent before");
  wire.backends[1].index = 1;
  EXPECT_EQ(refusal_of(wire), "backend index is 1, expected each index once");
}

TEST(Snapshot, AKeyAndItsRangesAreDifferentKeys) {
  WireSnapshot wire;
  wire.services[1].key = wire.services[0].key;
  wire.services[1].port_last = 90;
  EXPECT_EQ(refusal_of(wire), "none") << "the very port beside a range that begins with it";
  // Every bit of the last port counts.
  for (const std::uint32_t last : {81U, 90U + 256U, 0x8000U + 90U}) {
    wire.services[0].port_last = static_cast<__u16>(last);
    EXPECT_EQ(refusal_of(wire), "first port of a range is 80, expected above the range that ends at " +
                                    std::to_string(std::min(last, 90U)));
  }
  wire.services[0].port_last = 90;
  EXPECT_EQ(refusal_of(wire), "service key at position is 1, expected each address, port and protocol once");
}

TEST(Snapshot, EveryKeyTwiceIsRefusedAmongMany) {
  constexpr std::uint32_t count = 16;
  for (std::uint32_t twice = 1; twice < count; ++twice) {
    WireSnapshot wire;
    wire.services.resize(count, wire.services[0]);
    wire.header.service_count = count;
    for (std::uint32_t i = 0; i < count; ++i) {
      wire.services[i].id = i;
      wire.services[i].key.address[3] = static_cast<__u8>(i == twice ? i / 2 : i);
    }
    EXPECT_EQ(refusal_of(wire), "service key at position is " + std::to_string(twice) +
                                    ", expected each address, port and protocol once");
  }
}

TEST(Snapshot, BackendsComeInAnyOrder) {
  WireSnapshot wire;
  wire.backends.resize(40, wire.backends[0]);  // more than are read at once
  wire.header.backend_count = 40;
  for (std::uint32_t i = 0; i < 40; ++i) {
    wire.backends[i].index = (i * 27 + 5) % 64;  // in no order, the highest in the middle, 24 of 64 not there
    wire.backends[i].weight = static_cast<__u16>(100 + wire.backends[i].index);
  }
  const auto snapshot = Snapshot::load(wire.bytes(), store_with_table(), small_capacities);
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  std::uint32_t there = 0;
  for (std::uint32_t index = 0; index < small_capacities.backends_max; ++index) {
    const gw_backend& row = (*snapshot)->backend(index);
    if (row.family == 0) {
      EXPECT_EQ(row.weight, 0U) << index;
      continue;
    }
    ++there;
    EXPECT_EQ(row.index, index);
    EXPECT_EQ(row.weight, 100 + index);
  }
  EXPECT_EQ(there, 40U);
  for (const std::uint32_t position : {0U, 31U, 32U, 39U}) {
    WireSnapshot wrong = wire;
    wrong.backends[position].index = 64;
    EXPECT_EQ(refusal_of(wrong),
              "backend[" + std::to_string(position) + "].index is 64, expected below this datapath's capacity of 64");
    wrong.backends[position].index = wire.backends[(position + 20) % 40].index;
    EXPECT_EQ(refusal_of(wrong),
              "backend index is " + std::to_string(wrong.backends[position].index) + ", expected each index once");
  }
}

TEST(Snapshot, ThereMayBeNoBackend) {
  WireSnapshot wire;
  wire.backends.clear();
  wire.header.backend_count = 0;
  const auto snapshot = Snapshot::load(wire.bytes(), store_with_table(), small_capacities);
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  EXPECT_EQ((*snapshot)->backend(0).family, 0);
  EXPECT_EQ((*snapshot)->backend(63).family, 0);
  EXPECT_EQ(Snapshot::empty()->backend(63).family, 0);
}

TEST(Snapshot, TakesTablesFromTheOneBeforeOrFromTheStore) {
  const auto load = [](std::vector<gw_table_ref> refs, const TableStore& tables, const Snapshot* before) {
    WireSnapshot wire;
    wire.refs = std::move(refs);
    wire.header.table_count = static_cast<__u32>(wire.refs.size());
    wire.services[1].table = wire.header.table_count - 1;
    return Snapshot::load(wire.bytes(), tables, small_capacities, before);
  };
  TableStore tables;
  for (const std::uint64_t id : {7, 8, 9}) tables[id] = table_of(id);
  const auto first = load({{7}, {8}}, tables, nullptr);
  ASSERT_TRUE(first) << first.error().message;
  using Ids = std::vector<std::uint64_t>;
  // The same at another place, more of them, fewer, a new one between, one twice.
  for (const Ids& ids : {Ids{7, 8}, Ids{8, 7}, Ids{7, 9, 8}, Ids{8}, Ids{9, 8}, Ids{7, 7}}) {
    std::vector<gw_table_ref> refs;
    for (const std::uint64_t id : ids) refs.push_back({id});
    const auto next = load(refs, tables, first->get());
    ASSERT_TRUE(next) << next.error().message;
    EXPECT_EQ((*next)->table_ids(), ids);
    for (const Service& service : (*next)->services().all())
      EXPECT_EQ(service.slots, tables.at(ids[service.row.table])->slots().data());
  }
  const auto unknown = load({{7}, {6}}, tables, first->get());
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().message, "table_id is 6, expected a table that was sent before");
}

TEST(Snapshot, EveryPrefixIsRefused) {
  const TableStore tables = store_with_table();
  const auto whole = WireSnapshot{}.bytes();
  for (std::size_t length = 0; length < whole.size(); ++length)
    ASSERT_FALSE(Snapshot::load(std::span(whole).first(length), tables, small_capacities)) << length;
}

}  // namespace
}  // namespace guideway
