// SPDX-License-Identifier: Apache-2.0
#include "controlplane/true_path/own_address.hh"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

#include "dataplane/base/unique_fd.hh"

namespace guideway {

// The kernel gives a packet to an address of its own that address as its source, and to no other.
bool is_own_address(const IpAddress& address) {
  const bool is_ipv6 = address.family == Family::ipv6;
  if (!is_ipv6 && address.bytes[0] == 127) return true;  // all of which have one source
  const UniqueFd socket(::socket(is_ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 in6{};
  sockaddr_in in{};
  in6.sin6_family = AF_INET6;
  in6.sin6_port = htons(9);
  in.sin_family = AF_INET;
  in.sin_port = htons(9);
  void* const bytes = is_ipv6 ? static_cast<void*>(&in6.sin6_addr) : &in.sin_addr;
  const std::size_t size = is_ipv6 ? sizeof in6.sin6_addr : sizeof in.sin_addr;
  std::memcpy(bytes, address.bytes.data(), size);
  auto* const end = is_ipv6 ? reinterpret_cast<sockaddr*>(&in6) : reinterpret_cast<sockaddr*>(&in);
  socklen_t length = is_ipv6 ? sizeof in6 : sizeof in;
  if (!socket || ::connect(socket.get(), end, length) != 0) return false;
  std::memset(bytes, 0, size);
  return ::getsockname(socket.get(), end, &length) == 0 && std::memcmp(bytes, address.bytes.data(), size) == 0;
}

}  // namespace guideway
