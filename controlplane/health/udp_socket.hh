// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdint>

#include "dataplane/net/address.hh"

namespace guideway {

// Its file descriptor; -1 and errno if there is none.
[[nodiscard]] inline int open_udp_socket(Family family) {
  return ::socket(family == Family::ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

// Sends nothing: it fails where this machine has no route.
[[nodiscard]] inline int connect_datagrams(int socket, const IpAddress& address, std::uint16_t port) {
  if (address.family == Family::ipv6) {
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    to.sin6_port = htons(port);
    std::copy_n(address.bytes.begin(), sizeof to.sin6_addr, reinterpret_cast<std::uint8_t*>(&to.sin6_addr));
    return ::connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  }
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  std::copy_n(address.bytes.begin(), sizeof to.sin_addr, reinterpret_cast<std::uint8_t*>(&to.sin_addr));
  return ::connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to);
}

}  // namespace guideway
