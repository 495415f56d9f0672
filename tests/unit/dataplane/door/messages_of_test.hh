// SPDX-License-Identifier: Apache-2.0
// Messages as a controller writes them, and answers as it reads them. For the door's tests.
#pragma once

#include <cstring>
#include <span>
#include <string>

#include "dataplane/door/messages.hh"

namespace guideway::door {

template <typename Message>
Message request(std::uint32_t sequence = 7) {
  Message message{};
  message.header = {message_magic, protocol_version, Message::type, sizeof(Message), sequence};
  return message;
}

inline Hello hello() {
  auto message = request<Hello>();
  message.abi_version = GW_ABI_VERSION;
  message.process_id = 4242;
  return message;
}

template <typename Message>
std::span<const std::byte> bytes_of(const Message& message) {
  return std::as_bytes(std::span(&message, 1));
}

// The bytes must be a whole message of that kind.
template <typename Message>
Message read_answer(std::span<const std::byte> bytes) {
  Message message{};
  if (bytes.size() == sizeof message) std::memcpy(&message, bytes.data(), sizeof message);
  return message;
}

inline std::string reason_of(std::span<const std::byte> bytes) { return read_answer<Rejected>(bytes).reason.data(); }

}  // namespace guideway::door
