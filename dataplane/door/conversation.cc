// SPDX-License-Identifier: Apache-2.0
#include "dataplane/door/conversation.hh"

#include <algorithm>
#include <cstring>
#include <string>

#include "dataplane/base/number.hh"
#include "dataplane/door/offered_tables.hh"
#include "dataplane/forwarding/flow_table.hh"
#include "ebpf/abi/snapshot.h"

namespace guideway::door {
namespace {

template <typename Message>
Message make(std::uint32_t sequence) noexcept {
  Message message{};
  message.header = {message_magic, protocol_version, Message::type, sizeof(Message), sequence};
  return message;
}

template <typename Message>
Message read_as(std::span<const std::byte> bytes) noexcept {
  Message message;
  std::memcpy(&message, bytes.data(), sizeof message);
  return message;
}

template <typename Message>
Reply with_reason(std::uint32_t sequence, std::string_view reason) {
  auto message = make<Message>(sequence);
  std::memcpy(message.reason.data(), reason.data(), std::min(reason.size(), message.reason.size() - 1));
  return Reply(message);
}

Reply reject(std::uint32_t sequence, std::string_view reason) { return with_reason<Rejected>(sequence, reason); }

Reply accept(std::uint32_t sequence, std::uint64_t id) {
  auto accepted = make<Accepted>(sequence);
  accepted.id = id;
  return Reply(accepted);
}

// What a request must look like.
struct Shape {
  MessageType type;
  std::string_view name;
  std::size_t length_bytes;
};
constexpr std::array shapes{
    Shape{MessageType::hello, "Hello", sizeof(Hello)},
    Shape{MessageType::table_offer, "TableOffer", sizeof(TableOffer)},
    Shape{MessageType::snapshot_offer, "SnapshotOffer", sizeof(SnapshotOffer)},
    Shape{MessageType::flow_query, "FlowQuery", sizeof(FlowQuery)},
    Shape{MessageType::flow_page_query, "FlowPageQuery", sizeof(FlowPageQuery)},
    Shape{MessageType::capture_query, "CaptureQuery", sizeof(CaptureQuery)},
};

// Nothing if the message has the shape of a request; else what is wrong with it.
std::string fault_of(const MessageHeader& header, std::size_t length_bytes, std::size_t fd_count) {
  if (header.magic != message_magic) return "message magic is " + number(header.magic) + ", this is not Guideway";
  if (header.version != protocol_version)
    return "protocol version " + number(header.version) + ", this datapath speaks " + number(protocol_version) +
           "; update the older program";
  if (header.length_bytes != length_bytes)
    return "message says it has " + number(header.length_bytes) + " bytes, " + number(length_bytes) + " came";
  const auto* shape =
      std::find_if(shapes.begin(), shapes.end(), [&](const Shape& each) { return each.type == header.type; });
  if (shape == shapes.end())
    return "message type " + number(static_cast<std::uint16_t>(header.type)) + " is no request";
  if (length_bytes != shape->length_bytes)
    return std::string(shape->name) + " has " + number(length_bytes) + " bytes, expected " +
           number(shape->length_bytes);
  if (fd_count != 0)
    return std::string(shape->name) + " came with " + number(fd_count) + " file descriptors, expected none";
  return {};
}

}  // namespace

template <typename Message>
Reply::Reply(const Message& message) noexcept : length_bytes_(sizeof(Message)), type_(Message::type) {
  static_assert(sizeof(Message) <= message_bytes_max);
  std::memcpy(bytes_.data(), &message, sizeof message);
}

Reply refuse(std::uint32_t sequence, std::string_view reason) {
  Reply reply = with_reason<Refused>(sequence, reason);
  reply.close_afterwards();
  return reply;
}

Reply Conversation::answer(std::span<const std::byte> message, std::span<const int> fds) {
  if (message.size() < sizeof(MessageHeader))
    return refuse(0, "message of " + number(message.size()) + " bytes, a header has " + number(sizeof(MessageHeader)));
  const auto header = read_as<MessageHeader>(message);
  if (const std::string fault = fault_of(header, message.size(), fds.size()); !fault.empty())
    return refuse(header.sequence, fault);
  if (greeted() == (header.type == MessageType::hello))
    return refuse(header.sequence, greeted() ? "a second Hello" : "the first message must be Hello");

  switch (header.type) {
    case MessageType::hello:
      return answer_hello(read_as<Hello>(message));
    case MessageType::table_offer:
      return answer_tables(read_as<TableOffer>(message));
    case MessageType::snapshot_offer:
      return answer_snapshot(read_as<SnapshotOffer>(message));
    case MessageType::flow_page_query:
      return answer_flow_page(read_as<FlowPageQuery>(message));
    case MessageType::capture_query:
      return answer_capture(read_as<CaptureQuery>(message));
    default:
      return answer_flow(read_as<FlowQuery>(message));
  }
}

Reply Conversation::answer_hello(const Hello& hello) {
  if (hello.abi_version != GW_ABI_VERSION)
    return refuse(hello.header.sequence, "ABI version " + number(hello.abi_version) + ", this datapath has " +
                                             number(GW_ABI_VERSION) + "; update the older program");
  const SharedMemory memory = datapath_.shared_memory();
  const Capacities capacities = datapath_.capacities();
  auto staging = Staging::create(capacities);
  if (!staging) return refuse(hello.header.sequence, staging.error().message);
  staging_ = std::move(*staging);
  controller_process_id_ = hello.process_id;
  auto welcome = make<Welcome>(hello.header.sequence);
  welcome.abi_version = GW_ABI_VERSION;
  welcome.generation = datapath_.newest().generation();
  welcome.services_max = capacities.services_max;
  welcome.backends_max = capacities.backends_max;
  welcome.flows_max = capacities.flows_max;
  welcome.health_bytes = memory.health_bytes;
  welcome.counters_bytes = memory.counters_bytes;
  welcome.staging_bytes = staging_->length_bytes();
  datapath_.describe(welcome);
  Reply reply(welcome);
  reply.attach(memory.health_fd);
  reply.attach(memory.counters_fd);
  reply.attach(staging_->fd());
  return reply;
}

Reply Conversation::answer_tables(const TableOffer& offer) {
  if (auto taken = take_tables(offer); !taken)
    return reject(offer.header.sequence, "table offer: " + taken.error().message);
  return accept(offer.header.sequence, offer.table_count);
}

Result<void> Conversation::take_tables(const TableOffer& offer) {
  const auto staged = staging_->find(offer.staged, staged_tables_bytes_max);
  if (!staged) return failure_of(staged);
  auto offered = tell_tables_apart(*staged, offer.table_count);
  if (!offered) return failure_of(offered);
  TableStore& held = holdings_.tables;
  const auto is_held = [&held](const OfferedTable& table) { return held.count(table.id) != 0; };
  offered->erase(std::remove_if(offered->begin(), offered->end(), is_held), offered->end());
  // Twice what a snapshot may name: the old ones and the new ones, until the next snapshot is accepted.
  if (held.size() + offered->size() > std::size_t{2} * GW_TABLES_MAX)
    return failure("too many tables are held that no snapshot names");
  TableStore loaded;
  for (const OfferedTable& each : *offered) {
    auto table = Table::load(each.bytes, datapath_.capacities(), &holdings_.table_memory);
    if (!table) return failure("table " + number(each.id) + ": " + table.error().message);
    // By what was copied.
    loaded.emplace((*table)->id(), std::move(*table));
  }
  held.merge(loaded);
  return {};
}

Reply Conversation::answer_snapshot(const SnapshotOffer& offer) {
  if (auto taken = take_snapshot(offer); !taken)
    return reject(offer.header.sequence, "snapshot " + number(offer.generation) + ": " + taken.error().message);
  drop_unused_tables();
  return accept(offer.header.sequence, offer.generation);
}

Result<void> Conversation::take_snapshot(const SnapshotOffer& offer) {
  const std::uint64_t newest = datapath_.newest().generation();
  if (offer.generation <= newest) return failure("generation must be above " + number(newest) + ", the one in use");
  const Capacities capacities = datapath_.capacities();
  const auto staged = staging_->find(offer.staged, snapshot_length_bytes_max(capacities));
  if (!staged) return failure_of(staged);
  holdings_.snapshot_bytes.assign(staged->begin(), staged->end());
  auto snapshot = Snapshot::load(holdings_.snapshot_bytes, holdings_.tables, capacities, &datapath_.newest());
  if (!snapshot) return failure_of(snapshot);
  if ((*snapshot)->generation() != offer.generation)
    return failure("memory holds generation " + number((*snapshot)->generation()));
  return datapath_.publish(std::move(*snapshot));
}

void Conversation::drop_unused_tables() {
  // Those that no snapshot shares any more; the one before has gone.
  for (auto each = holdings_.tables.begin(); each != holdings_.tables.end();)
    each = each->second.use_count() > 1 ? std::next(each) : holdings_.tables.erase(each);
}

Reply Conversation::answer_flow(const FlowQuery& query) {
  const gw_flow_key& flow = query.flow;
  if (flow.family != GW_FAMILY_IPV4 && flow.family != GW_FAMILY_IPV6)
    return reject(query.header.sequence, "flow family is " + number(flow.family) + ", expected 4 or 6");
  const auto found = datapath_.find_flow(gw_hash_flow(&datapath_.newest().hash_key(), &flow));
  if (!found) return reject(query.header.sequence, found.error().message);
  auto answer = make<FlowAnswer>(query.header.sequence);
  if (*found) {
    answer.remembered = 1;
    answer.worker = (*found)->worker;
    answer.backend = (*found)->backend;
    answer.state = (*found)->state;
    answer.remaining_ticks = (*found)->remaining_ticks;
  }
  return Reply(answer);
}

Reply Conversation::answer_capture(const CaptureQuery& query) {
  const auto memory = datapath_.capture_memory();
  if (!memory) return reject(query.header.sequence, "this datapath cannot capture");
  auto answer = make<CaptureMemory>(query.header.sequence);
  answer.length_bytes = memory->length_bytes;
  Reply reply(answer);
  reply.attach(memory->fd);
  return reply;
}

Reply Conversation::answer_flow_page(const FlowPageQuery& query) {
  Welcome about{};
  datapath_.describe(about);
  if (query.worker >= about.worker_count)
    return reject(query.header.sequence,
                  "there is no worker " + number(query.worker) + " of " + number(about.worker_count));
  std::array<gw_flow_entry, flows_a_page> entries{};
  const auto scan = datapath_.read_flows(query.worker, query.first_bucket, entries);
  if (!scan) return reject(query.header.sequence, scan.error().message);
  auto page = make<FlowPage>(query.header.sequence);
  page.count = scan->count;
  page.next_bucket = scan->next_bucket;
  const std::uint32_t now_ticks = datapath_.now_ticks();
  for (std::uint32_t i = 0; i < scan->count; ++i)
    page.flows[i] = {entries[i].hash, FlowTable::backend_of(entries[i]),
                     static_cast<std::uint32_t>(FlowTable::state_of(entries[i])),
                     FlowTable::remaining_ticks(entries[i], now_ticks), 0};
  return Reply(page);
}

}  // namespace guideway::door
