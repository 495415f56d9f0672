// SPDX-License-Identifier: Apache-2.0
#include "controlplane/publish/door_link.hh"

#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <boost/asio/post.hpp>

#include "dataplane/door/messages.hh"

namespace guideway {
namespace {

// A peer may send at most these; more would only be a way to fill our table of file descriptors.
constexpr std::size_t descriptors_max = 8;

std::string reason(int error) { return std::strerror(error); }

std::vector<UniqueFd> take_descriptors(msghdr& header) {
  std::vector<UniqueFd> descriptors;
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
      descriptors.emplace_back(fd);
    }
  }
  return descriptors;
}

}  // namespace

Result<std::shared_ptr<DoorLink>> DoorLink::connect(boost::asio::io_context& io, const std::string& path,
                                                    Handlers handlers) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return failure("the door \"" + path + "\" is not a usable socket path (at most " +
                   std::to_string(sizeof address.sun_path - 1) + " bytes)");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  UniqueFd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return failure("no socket for the door: " + reason(errno));
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return failure("the door " + path + " does not open: " + reason(errno));
  }
  std::shared_ptr<DoorLink> link(new DoorLink(io, std::move(fd), std::move(handlers)));
  link->wait_for_message();
  return link;
}

DoorLink::DoorLink(boost::asio::io_context& io, UniqueFd fd, Handlers handlers)
    : descriptor_(io, fd.release()), handlers_(std::move(handlers)) {}

void DoorLink::send(std::span<const std::byte> message) {
  if (!descriptor_.is_open()) return;
  ssize_t sent = 0;
  do {
    sent = ::send(descriptor_.native_handle(), message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  // A peer that has hung up may have left its reason in the socket: reading finds it, and then the end.
  if (sent < 0 && errno != EPIPE) end("sending through the door failed: " + reason(errno));
}

void DoorLink::close() {
  handlers_ = {};
  boost::system::error_code ignored;
  descriptor_.close(ignored);
}

void DoorLink::wait_for_message() {
  descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                         [self = shared_from_this()](const boost::system::error_code& error) {
                           if (error || !self->descriptor_.is_open()) return;
                           self->receive_all();
                         });
}

void DoorLink::receive_all() {
  while (receive_one()) {
  }
  if (descriptor_.is_open()) wait_for_message();
}

bool DoorLink::receive_one() {
  if (!descriptor_.is_open()) return false;
  std::array<std::byte, door::message_bytes_max> buffer{};
  iovec part{buffer.data(), buffer.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * descriptors_max)> control{};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  ssize_t got = ::recvmsg(descriptor_.native_handle(), &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (got < 0) {
    // A reset is told once, before what the datapath said last: that it refused us, and why.
    if (errno == EINTR || errno == ECONNRESET) return true;
    if (errno != EAGAIN) end("reading from the door failed: " + reason(errno));
    return false;
  }
  std::vector<UniqueFd> descriptors = take_descriptors(header);
  if (got == 0) {
    end("the datapath closed the door");
    return false;
  }
  if ((header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
    end("the datapath sent a message that is too long");
    return false;
  }
  // A copy, since the handler may end the link and with it the handlers.
  auto received = handlers_.received;
  received(std::span<const std::byte>(buffer).first(static_cast<std::size_t>(got)), std::move(descriptors));
  return true;
}

void DoorLink::end(const std::string& why) {
  boost::system::error_code ignored;
  descriptor_.close(ignored);
  // Later, so that whoever is just sending is not surprised by its own undoing; never after close().
  boost::asio::post(descriptor_.get_executor(), [self = shared_from_this(), why] {
    auto ended = std::exchange(self->handlers_.ended, nullptr);
    if (ended) ended(why);
  });
}

}  // namespace guideway
