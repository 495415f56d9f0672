// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/clamp_mss.hh"

#include <cstring>

#include "dataplane/net/checksum.hh"
#include "dataplane/net/tcp.hh"

namespace guideway {
namespace {

constexpr std::uint8_t option_end = 0;
constexpr std::uint8_t option_nothing = 1;
constexpr std::uint8_t option_mss = 2;
constexpr std::uint32_t option_mss_bytes = 4;

// Where in the TCP header the MSS option begins; 0 if there is none.
std::uint32_t find_mss(const std::uint8_t* tcp, std::uint32_t header_bytes) noexcept {
  std::uint32_t at = sizeof(TcpHeader);
  while (at < header_bytes && tcp[at] != option_end) {
    if (tcp[at] == option_nothing) {
      ++at;
      continue;
    }
    if (at + 1 >= header_bytes) return 0;
    const std::uint32_t length = tcp[at + 1];
    if (length < 2 || at + length > header_bytes) return 0;
    if (tcp[at] == option_mss && length == option_mss_bytes) return at;
    at += length;
  }
  return 0;
}

}  // namespace

void clamp_mss(Packet& packet, std::uint32_t mss_bytes) noexcept {
  auto* tcp = reinterpret_cast<std::uint8_t*>(packet.data + packet.ip_offset_bytes + packet.l4_offset_bytes);
  TcpHeader header;
  std::memcpy(&header, tcp, sizeof header);
  const std::uint32_t at = find_mss(tcp, header.header_bytes());
  if (at == 0) return;
  be16 value;
  std::memcpy(&value, tcp + at + 2, sizeof value);
  if (value.host() <= mss_bytes) return;
  const be16 clamped(static_cast<std::uint16_t>(mss_bytes));
  // At an odd place the value's bytes lie in two words, which changes sides of each.
  const bool is_odd = at % 2 != 0;
  const std::uint16_t before = is_odd ? swap_bytes(value.raw()) : value.raw();
  const std::uint16_t after = is_odd ? swap_bytes(clamped.raw()) : clamped.raw();
  header.checksum = be16::from_raw(updated_checksum(header.checksum.raw(), before, after));
  std::memcpy(tcp, &header, sizeof header);
  std::memcpy(tcp + at + 2, &clamped, sizeof clamped);
}

}  // namespace guideway
