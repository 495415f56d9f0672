// SPDX-License-Identifier: Apache-2.0
// One message of a SOCK_SEQPACKET unix socket with the file descriptors beside it. Never blocks.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "dataplane/base/unique_fd.hh"
#include "dataplane/door/messages.hh"

namespace guideway::door {

enum class Received { message, nothing, closed };

struct IncomingMessage {
  std::array<std::byte, message_bytes_max> bytes;
  std::size_t length_bytes = 0;
  bool cut_off = false;  // the message, or the list of its file descriptors, was too long
  std::vector<UniqueFd> fds;
};

[[nodiscard]] Received receive_message(int socket, IncomingMessage& message);
// False if the other side is gone or does not read what it asked for.
[[nodiscard]] bool send_message(int socket, std::span<const std::byte> bytes, std::span<const int> fds);

}  // namespace guideway::door
