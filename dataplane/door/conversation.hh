// SPDX-License-Identifier: Apache-2.0
// What the door answers to a message: bytes and file descriptors in, a reply out. No socket, no thread, so that tests
// and a fuzzer can say anything to it. It believes nothing: lengths, magic, version, type, order and contents are
// copied and checked before they are used, and what fails comes back as one sentence and changes nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "dataplane/door/datapath.hh"
#include "dataplane/door/messages.hh"
#include "dataplane/door/staging.hh"

namespace guideway::door {

// What outlives a controller: the tables held for it and its successors.
struct Holdings {
  TableStore tables;
  TableMemory table_memory;
  std::vector<std::byte> snapshot_bytes;  // the last one offered: room for the next
};

class Reply {
 public:
  template <typename Message>
  explicit Reply(const Message& message) noexcept;

  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return {bytes_.data(), length_bytes_}; }
  [[nodiscard]] std::span<const int> fds() const noexcept { return {fds_.data(), fd_count_}; }
  [[nodiscard]] bool closes() const noexcept { return closes_; }
  [[nodiscard]] MessageType type() const noexcept { return type_; }

  void attach(int fd) noexcept { fds_[fd_count_++] = fd; }
  void close_afterwards() noexcept { closes_ = true; }

 private:
  std::array<std::byte, message_bytes_max> bytes_;
  std::size_t length_bytes_;
  MessageType type_;
  std::array<int, 3> fds_{};
  std::size_t fd_count_ = 0;
  bool closes_ = false;
};

// One controller's, from its Hello to its end.
class Conversation {
 public:
  Conversation(Datapath& datapath, Holdings& holdings) noexcept : datapath_(datapath), holdings_(holdings) {}

  // `fds` remain the caller's. A message that is too long is to be given cut off, with its length as received.
  [[nodiscard]] Reply answer(std::span<const std::byte> message, std::span<const int> fds);

  [[nodiscard]] bool greeted() const noexcept { return staging_.has_value(); }
  // As it said in its Hello.
  [[nodiscard]] std::uint32_t controller_process_id() const noexcept { return controller_process_id_; }

 private:
  [[nodiscard]] Reply answer_hello(const Hello& hello);
  [[nodiscard]] Reply answer_tables(const TableOffer& offer);
  [[nodiscard]] Reply answer_snapshot(const SnapshotOffer& offer);
  [[nodiscard]] Reply answer_flow(const FlowQuery& query);
  [[nodiscard]] Reply answer_flow_page(const FlowPageQuery& query);
  [[nodiscard]] Reply answer_capture(const CaptureQuery& query);
  [[nodiscard]] Result<void> take_tables(const TableOffer& offer);
  [[nodiscard]] Result<void> take_snapshot(const SnapshotOffer& offer);
  void drop_unused_tables();

  Datapath& datapath_;
  Holdings& holdings_;
  std::optional<Staging> staging_;  // once greeted. This controller's: one before it may still hold another
  std::uint32_t controller_process_id_ = 0;
};

[[nodiscard]] Reply refuse(std::uint32_t sequence, std::string_view reason);

}  // namespace guideway::door
