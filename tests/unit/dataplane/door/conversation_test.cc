// SPDX-License-Identifier: Apache-2.0
// What the door answers, message by message, without a socket.
#include "dataplane/door/conversation.hh"

#include <gtest/gtest.h>

#include <functional>

#include "ebpf/abi/flow.h"
#include "tests/unit/dataplane/door/conversation_fixture.hh"

namespace guideway::door {
namespace {

TEST_F(ConversationTest, WelcomesAControllerOfItsVersion) {
  const Reply reply = say(hello());
  ASSERT_EQ(reply.type(), MessageType::welcome);
  const auto welcome = read_answer<Welcome>(reply.bytes());
  EXPECT_EQ(welcome.header.sequence, 7U);
  EXPECT_EQ(welcome.header.length_bytes, sizeof(Welcome));
  EXPECT_EQ(welcome.abi_version, GW_ABI_VERSION);
  EXPECT_EQ(welcome.backends_max, 16U);
  EXPECT_EQ(welcome.worker_count, 2U);
  EXPECT_EQ(welcome.generation, 0U);
  EXPECT_EQ(reply.fds().size(), 3U);
  EXPECT_EQ(conversation.controller_process_id(), 4242U);
}

TEST_F(ConversationTest, RefusesWhatIsNoMessageOfIts) {
  struct Row {
    const char* part;
    std::function<void(Hello&)> spoil;
  };
  const Row rows_of_faults[] = {
      {"magic", [](Hello& message) { message.header.magic = 1; }},
      {"protocol version 9", [](Hello& message) { message.header.version = 9; }},
      {"99 bytes, 24 came", [](Hello& message) { message.header.length_bytes = 99; }},
      {"message type 0", [](Hello& message) { message.header.type = MessageType{0}; }},
      {"message type 6", [](Hello& message) { message.header.type = MessageType::accepted; }},
      {"message type 65535", [](Hello& message) { message.header.type = MessageType{65535}; }},
      {"SnapshotOffer has 24 bytes, expected 40",
       [](Hello& message) { message.header.type = MessageType::snapshot_offer; }},
      {"FlowQuery has 24 bytes", [](Hello& message) { message.header.type = MessageType::flow_query; }},
      {"ABI version 77", [](Hello& message) { message.abi_version = 77; }},
  };
  for (const Row& row : rows_of_faults) {
    Conversation fresh(datapath, holdings);
    auto message = hello();
    row.spoil(message);
    const Reply reply = fresh.answer(bytes_of(message), {});
    EXPECT_EQ(reply.type(), MessageType::refused) << row.part;
    EXPECT_TRUE(reply.closes());
    EXPECT_NE(reason_of(reply.bytes()).find(row.part), std::string::npos) << reason_of(reply.bytes());
    EXPECT_EQ(fresh.controller_process_id(), 0U);
  }
}

TEST_F(ConversationTest, RefusesEveryLengthButTheRightOne) {
  Bytes bytes(message_bytes_max, std::byte{0});
  const auto good = hello();
  std::memcpy(bytes.data(), &good, sizeof good);
  for (std::uint32_t length = 0; length <= message_bytes_max; ++length) {
    if (length == sizeof good) continue;
    // Once with the length that it says, once with the length that it has.
    for (const bool honest : {true, false}) {
      Conversation fresh(datapath, holdings);
      auto header = good.header;
      header.length_bytes = honest ? length : header.length_bytes;
      std::memcpy(bytes.data(), &header, sizeof header);
      ASSERT_EQ(fresh.answer(std::span(bytes).first(length), {}).type(), MessageType::refused) << length;
    }
  }
}

TEST_F(ConversationTest, HelloComesFirstAndOnce) {
  const Reply early = offer_tables({good_table(1)});
  EXPECT_EQ(early.type(), MessageType::refused);
  EXPECT_NE(reason_of(early.bytes()).find("must be Hello"), std::string::npos);
  greet();
  EXPECT_NE(reason_of(say(hello()).bytes()).find("second Hello"), std::string::npos);
}

TEST_F(ConversationTest, FileDescriptorsAreCounted) {
  greet();
  EXPECT_EQ(say(request<FlowQuery>(), {0}).type(), MessageType::refused);
  EXPECT_EQ(say(request<TableOffer>(), {0, 0}).type(), MessageType::refused);
  EXPECT_EQ(reason_of(say(request<SnapshotOffer>(), {0}).bytes()),
            "SnapshotOffer came with 1 file descriptors, expected none");
}

TEST_F(ConversationTest, ASnapshotIsPublishedWithItsTables) {
  greet();
  ASSERT_EQ(offer_tables({good_table(5)}).type(), MessageType::accepted);
  const Reply snapshot = offer_snapshot(3, snapshot_bytes(rows(3, 5)));
  ASSERT_EQ(snapshot.type(), MessageType::accepted) << reason_of(snapshot.bytes());
  EXPECT_EQ(read_answer<Accepted>(snapshot.bytes()).id, 3U);
  EXPECT_EQ(datapath.newest().generation(), 3U);
  EXPECT_EQ(datapath.newest().services().all().size(), 1U);
}

TEST_F(ConversationTest, TablesThatTheNewestSnapshotDoesNotNameAreDropped) {
  greet();
  ASSERT_EQ(offer_tables({good_table(5), good_table(6), good_table(7)}).type(), MessageType::accepted);
  ASSERT_EQ(offer_snapshot(1, snapshot_bytes(rows(1, 6))).type(), MessageType::accepted);
  EXPECT_EQ(holdings.tables.size(), 1U);
  EXPECT_EQ(holdings.tables.count(6), 1U);
  // A rejected snapshot drops nothing.
  ASSERT_EQ(offer_tables({good_table(8)}).type(), MessageType::accepted);
  ASSERT_EQ(offer_snapshot(2, snapshot_bytes(rows(2, 99))).type(), MessageType::rejected);
  EXPECT_EQ(holdings.tables.size(), 2U);
  // Nor one that the datapath cannot take, which has named both.
  auto both = rows(2, 6);
  both.tables.push_back(8);
  datapath.full = true;
  ASSERT_EQ(offer_snapshot(2, snapshot_bytes(both)).type(), MessageType::rejected);
  datapath.full = false;
  EXPECT_EQ(holdings.tables.size(), 2U);
  // What the one before named goes with it, and can no longer be named.
  ASSERT_EQ(offer_snapshot(2, snapshot_bytes(rows(2, 8))).type(), MessageType::accepted);
  EXPECT_EQ(holdings.tables.size(), 1U);
  EXPECT_EQ(holdings.tables.count(8), 1U);
  expect_rejected(offer_snapshot(3, snapshot_bytes(rows(3, 6))), "table_id is 6");
}

TEST_F(ConversationTest, GenerationsRise) {
  greet();
  ASSERT_EQ(offer_tables({good_table(5)}).type(), MessageType::accepted);
  ASSERT_EQ(offer_snapshot(3, snapshot_bytes(rows(3, 5))).type(), MessageType::accepted);
  for (const std::uint64_t generation : {0U, 1U, 3U})
    expect_rejected(offer_snapshot(generation, snapshot_bytes(rows(generation, 5))), "must be above 3");
  expect_rejected(offer_snapshot(5, snapshot_bytes(rows(4, 5))), "memory holds generation 4");
  EXPECT_EQ(datapath.published_count, 1U);
}

TEST_F(ConversationTest, WhatFailsACheckChangesNothing) {
  greet();
  ASSERT_EQ(offer_tables({good_table(5)}).type(), MessageType::accepted);
  ASSERT_EQ(offer_snapshot(1, snapshot_bytes(rows(1, 5))).type(), MessageType::accepted);
  const Snapshot* before = &datapath.newest();

  expect_rejected(offer_snapshot(2, Bytes{}), "empty");
  expect_rejected(offer_snapshot(2, Bytes(10)), "length");
  expect_rejected(offer_snapshot(2, Bytes(40'000'000)), "at most");
  expect_rejected(offer_snapshot(2, snapshot_bytes(rows(2, 9))), "table_id is 9");
  auto bad = rows(2, 5);
  bad.services[0].table = 1;
  expect_rejected(offer_snapshot(2, snapshot_bytes(bad)), "service[0].table");
  bad = rows(2, 5);
  bad.backends[1].index = 16;
  expect_rejected(offer_snapshot(2, snapshot_bytes(bad)), "backend[1].index");
  auto cut = snapshot_bytes(rows(2, 5));
  cut.pop_back();
  expect_rejected(offer_snapshot(2, cut), "length");

  EXPECT_EQ(&datapath.newest(), before);
  EXPECT_EQ(datapath.published_count, 1U);
}

TEST_F(ConversationTest, WhatTheDatapathCannotTakeIsRejected) {
  greet();
  ASSERT_EQ(offer_tables({good_table(5)}).type(), MessageType::accepted);
  datapath.full = true;
  expect_rejected(offer_snapshot(1, snapshot_bytes(rows(1, 5))), "snapshot 1: no memory for a table");
  EXPECT_EQ(datapath.newest().generation(), 0U);
  EXPECT_EQ(holdings.tables.count(5), 1U);  // the next offer may name it
  datapath.full = false;
  EXPECT_EQ(offer_snapshot(1, snapshot_bytes(rows(1, 5))).type(), MessageType::accepted);
}

TEST_F(ConversationTest, AsksTheWorkersForAFlow) {
  greet();
  auto query = request<FlowQuery>();
  expect_rejected(say(query), "family is 0");
  query.flow.family = 4;
  query.flow.protocol = 6;
  query.flow.source_port_be16 = 99;
  auto answer = read_answer<FlowAnswer>(say(query).bytes());
  EXPECT_EQ(answer.remembered, 0U);
  EXPECT_EQ(datapath.asked_hash, gw_hash_flow(&datapath.newest().hash_key(), &query.flow));

  datapath.found = FoundFlow{1, 14, GW_FLOW_ESTABLISHED, 33};
  answer = read_answer<FlowAnswer>(say(query).bytes());
  EXPECT_EQ(answer.remembered, 1U);
  EXPECT_EQ(answer.worker, 1U);
  EXPECT_EQ(answer.backend, 14U);
  EXPECT_EQ(answer.state, 1U);
  EXPECT_EQ(answer.remaining_ticks, 33U);

  datapath.mute = true;
  expect_rejected(say(query), "worker 1 does not answer");
}

TEST_F(ConversationTest, ReadsWhatAWorkerRemembersByPages) {
  greet();
  auto query = request<FlowPageQuery>();
  query.worker = 2;
  expect_rejected(say(query), "there is no worker 2 of 2");
  query.worker = 1;
  query.first_bucket = 7;
  datapath.remembered.assign(200, {5, 14U << 8U | 3U, (1000U + 33U) << 4U | GW_FLOW_WANDERS | GW_FLOW_CLOSING});
  datapath.next_bucket = 99;
  const auto page = read_answer<FlowPage>(say(query).bytes());
  EXPECT_EQ(datapath.read_from, std::pair(1U, 7U));
  ASSERT_EQ(page.count, flows_a_page);
  EXPECT_EQ(page.next_bucket, 99U);
  const FlowRecord& flow = page.flows[flows_a_page - 1];
  EXPECT_EQ(flow.hash, 5U);
  EXPECT_EQ(flow.backend, 14U);
  EXPECT_EQ(flow.state, static_cast<std::uint32_t>(GW_FLOW_CLOSING));
  EXPECT_EQ(flow.remaining_ticks, 33U);
  datapath.mute = true;
  expect_rejected(say(query), "worker 1 does not answer");
}

}  // namespace
}  // namespace guideway::door
