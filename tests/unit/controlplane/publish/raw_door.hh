// SPDX-License-Identifier: Apache-2.0
// A door that a test plays by hand, message by message, to say what no proper datapath would.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/base/unique_fd.hh"
#include "dataplane/door/messages.hh"
#include "tests/unit/controlplane/publish/test_door.hh"

namespace guideway {

// A Welcome that a proper datapath would send, for the test to spoil.
inline door::Welcome good_welcome(const FakeDatapath& datapath) {
  door::Welcome welcome{};
  welcome.abi_version = GW_ABI_VERSION;
  welcome.services_max = 64;
  welcome.backends_max = 128;
  welcome.flows_max = 1024;
  welcome.health_bytes = datapath.shared_memory().health_bytes;
  welcome.counters_bytes = datapath.shared_memory().counters_bytes;
  welcome.staging_bytes = 2 * door::staged_tables_bytes_max;
  datapath.describe(welcome);
  return welcome;
}

class RawDoor {
 public:
  explicit RawDoor(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    listener_ = UniqueFd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    ::unlink(path.c_str());
    is_open_ = ::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
               ::listen(listener_.get(), 8) == 0;
  }

  [[nodiscard]] bool is_open() const { return is_open_; }
  // Takes the next controller; a former one is hung up on.
  bool accept() {
    if (!readable(listener_.get())) return false;
    controller_ = UniqueFd(::accept(listener_.get(), nullptr, nullptr));
    return static_cast<bool>(controller_);
  }
  void hang_up() { controller_.reset(); }
  [[nodiscard]] bool has_caller() const { return readable(listener_.get(), 0); }
  [[nodiscard]] bool has_message() const { return readable(controller_.get(), 0); }
  // The next message, or its header; nothing if the controller hung up, stays silent or says less.
  template <typename Message = door::MessageHeader>
  std::optional<Message> receive() {
    if (!readable(controller_.get())) return std::nullopt;
    std::vector<std::byte> bytes(door::message_bytes_max);
    const ssize_t got = ::recv(controller_.get(), bytes.data(), bytes.size(), 0);
    Message message{};
    if (got < static_cast<ssize_t>(sizeof message)) return std::nullopt;
    std::memcpy(&message, bytes.data(), sizeof message);
    return message;
  }
  // With the memory of that datapath, and staging memory that nobody reads.
  void welcome(const door::Welcome& message, std::uint32_t sequence, const FakeDatapath& datapath) {
    const door::SharedMemory memory = datapath.shared_memory();
    send(message, sequence, {memory.health_fd, memory.counters_fd, staging_.get()});
  }
  template <typename Message>
  void send(Message message, std::uint32_t sequence, const std::vector<int>& descriptors = {}) {
    message.header = {door::message_magic, door::protocol_version, Message::type, sizeof message, sequence};
    send_bytes(&message, sizeof message, descriptors);
  }
  void send_bytes(const void* bytes, std::size_t length_bytes, const std::vector<int>& descriptors = {}) {
    iovec part{const_cast<void*>(bytes), length_bytes};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * 4)] = {};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    if (!descriptors.empty()) {
      header.msg_control = control;
      header.msg_controllen = CMSG_SPACE(sizeof(int) * descriptors.size());
      cmsghdr* rights = CMSG_FIRSTHDR(&header);
      rights->cmsg_level = SOL_SOCKET;
      rights->cmsg_type = SCM_RIGHTS;
      rights->cmsg_len = CMSG_LEN(sizeof(int) * descriptors.size());
      std::memcpy(CMSG_DATA(rights), descriptors.data(), sizeof(int) * descriptors.size());
    }
    (void)::sendmsg(controller_.get(), &header, MSG_NOSIGNAL);
  }

 private:
  static bool readable(int fd, int timeout_ms = 5000) {
    pollfd wait{fd, POLLIN, 0};
    return ::poll(&wait, 1, timeout_ms) == 1;
  }
  UniqueFd staging_ = *make_shared_memory("test-staging", 2 * door::staged_tables_bytes_max);
  UniqueFd listener_;
  UniqueFd controller_;
  bool is_open_ = false;
};

}  // namespace guideway
