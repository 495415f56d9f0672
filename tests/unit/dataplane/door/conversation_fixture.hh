// SPDX-License-Identifier: Apache-2.0
// A conversation with a datapath without packets, and what a controller offers in it.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "dataplane/door/conversation.hh"
#include "tests/support/fake_datapath.hh"
#include "tests/support/snapshot_bytes.hh"
#include "tests/unit/dataplane/door/messages_of_test.hh"

namespace guideway::door {

using testing_support::Bytes;
using testing_support::snapshot_bytes;
using testing_support::SnapshotRows;
using testing_support::table_bytes;

class ConversationTest : public testing::Test {
 protected:
  template <typename Message>
  Reply say(const Message& message, const std::vector<int>& fds = {}) {
    return conversation.answer(bytes_of(message), fds);
  }
  void greet() {
    const Reply reply = say(hello());
    ASSERT_EQ(reply.type(), MessageType::welcome);
    staging_fd = reply.fds()[2];
  }
  // As a controller does that lays everything at the beginning.
  [[nodiscard]] StagedBytes stage(const Bytes& bytes) const {
    for (std::size_t at = 0; at < bytes.size();) {
      const ssize_t written = ::pwrite(staging_fd, bytes.data() + at, bytes.size() - at, static_cast<off_t>(at));
      if (written <= 0) break;
      at += static_cast<std::size_t>(written);
    }
    return {0, bytes.size()};
  }

  Reply offer_memory(std::uint32_t table_count, const Bytes& memory) {
    auto offer = request<TableOffer>();
    offer.table_count = table_count;
    offer.staged = stage(memory);
    return say(offer);
  }
  // Each at a multiple of 64, as the protocol has it.
  static Bytes memory_of(const std::vector<Bytes>& tables) {
    Bytes memory;
    for (const Bytes& table : tables) {
      memory.resize((memory.size() + 63) / 64 * 64);
      memory.insert(memory.end(), table.begin(), table.end());
    }
    return memory;
  }
  Reply offer_tables(const std::vector<Bytes>& tables) {
    return offer_memory(static_cast<std::uint32_t>(tables.size()), memory_of(tables));
  }
  Reply offer_snapshot(std::uint64_t generation, const Bytes& bytes) {
    auto offer = request<SnapshotOffer>();
    offer.generation = generation;
    offer.staged = stage(bytes);
    return say(offer);
  }
  static Bytes good_table(std::uint64_t id) { return table_bytes(id, testing_support::slots_in_turn(2)); }
  static SnapshotRows rows(std::uint64_t generation, std::uint64_t table_id) {
    SnapshotRows result;
    result.generation = generation;
    result.services = {testing_support::service_row(0, 1, 80, 6)};
    result.backends = {testing_support::backend_row(0, 0), testing_support::backend_row(1, 0)};
    result.tables = {table_id};
    return result;
  }
  void expect_rejected(const Reply& reply, const std::string& part) {
    EXPECT_EQ(reply.type(), MessageType::rejected);
    EXPECT_FALSE(reply.closes());
    EXPECT_NE(reason_of(reply.bytes()).find(part), std::string::npos) << reason_of(reply.bytes());
  }

  testing_support::FakeDatapath datapath;
  Holdings holdings;
  Conversation conversation{datapath, holdings};
  int staging_fd = -1;  // the conversation's
};

}  // namespace guideway::door
