// SPDX-License-Identifier: Apache-2.0
// What is probed, as a value: two backends with equal targets are one probe, however many pools and services they
// serve. Whatever cannot change the answer (the path of a TCP check, say) is left at its default, so that it does not
// make targets differ.
#pragma once

#include <compare>
#include <cstdint>

#include "controlplane/config/schema.hh"
#include "dataplane/net/address.hh"

namespace guideway {

struct CheckTarget : CheckQuestion {  // the host of HTTP and gRPC is never empty
  IpAddress address;
  std::uint16_t port = 0;
  std::uint32_t timeout_ms = 0;  // for the whole probe, connecting included

  // The check's own port wins; `port` is that of the service or backend.
  [[nodiscard]] static CheckTarget of(const IpAddress& address, std::uint16_t port, const CheckConfig& check);
  friend auto operator<=>(const CheckTarget&, const CheckTarget&) = default;
};

}  // namespace guideway
