// SPDX-License-Identifier: Apache-2.0
// What a datapath does with an edit: it takes the one table that changed and a snapshot of everything, 1,000 services
// with a table and 10 backends each. Through the door's conversation, as a controller has it, and its parts alone.
// Snapshots take turns, as in life, and between two of them other programs have the caches ("others_kb" of them).
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "dataplane/door/conversation.hh"
#include "tests/support/fake_datapath.hh"
#include "tests/support/snapshot_bytes.hh"

namespace guideway {
namespace {

using testing_support::Bytes;

constexpr std::uint32_t services = 1000;
constexpr std::uint32_t backends = 10 * services;
constexpr Capacities just_enough{.services_max = services + 64, .backends_max = backends + 1024, .flows_max = 1024};

// Tables of one service are as small as there are; only the one that is offered with every snapshot has the usual size.
Bytes small_table(std::uint64_t id) { return testing_support::table_bytes(id, testing_support::slots_in_turn(10)); }

Bytes usual_table(std::uint64_t id) {
  std::vector<gw_slot> slots(GW_TABLE_SLOTS_DEFAULT);
  for (std::uint32_t i = 0; i < slots.size(); ++i) slots[i] = {i % 10, i % 10};
  return testing_support::table_bytes(id, slots);
}

// As after many edits: tables are numbered in the order in which they were made, not in that of their services.
std::vector<std::uint64_t> table_ids() {
  std::vector<std::uint64_t> ids(services);
  for (std::uint32_t i = 0; i < services; ++i) ids[i] = i + 1;
  std::shuffle(ids.begin(), ids.end(), std::mt19937_64{1});  // NOLINT(cert-msc51-cpp): the same in every run
  return ids;
}

testing_support::SnapshotRows all_rows() {
  testing_support::SnapshotRows rows;
  for (std::uint32_t i = 0; i < services; ++i) {
    rows.services.push_back(testing_support::service_row(i, static_cast<std::uint8_t>(i), 80, 6));
    rows.services.back().key.address[2] = static_cast<__u8>(i >> 8U);
    rows.services.back().table = i;
  }
  for (std::uint32_t i = 0; i < backends; ++i) rows.backends.push_back(testing_support::backend_row(i, 0));
  rows.tables = table_ids();
  return rows;
}

// Fills the caches with something else, outside of what is timed.
void leave_caches_to_others(benchmark::State& state, std::vector<char>& memory) {
  state.PauseTiming();
  for (char& byte : memory) ++byte;
  benchmark::ClobberMemory();
  state.ResumeTiming();
}

Capacities capacities_of(const benchmark::State& state) { return state.range(0) == 0 ? just_enough : Capacities{}; }
std::vector<char> memory_of_others(const benchmark::State& state) {
  return std::vector<char>(static_cast<std::size_t>(state.range(1)) << 10U);
}

void load_snapshot(benchmark::State& state) {
  const Capacities capacities = capacities_of(state);
  TableMemory memory;
  TableStore tables;
  for (const std::uint64_t id : table_ids()) tables[id] = *Table::load(small_table(id), capacities, &memory);
  const Bytes wire = testing_support::snapshot_bytes(all_rows());
  auto others = memory_of_others(state);
  auto newest = *Snapshot::load(wire, tables, capacities);
  for (auto _ : state) {
    newest = *Snapshot::load(wire, tables, capacities);
    leave_caches_to_others(state, others);
  }
}

void load_table(benchmark::State& state) {
  const Capacities capacities = capacities_of(state);
  TableMemory memory;
  const Bytes wire = usual_table(1);
  auto others = memory_of_others(state);
  auto newest = *Table::load(wire, capacities, &memory);
  for (auto _ : state) {
    newest = *Table::load(wire, capacities, &memory);
    leave_caches_to_others(state, others);
  }
}

// One controller, which has offered all tables and is offering the changes of service 0.
class Edits {
 public:
  explicit Edits(const Capacities& capacities) : datapath_(capacities), rows_(all_rows()) {
    auto hello = request<door::Hello>();
    hello.abi_version = GW_ABI_VERSION;
    staging_fd_ = say(hello).fds()[2];
    for (const std::uint64_t id : rows_.tables) offer_table(small_table(id));
    prepare();
    offer();
  }
  // Lays out the next table and the snapshot that names it.
  void prepare() {
    rows_.tables[0] = next_table_id_++;
    table_ = usual_table(rows_.tables[0]);
    rows_.generation = datapath_.newest().generation() + 1;
    snapshot_ = testing_support::snapshot_bytes(rows_);
    lay(table_, 0);
    lay(snapshot_, snapshot_at_bytes);
  }
  void offer() {
    offer_laid_table(table_.size());
    auto offer = request<door::SnapshotOffer>();
    offer.generation = rows_.generation;
    offer.staged = {snapshot_at_bytes, snapshot_.size()};
    expect_accepted(say(offer));
  }

 private:
  static constexpr std::size_t snapshot_at_bytes = 1U << 20U;

  template <typename Message>
  static Message request() {
    Message message{};
    message.header = {door::message_magic, door::protocol_version, Message::type, sizeof(Message), 1};
    return message;
  }
  template <typename Message>
  door::Reply say(const Message& message) {
    return conversation_.answer(std::as_bytes(std::span(&message, 1)), {});
  }
  static void expect_accepted(const door::Reply& reply) {
    if (reply.type() != door::MessageType::accepted) std::abort();
  }
  void lay(const Bytes& bytes, std::size_t at_bytes) const {
    const auto at = static_cast<off_t>(at_bytes);
    if (::pwrite(staging_fd_, bytes.data(), bytes.size(), at) != static_cast<ssize_t>(bytes.size())) std::abort();
  }
  void offer_table(const Bytes& bytes) {
    lay(bytes, 0);
    offer_laid_table(bytes.size());
  }
  void offer_laid_table(std::size_t length_bytes) {
    auto offer = request<door::TableOffer>();
    offer.table_count = 1;
    offer.staged = {0, length_bytes};
    expect_accepted(say(offer));
  }

  testing_support::FakeDatapath datapath_;
  door::Holdings holdings_;
  door::Conversation conversation_{datapath_, holdings_};
  testing_support::SnapshotRows rows_;
  std::uint64_t next_table_id_ = services + 1;
  int staging_fd_ = -1;
  Bytes table_;
  Bytes snapshot_;
};

void take_an_edit(benchmark::State& state) {
  Edits edits(capacities_of(state));
  auto others = memory_of_others(state);
  for (auto _ : state) {
    state.PauseTiming();
    edits.prepare();
    state.ResumeTiming();
    leave_caches_to_others(state, others);
    edits.offer();
  }
}

void with_capacities(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"default_capacities", "others_kb"})->ArgsProduct({{0, 1}, {0, 4096}});
  benchmark->Unit(benchmark::kMicrosecond);
}
BENCHMARK(load_snapshot)->Apply(with_capacities);
BENCHMARK(load_table)->Apply(with_capacities);
BENCHMARK(take_an_edit)->Apply(with_capacities);

}  // namespace
}  // namespace guideway

BENCHMARK_MAIN();
