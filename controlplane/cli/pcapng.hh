// SPDX-License-Identifier: Apache-2.0
// Blocks of a pcapng file (draft-ietf-opsawg-pcapng), in this machine's byte order: a head with an Ethernet interface
// for each name, then packets and what was lost. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace guideway {

[[nodiscard]] std::string pcapng_head(const std::vector<std::string>& interfaces, std::uint32_t bytes_max);

struct CapturedPacket {
  std::uint32_t interface = 0;  // place of its name
  std::uint64_t time_ns = 0;    // since 1970
  std::uint32_t length_bytes = 0;
  std::span<const std::uint8_t> bytes;  // of them those that were captured
  std::string comment;
};
[[nodiscard]] std::string pcapng_packet(const CapturedPacket& packet);

// Of an interface's packets, how many are not in the file.
[[nodiscard]] std::string pcapng_lost(std::uint32_t interface, std::uint64_t time_ns, std::uint64_t lost);

}  // namespace guideway
