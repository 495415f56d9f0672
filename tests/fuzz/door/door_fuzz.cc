// SPDX-License-Identifier: Apache-2.0
// Anything that may be said at the door, by whomever. The input is a list of steps (kind, length, bytes): raw messages,
// also with a file descriptor, and well-formed offers of staging memory that holds whatever the input says, so that the
// checks behind the first ones are reached too. Beside what the sanitizers see: an answer is always a whole message,
// generations only rise, and what is not accepted changes nothing.
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <optional>

#include "dataplane/base/check.hh"
#include "dataplane/door/conversation.hh"
#include "tests/support/fake_datapath.hh"

namespace guideway::door {
namespace {

enum class Step : std::uint8_t { raw, raw_with_fd, memory, hello, table, snapshot, flow, count };

class Visit {
 public:
  void step(Step kind, std::span<const std::byte> bytes) {
    switch (kind) {
      case Step::raw:
        return say(bytes, false);
      case Step::raw_with_fd:
        return say(bytes, true);
      case Step::memory:
        memory_.assign(bytes.begin(), bytes.end());
        return stage();
      case Step::hello: {
        auto message = fresh<Hello>();
        message.abi_version = GW_ABI_VERSION;
        return say(std::as_bytes(std::span(&message, 1)), false);
      }
      case Step::table: {
        // As many as the step says, or one.
        auto message = fresh<TableOffer>();
        message.table_count = 1;
        std::memcpy(&message.table_count, bytes.data(), std::min(bytes.size(), sizeof message.table_count));
        message.staged = {0, memory_.size()};
        return say(std::as_bytes(std::span(&message, 1)), false);
      }
      case Step::snapshot: {
        auto message = fresh<SnapshotOffer>();
        message.generation = word_of_memory(8);  // as the snapshot itself says
        message.staged = {0, memory_.size()};
        return say(std::as_bytes(std::span(&message, 1)), false);
      }
      default: {
        auto message = fresh<FlowQuery>();
        std::memcpy(&message.flow, bytes.data(), std::min(bytes.size(), sizeof message.flow));
        return say(std::as_bytes(std::span(&message, 1)), false);
      }
    }
  }

 private:
  template <typename Message>
  static Message fresh() {
    Message message{};
    message.header = {message_magic, protocol_version, Message::type, sizeof(Message), 1};
    return message;
  }

  [[nodiscard]] std::uint64_t word_of_memory(std::size_t offset) const {
    std::uint64_t word = 0;
    if (memory_.size() >= offset + sizeof word) std::memcpy(&word, memory_.data() + offset, sizeof word);
    return word;
  }

  // Into this conversation's staging memory, if there is any yet.
  void stage() const {
    if (staging_fd_ == -1 || memory_.empty()) return;
    check(::pwrite(staging_fd_, memory_.data(), memory_.size(), 0) == static_cast<ssize_t>(memory_.size()),
          "all of it can be written");
  }

  void say(std::span<const std::byte> message, bool with_fd) {
    const std::vector<int> fds(with_fd ? 1 : 0, STDERR_FILENO);
    const Snapshot* before = &datapath_.newest();
    const std::uint64_t generation = before->generation();
    const std::size_t held_before = holdings_.tables.size();
    const Reply reply =
        conversation_->answer(message.first(std::min(message.size(), std::size_t{message_bytes_max})), fds);

    MessageHeader header{};
    check(reply.bytes().size() >= sizeof header, "an answer has a header");
    std::memcpy(&header, reply.bytes().data(), sizeof header);
    check(header.magic == message_magic && header.length_bytes == reply.bytes().size(), "an answer is a whole message");
    check(reply.closes() == (reply.type() == MessageType::refused),
          "refusing ends the conversation, nothing else does");
    const bool published = &datapath_.newest() != before;
    check(!published || (reply.type() == MessageType::accepted && datapath_.newest().generation() > generation),
          "only what is accepted changes anything, and generations rise");
    check(reply.type() == MessageType::accepted || holdings_.tables.size() == held_before,
          "only what is accepted is held");
    if (reply.type() == MessageType::welcome) {
      staging_fd_ = reply.fds()[2];
      stage();
    }
    if (reply.closes()) {
      conversation_.emplace(datapath_, holdings_);
      staging_fd_ = -1;
    }
  }

  testing_support::FakeDatapath datapath_;
  Holdings holdings_;
  std::optional<Conversation> conversation_{std::in_place, datapath_, holdings_};
  int staging_fd_ = -1;
  std::vector<std::byte> memory_;
};

}  // namespace
}  // namespace guideway::door

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using guideway::door::Step;
  guideway::door::Visit visit;
  std::span<const std::byte> rest = std::as_bytes(std::span(data, size));
  constexpr std::size_t head_bytes = 3;
  for (int steps = 0; rest.size() >= head_bytes && steps < 32; ++steps) {
    const auto kind = static_cast<Step>(static_cast<unsigned>(rest[0]) % static_cast<unsigned>(Step::count));
    const std::size_t length = static_cast<std::size_t>(rest[1]) | static_cast<std::size_t>(rest[2]) << 8U;
    rest = rest.subspan(head_bytes);
    const std::size_t taken = std::min(length, rest.size());
    visit.step(kind, rest.first(taken));
    rest = rest.subspan(taken);
  }
  return 0;
}
