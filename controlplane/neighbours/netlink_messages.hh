// SPDX-License-Identifier: Apache-2.0
// Route netlink messages (RFC 3549, rtnetlink(7)) to facts, and questions to messages. Messages of other kinds and
// families, and ones that lack what they must have, are no facts.
#pragma once

#include <linux/netlink.h>

#include <memory>
#include <optional>

#include "controlplane/neighbours/kernel_facts.hh"

struct nl_msg;

namespace guideway {

struct FreeNetlinkMessage {
  void operator()(nl_msg* message) const noexcept;
};
using NetlinkMessage = std::unique_ptr<nl_msg, FreeNetlinkMessage>;

[[nodiscard]] std::optional<Link> link_of(const nlmsghdr* header);
[[nodiscard]] std::optional<Neighbour> neighbour_of(const nlmsghdr* header);
[[nodiscard]] std::optional<Route> route_of(const nlmsghdr* header);

[[nodiscard]] NetlinkMessage ask_for_all_links();
[[nodiscard]] NetlinkMessage ask_for_all_neighbours();
[[nodiscard]] NetlinkMessage ask_for_route(const IpAddress& address);
// Makes the kernel resolve a neighbour, or verify a stale one, as if it had a packet to send.
[[nodiscard]] NetlinkMessage use_neighbour(const NeighbourKey& key);
// Makes the kernel verify a neighbour at once, whatever it believes of it.
[[nodiscard]] NetlinkMessage verify_neighbour(const NeighbourKey& key);

}  // namespace guideway
