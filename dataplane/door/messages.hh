// SPDX-License-Identifier: Apache-2.0
// What goes through the door: a SOCK_SEQPACKET unix socket, one message a packet, memory as file descriptors beside it.
// What is longer than a message lies in the staging memory, which the datapath lends to each controller anew.
//
//   controller                      datapath
//   Hello                    ->
//                            <-     Welcome + {health, counters, staging}    or Refused (wrong version, door occupied)
//   TableOffer               ->                                       tables, many together
//                            <-     Accepted | Rejected               all of them or none
//   SnapshotOffer            ->
//                            <-     Accepted | Rejected               Accepted: every worker uses the new generation
//   FlowQuery                ->
//                            <-     FlowAnswer
//   FlowPageQuery            ->
//                            <-     FlowPage                          some of what a worker remembers
//   CaptureQuery             ->
//                            <-     CaptureMemory + {memory} | Rejected
//
// A request is answered before the next is read, and what it offers was copied by then. A message whose length, magic,
// version or type is wrong is Refused and the connection closed. Tables that the newest snapshot does not name are
// dropped once it is accepted. One controller at a time: while the first is connected, others are Refused.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "dataplane/forwarding/table_header.hh"
#include "ebpf/abi/flow_key.h"
#include "ebpf/abi/limits.h"

namespace guideway::door {

inline constexpr std::uint32_t message_magic = 0x524f4447U;  // "GDOR"
inline constexpr std::uint16_t protocol_version = 3;
inline constexpr std::uint32_t message_bytes_max = 4096;

enum class MessageType : std::uint16_t {
  hello = 1,
  welcome = 2,
  refused = 3,
  table_offer = 4,
  snapshot_offer = 5,
  accepted = 6,
  rejected = 7,
  flow_query = 8,
  flow_answer = 9,
  flow_page_query = 10,
  flow_page = 11,
  capture_query = 12,
  capture_memory = 13,
};

struct MessageHeader {
  std::uint32_t magic;
  std::uint16_t version;
  MessageType type;
  std::uint32_t length_bytes;  // of the whole message
  std::uint32_t sequence;      // answers carry the number of their request
};

struct Hello {
  static constexpr MessageType type = MessageType::hello;
  MessageHeader header;
  std::uint32_t abi_version;
  std::uint32_t process_id;
};

struct PortDescription {
  std::uint32_t number;
  std::uint32_t mtu_bytes;
  std::array<std::uint8_t, 6> mac;
  std::array<std::uint8_t, 2> zero;
  std::array<char, 36> name;         // of the device, ended by 0
  std::array<char, 16> kernel_face;  // interface that the kernel keeps for this port, ended by 0; empty if none
};
static_assert(sizeof(PortDescription) == 68);

struct Welcome {
  static constexpr MessageType type = MessageType::welcome;
  MessageHeader header;
  std::uint32_t abi_version;
  std::uint32_t process_id;
  std::uint64_t generation;  // of the snapshot in use; 0 if none was ever accepted
  std::uint32_t services_max;
  std::uint32_t backends_max;
  std::uint32_t flows_max;  // a worker
  std::uint32_t worker_count;
  std::uint64_t health_bytes;     // of the first file descriptor: backends_max words, writable
  std::uint64_t counters_bytes;   // of the second
  std::uint64_t staging_bytes;    // of the third, writable: in each half there is room for whatever can be offered
  std::array<char, 16> datapath;  // "guideway-dpdk"
  std::uint32_t port_count;
  std::uint32_t zero;
  std::array<PortDescription, GW_PORTS_MAX> ports;
};

struct Refused {
  static constexpr MessageType type = MessageType::refused;
  MessageHeader header;
  std::array<char, 512> reason;  // one sentence, ended by 0
};

// Where in the staging memory something lies that is offered.
struct StagedBytes {
  std::uint64_t at_bytes;
  std::uint64_t length_bytes;
};

// Staged are table_count tables, each as ebpf/abi/snapshot.h has it and none twice: the first at 0, the others where
// next_table_at() says, and nothing behind the last one. A table already held is accepted again without a look at its
// slots.
struct TableOffer {
  static constexpr MessageType type = MessageType::table_offer;
  MessageHeader header;
  std::uint32_t table_count;  // 1 to tables_an_offer_max
  std::uint32_t zero;
  StagedBytes staged;
};

inline constexpr std::uint32_t tables_an_offer_max = 4096;
// One table of the most slots, or as many smaller ones.
inline constexpr std::size_t staged_tables_bytes_max = table_length_bytes(GW_TABLE_SLOTS_MAX);

// A table begins with a cache line, the first one behind the table before.
constexpr std::size_t next_table_at(std::size_t table_before_ends_at) noexcept {
  constexpr std::size_t line_bytes = 64;
  return (table_before_ends_at + line_bytes - 1) / line_bytes * line_bytes;
}

struct SnapshotOffer {
  static constexpr MessageType type = MessageType::snapshot_offer;
  MessageHeader header;
  std::uint64_t generation;
  StagedBytes staged;
};

struct Accepted {
  static constexpr MessageType type = MessageType::accepted;
  MessageHeader header;
  std::uint64_t id;  // the generation; of a TableOffer its number of tables
};

struct Rejected {
  static constexpr MessageType type = MessageType::rejected;
  MessageHeader header;
  std::array<char, 512> reason;
};

struct FlowQuery {
  static constexpr MessageType type = MessageType::flow_query;
  MessageHeader header;
  gw_flow_key flow;
};

struct FlowAnswer {
  static constexpr MessageType type = MessageType::flow_answer;
  MessageHeader header;
  std::uint32_t remembered;  // 0 or 1: whether any worker remembers the flow
  std::uint32_t worker;
  std::uint32_t backend;  // index
  std::uint32_t state;    // enum gw_flow_state
  std::uint32_t remaining_ticks;
  std::uint32_t zero;
};

struct FlowPageQuery {
  static constexpr MessageType type = MessageType::flow_page_query;
  MessageHeader header;
  std::uint32_t worker;
  std::uint32_t first_bucket;  // 0, or what the page before said
};

// A flow is known by its hash alone: nothing else of it is remembered.
struct FlowRecord {
  std::uint64_t hash;
  std::uint32_t backend;  // index
  std::uint32_t state;    // enum gw_flow_state
  std::uint32_t remaining_ticks;
  std::uint32_t zero;
};

inline constexpr std::uint32_t flows_a_page = 160;

struct FlowPage {
  static constexpr MessageType type = MessageType::flow_page;
  MessageHeader header;
  std::uint32_t count;        // of `flows`; a page may be empty before the last one
  std::uint32_t next_bucket;  // 0: that was this worker's last page
  std::array<FlowRecord, flows_a_page> flows;
};

struct CaptureQuery {
  static constexpr MessageType type = MessageType::capture_query;
  MessageHeader header;
};

struct CaptureMemory {
  static constexpr MessageType type = MessageType::capture_memory;
  MessageHeader header;
  std::uint64_t length_bytes;  // of the file descriptor, writable: ebpf/abi/capture.h
};

static_assert(sizeof(Welcome) <= message_bytes_max && sizeof(FlowPage) <= message_bytes_max);
static_assert(std::has_unique_object_representations_v<Welcome> &&
              std::has_unique_object_representations_v<FlowQuery> &&
              std::has_unique_object_representations_v<FlowAnswer> &&
              std::has_unique_object_representations_v<FlowPage>);

}  // namespace guideway::door
