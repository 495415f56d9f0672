// SPDX-License-Identifier: Apache-2.0
// A port of loopback that nobody has, for a server that must be told its own before it starts.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <random>

#include "dataplane/base/unique_fd.hh"
#include "dataplane/net/endian.hh"

namespace guideway {

// Below the range from which the kernel gives ports to others while a slow server starts. Its two successors are for
// whatever else a server needs.
inline std::uint16_t free_port() {
  std::random_device random;
  for (;;) {
    const auto port = static_cast<std::uint16_t>(10'000 + random() % 7'000 * 3);
    const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = be16(port).raw();
    address.sin_addr.s_addr = be32(0x7f000001U).raw();
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return port;
  }
}

}  // namespace guideway
