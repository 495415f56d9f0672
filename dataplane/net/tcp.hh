// SPDX-License-Identifier: Apache-2.0
// TCP header (RFC 9293).
#pragma once

#include "dataplane/net/endian.hh"

namespace guideway {

struct TcpHeader {
  be16 source_port;
  be16 destination_port;
  be32 sequence;
  be32 acknowledgement;
  std::uint8_t data_offset_and_reserved;
  std::uint8_t flags;
  be16 window;
  be16 checksum;
  be16 urgent_pointer;

  [[nodiscard]] std::uint32_t header_bytes() const noexcept { return (data_offset_and_reserved >> 4U) * 4U; }
};
static_assert(sizeof(TcpHeader) == 20 && alignof(TcpHeader) == 1);

namespace tcp_flag {
inline constexpr std::uint8_t fin = 0x01;
inline constexpr std::uint8_t syn = 0x02;
inline constexpr std::uint8_t rst = 0x04;
inline constexpr std::uint8_t ack = 0x10;
}  // namespace tcp_flag

}  // namespace guideway
