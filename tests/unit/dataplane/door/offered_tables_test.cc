// SPDX-License-Identifier: Apache-2.0
// Offers of tables, many in one memory: all of them are taken or none, whatever the memory holds.
#include "dataplane/door/offered_tables.hh"

#include <gtest/gtest.h>

#include <functional>

#include "tests/unit/dataplane/door/conversation_fixture.hh"

namespace guideway::door {
namespace {

// 251 slots are 2032 bytes, 257 are 2080: the second table begins at 2048, the third at 4160.
constexpr std::size_t second_at = 2048;

class OfferedTables : public ConversationTest {
 protected:
  static Bytes table_of(std::uint64_t id, std::uint32_t slot_count, std::uint32_t backend = 1) {
    return table_bytes(id, std::vector<gw_slot>(slot_count, gw_slot{backend, backend}));
  }
  static Bytes three_tables() { return memory_of({table_of(5, 251), table_of(6, 257), table_of(7, 251)}); }
  static void overwrite(Bytes& memory, std::size_t at, std::uint32_t word) {
    std::memcpy(memory.data() + at, &word, sizeof word);
  }
};

TEST_F(OfferedTables, AreHeldAsTheyLie) {
  greet();
  const std::vector<Bytes> tables{table_of(5, 251, 3), table_of(6, 257, 4), good_table(7)};
  const Reply reply = offer_tables(tables);
  ASSERT_EQ(reply.type(), MessageType::accepted) << reason_of(reply.bytes());
  EXPECT_EQ(read_answer<Accepted>(reply.bytes()).id, 3U);
  ASSERT_EQ(holdings.tables.size(), 3U);
  for (const Bytes& table : tables) {
    const auto header = read_table_header(table);
    const auto slots = std::as_bytes(holdings.tables.at(header->table_id)->slots());
    EXPECT_TRUE(std::equal(slots.begin(), slots.end(), table.begin() + sizeof *header, table.end()));
  }
}

TEST_F(OfferedTables, NoneIsHeldIfOneIsBad) {
  struct Row {
    const char* part;
    std::uint32_t table_count;
    std::function<void(Bytes&)> spoil;
  };
  const Row rows_of_faults[] = {
      {"table_count is 0, expected 1 to 4096", 0, [](Bytes&) {}},
      {"table_count is 4097", tables_an_offer_max + 1, [](Bytes&) {}},
      {"table_count is 4294967295", 0xffffffff, [](Bytes&) {}},
      {"table 4 of the memory's 4: table length is 0", 4, [](Bytes&) {}},
      {"table 5 of the memory's 4096", tables_an_offer_max,
       [](Bytes& memory) {
         const Bytes eight = table_of(8, 251);
         memory.resize(6208);
         memory.insert(memory.end(), eight.begin(), eight.end());
       }},
      {"memory has 2048 bytes behind the last of its 2 tables", 2, [](Bytes& memory) { memory.resize(6176); }},
      {"memory has 1 bytes behind the last of its 3 tables", 3, [](Bytes& memory) { memory.resize(6193); }},
      {"table 3 of the memory's 3: table length is 2031, expected 2032", 3, [](Bytes& memory) { memory.pop_back(); }},
      {"table 3 of the memory's 3: table length is 23", 3, [](Bytes& memory) { memory.resize(4160 + 23); }},
      {"table 3 of the memory's 3: table length is 0", 3, [](Bytes& memory) { memory.resize(second_at + 2080); }},
      {"table 3 of the memory's 3: table length is 0", 3, [](Bytes& memory) { memory.resize(4160); }},
      {"table 2 of the memory's 3: table magic", 3, [](Bytes& memory) { overwrite(memory, second_at, 1); }},
      {"table 2 of the memory's 3: table magic", 3,
       [](Bytes& memory) { memory.erase(memory.begin() + 2032, memory.begin() + 2040); }},
      {"table 2 of the memory's 3: table abi_version", 3,
       [](Bytes& memory) { overwrite(memory, second_at + 4, GW_ABI_VERSION + 1); }},
      {"table 2 of the memory's 3: table_id is 0", 3, [](Bytes& memory) { overwrite(memory, second_at + 8, 0); }},
      {"table 2 of the memory's 3: table slot_count", 3, [](Bytes& memory) { overwrite(memory, second_at + 16, 258); }},
      {"table 2 of the memory's 3: table slot_count is 4294967291", 3,
       [](Bytes& memory) { overwrite(memory, second_at + 16, 0xfffffffb); }},
      {"table 2 of the memory's 3: table length is 4144, expected 40000112", 3,
       [](Bytes& memory) { overwrite(memory, second_at + 16, GW_TABLE_SLOTS_MAX); }},
      {"table 5: the memory holds it twice", 3, [](Bytes& memory) { overwrite(memory, 4160 + 8, 5); }},
      {"table 7: backend of slot[250] is 16", 3, [](Bytes& memory) { overwrite(memory, memory.size() - 4, 16); }},
  };
  greet();
  for (const Row& row : rows_of_faults) {
    Bytes memory = three_tables();
    row.spoil(memory);
    expect_rejected(offer_memory(row.table_count, memory), std::string("table offer: ") + row.part);
    EXPECT_TRUE(holdings.tables.empty()) << row.part;
  }
  EXPECT_EQ(offer_memory(3, three_tables()).type(), MessageType::accepted);
  EXPECT_EQ(holdings.tables.size(), 3U);
}

TEST_F(OfferedTables, OneThatIsHeldStaysAsItIs) {
  greet();
  ASSERT_EQ(offer_tables({table_of(5, 251)}).type(), MessageType::accepted);
  const Table* held = holdings.tables.at(5).get();
  // Its slots are not looked at again, even if they could not be taken.
  const Reply reply = offer_tables({table_of(6, 251), table_of(5, 251, 999)});
  ASSERT_EQ(reply.type(), MessageType::accepted) << reason_of(reply.bytes());
  EXPECT_EQ(read_answer<Accepted>(reply.bytes()).id, 2U);
  EXPECT_EQ(holdings.tables.at(5).get(), held);
  EXPECT_EQ(holdings.tables.count(6), 1U);
  // And it is no reason to take what lies beside it.
  expect_rejected(offer_tables({table_of(5, 251), table_of(8, 251, 999)}), "table 8: backend");
  EXPECT_EQ(holdings.tables.size(), 2U);
  expect_rejected(offer_tables({table_of(5, 251), table_of(5, 251)}), "table 5: the memory holds it twice");
}

TEST_F(OfferedTables, NoMoreAreHeldThanTwoSnapshotsName) {
  greet();
  constexpr std::uint64_t held_max = std::uint64_t{2} * GW_TABLES_MAX;
  for (std::uint64_t id = 100; holdings.tables.size() < held_max - 2; ++id) holdings.tables.emplace(id, nullptr);
  expect_rejected(offer_memory(3, three_tables()), "too many tables are held");
  EXPECT_EQ(holdings.tables.size(), held_max - 2);
  // What is held already does not count.
  EXPECT_EQ(offer_tables({table_of(5, 251), table_of(6, 251), table_of(100, 251)}).type(), MessageType::accepted);
  EXPECT_EQ(holdings.tables.size(), held_max);
  expect_rejected(offer_tables({table_of(7, 251)}), "too many tables are held");
}

TEST_F(OfferedTables, TheLargestTableIsTakenAndNothingLarger) {
  greet();
  Bytes memory = table_of(5, GW_TABLE_SLOTS_MAX);
  EXPECT_EQ(memory.size(), staged_tables_bytes_max);
  EXPECT_EQ(offer_memory(1, memory).type(), MessageType::accepted);
  memory.push_back(std::byte{0});
  expect_rejected(offer_memory(1, memory), "memory has 40000113 bytes, at most 40000112 can be meant");
}

}  // namespace
}  // namespace guideway::door
