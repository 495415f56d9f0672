// SPDX-License-Identifier: Apache-2.0
// What is probed, as a value: two backends with equal targets are one probe, however many pools and services they
// serve. Whatever cannot change the answer (the path of a TCP check, say) is left at its default, so that it does not
// make targets differ.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>

#include "controlplane/config/schema.hh"
#include "dataplane/net/address.hh"

namespace guideway {

// The way of a service's packets to one backend.
struct CheckWay {
  std::uint32_t backend = 0;  // its index
  std::uint8_t dscp = 0;      // of the service, for l3dsr
  friend auto operator<=>(const CheckWay&, const CheckWay&) = default;
};

struct CheckTarget : CheckQuestion {  // the host of HTTP and gRPC is never empty
  IpAddress address;
  std::uint16_t port = 0;
  std::uint32_t timeout_ms = 0;  // for the whole probe, connecting included
  std::optional<CheckWay> way;   // then the address is a service's; nothing: straight to the address

  // The check's own port wins; `port` is that of the service or backend.
  [[nodiscard]] static CheckTarget of(const IpAddress& address, std::uint16_t port, const CheckConfig& check);
  friend auto operator<=>(const CheckTarget&, const CheckTarget&) = default;
};

}  // namespace guideway
