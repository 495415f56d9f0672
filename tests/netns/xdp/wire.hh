// SPDX-License-Identifier: Apache-2.0
// Whole frames on an interface, by a packet socket. For tests only.
#pragma once

#include <gtest/gtest.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include "dataplane/base/unique_fd.hh"
#include "dataplane/net/endian.hh"

namespace guideway {

using Frame = std::vector<std::byte>;
using EtherTypeBytes = std::array<std::byte, 2>;
inline constexpr EtherTypeBytes ipv4_type{std::byte{0x08}, std::byte{0x00}};
inline constexpr EtherTypeBytes arp_type{std::byte{0x08}, std::byte{0x06}};
inline constexpr int patience_ms = 2000;

// Sends and receives whole frames on an interface.
class Wire {
 public:
  explicit Wire(const char* interface) : fd_(::socket(AF_PACKET, SOCK_RAW, be16(0x0003).raw())) {
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = be16(0x0003).raw();  // every EtherType
    address.sll_ifindex = static_cast<int>(::if_nametoindex(interface));
    EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0) << interface;
  }
  void send(const Frame& frame) {
    EXPECT_EQ(::send(fd_.get(), frame.data(), frame.size(), 0), static_cast<ssize_t>(frame.size()));
  }
  // As a flood does: what does not fit is lost.
  void try_send(const Frame& frame) { (void)::send(fd_.get(), frame.data(), frame.size(), MSG_DONTWAIT); }
  // The next frame of that type that came in; what the kernel says of itself (IPv6) is passed over.
  std::optional<Frame> receive(const EtherTypeBytes& type) {
    pollfd waits{fd_.get(), POLLIN, 0};
    while (::poll(&waits, 1, patience_ms) == 1) {
      Frame frame(2048);
      sockaddr_ll from{};
      socklen_t from_bytes = sizeof from;
      const ssize_t got =
          ::recvfrom(fd_.get(), frame.data(), frame.size(), 0, reinterpret_cast<sockaddr*>(&from), &from_bytes);
      if (got < 14 || from.sll_pkttype == PACKET_OUTGOING) continue;
      frame.resize(static_cast<std::size_t>(got));
      if (frame[12] == type[0] && frame[13] == type[1]) return frame;
    }
    return std::nullopt;
  }

 private:
  UniqueFd fd_;
};

}  // namespace guideway
