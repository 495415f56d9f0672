// SPDX-License-Identifier: Apache-2.0
#include "controlplane/neighbours/netlink_socket.hh"

#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>

namespace guideway {
namespace {

// The kernel packs dumps into up to 32 KiB and never sends more.
constexpr std::size_t buffer_bytes = std::size_t{64} * 1024;
// Room for the events of some ten thousand route changes between two turns of the event loop.
constexpr int receive_buffer_bytes = 8 * 1024 * 1024;
constexpr int datagrams_per_turn = 256;

}  // namespace

void NetlinkSocket::Free::operator()(nl_sock* socket) const noexcept { nl_socket_free(socket); }

NetlinkSocket::NetlinkSocket(nl_sock* socket) : socket_(socket), buffer_(buffer_bytes) {}

Result<NetlinkSocket> NetlinkSocket::open(const std::vector<int>& groups) {
  NetlinkSocket socket(nl_socket_alloc());
  if (!socket.socket_) return failure("no memory for a netlink socket");
  int error = nl_connect(socket.socket_.get(), NETLINK_ROUTE);
  if (error < 0) return failure(std::string("cannot open a route netlink socket: ") + nl_geterror(error));
  for (const int group : groups) {
    error = nl_socket_add_membership(socket.socket_.get(), group);
    if (error < 0) {
      return failure("cannot join netlink group " + std::to_string(group) + ": " + nl_geterror(error));
    }
  }
  // The limit of rmem_max counts only for those without privileges.
  if (::setsockopt(socket.fd(), SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer_bytes, sizeof(int)) != 0) {
    static_cast<void>(::setsockopt(socket.fd(), SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof(int)));
  }
  return socket;
}

int NetlinkSocket::fd() const { return nl_socket_get_fd(socket_.get()); }

int NetlinkSocket::receive_datagram() {
  for (;;) {
    sockaddr_nl from{};
    socklen_t from_bytes = sizeof from;
    const ssize_t received = ::recvfrom(fd(), buffer_.data(), buffer_.size(), MSG_DONTWAIT | MSG_TRUNC,
                                        reinterpret_cast<sockaddr*>(&from), &from_bytes);
    if (received < 0 && errno == EINTR) continue;
    if (received < 0) return -errno;
    if (from.nl_pid != 0) continue;  // not from the kernel
    if (static_cast<std::size_t>(received) > buffer_.size()) return -ENOBUFS;
    return static_cast<int>(received);
  }
}

int NetlinkSocket::ask(nl_msg* request, const Handler& handler) {
  const int sent = nl_send_auto(socket_.get(), request);
  if (sent < 0) return EIO;
  const std::uint32_t sequence = nlmsg_hdr(request)->nlmsg_seq;
  bool interrupted = false;
  for (;;) {
    int remaining = receive_datagram();
    if (remaining < 0) return -remaining;
    for (auto* header = reinterpret_cast<nlmsghdr*>(buffer_.data()); nlmsg_ok(header, remaining) != 0;
         header = nlmsg_next(header, &remaining)) {
      if (header->nlmsg_seq != sequence) continue;  // left over from a question that failed
      if ((header->nlmsg_flags & NLM_F_DUMP_INTR) != 0) interrupted = true;
      if (header->nlmsg_type == NLMSG_DONE) return interrupted ? EINTR : 0;
      if (header->nlmsg_type == NLMSG_ERROR) {
        if (nlmsg_valid_hdr(header, sizeof(nlmsgerr)) == 0) return EPROTO;
        return -static_cast<const nlmsgerr*>(nlmsg_data(header))->error;
      }
      handler(header);
    }
  }
}

int NetlinkSocket::receive(const Handler& handler) {
  for (int datagram = 0; datagram < datagrams_per_turn; ++datagram) {
    int remaining = receive_datagram();
    if (remaining < 0) return -remaining;
    for (auto* header = reinterpret_cast<nlmsghdr*>(buffer_.data()); nlmsg_ok(header, remaining) != 0;
         header = nlmsg_next(header, &remaining)) {
      handler(header);
    }
  }
  return 0;
}

}  // namespace guideway
