// SPDX-License-Identifier: Apache-2.0
// Which flow an ICMP error is about (docs/packet-path.md, section 7): that of the packet it quotes, reversed, since
// what came back to a service address is about what a backend sent from it.
#pragma once

#include "dataplane/pipeline/burst.hh"
#include "dataplane/pipeline/header_cursor.hh"

namespace guideway {

// Whether an ICMP or ICMPv6 message of that type is an error that may be about a flow.
[[nodiscard]] bool is_icmp_error(std::uint8_t family, std::uint8_t type) noexcept;

// Fills `packet.flow`, which holds the outer addresses, with the flow that the quoted packet at `quoted` names. False,
// and nothing is changed, if it names none.
[[nodiscard]] bool read_quoted_flow(Packet& packet, HeaderCursor quoted) noexcept;

}  // namespace guideway
