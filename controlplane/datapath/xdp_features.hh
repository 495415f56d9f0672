// SPDX-License-Identifier: Apache-2.0
// Asks the kernel which XDP features the driver of an interface has (generic netlink family "netdev", Linux 6.3).
#pragma once

#include <cstdint>
#include <optional>

namespace guideway {

// enum netdev_xdp_act; nothing where the kernel does not tell.
[[nodiscard]] std::optional<std::uint64_t> xdp_features_of(std::uint32_t interface_index);

}  // namespace guideway
