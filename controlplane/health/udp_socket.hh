// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>

#include "dataplane/net/address.hh"

namespace guideway {

// Its file descriptor; -1 and errno if there is none.
[[nodiscard]] inline int open_udp_socket(Family family) {
  return ::socket(family == Family::ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

}  // namespace guideway
