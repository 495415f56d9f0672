// SPDX-License-Identifier: Apache-2.0
// Frames for tests of what is around the pipeline: whole and correct unless told otherwise.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dataplane/net/checksum.hh"

namespace guideway::testing_support {

struct FrameOptions {
  std::uint8_t protocol = 6;
  std::uint8_t host = 1;  // destination 10.0.0.HOST
  std::uint16_t source_port = 1024;
  std::uint16_t destination_port = 80;
  std::uint8_t tcp_flags = 0x02;  // SYN
  std::size_t payload_bytes = 0;
};

inline std::vector<std::byte> ipv4_frame(const FrameOptions& options) {
  const std::size_t l4_bytes = options.protocol == 6 ? 20 : 8;
  std::vector<std::uint8_t> frame(14 + 20 + l4_bytes + options.payload_bytes, 0);
  const auto put16 = [&](std::size_t at, std::size_t value) {
    frame[at] = static_cast<std::uint8_t>(value >> 8U);
    frame[at + 1] = static_cast<std::uint8_t>(value);
  };
  put16(12, 0x0800);
  frame[14] = 0x45;
  put16(16, frame.size() - 14);
  frame[22] = 64;
  frame[23] = options.protocol;
  const std::uint8_t addresses[8] = {172, 16, 0, 1, 10, 0, 0, options.host};
  std::copy(std::begin(addresses), std::end(addresses), frame.begin() + 26);
  const std::uint16_t checksum = header_checksum(frame.data() + 14, 20);
  std::memcpy(frame.data() + 24, &checksum, sizeof checksum);
  put16(34, options.source_port);
  put16(36, options.destination_port);
  if (options.protocol == 6) {
    frame[46] = 0x50;
    frame[47] = options.tcp_flags;
  } else {
    put16(38, 8 + options.payload_bytes);
  }
  const auto* bytes = reinterpret_cast<const std::byte*>(frame.data());
  return {bytes, bytes + frame.size()};
}

// Writes the IPv4 header's own fields anew and its checksum.
inline void set_ipv4(std::vector<std::byte>& frame, std::uint16_t identification, std::uint16_t flags_and_offset,
                     std::uint8_t protocol) {
  auto* ip = reinterpret_cast<std::uint8_t*>(frame.data() + 14);
  const auto put16 = [ip](std::size_t at, std::size_t value) {
    ip[at] = static_cast<std::uint8_t>(value >> 8U);
    ip[at + 1] = static_cast<std::uint8_t>(value);
  };
  put16(2, frame.size() - 14);
  put16(4, identification);
  put16(6, flags_and_offset);
  ip[9] = protocol;
  put16(10, 0);
  const std::uint16_t checksum = header_checksum(ip, 20);
  std::memcpy(ip + 10, &checksum, sizeof checksum);
}

inline constexpr std::uint16_t more_fragments = 0x2000;
inline constexpr std::uint16_t dont_fragment = 0x4000;

// A fragment of a datagram: the first one (offset 0, ports by the options) or a later one.
inline std::vector<std::byte> fragment_frame(const FrameOptions& options, std::uint16_t identification,
                                             std::uint16_t flags_and_offset) {
  auto frame = ipv4_frame(options);
  set_ipv4(frame, identification, flags_and_offset, options.protocol);
  return frame;
}

inline std::vector<std::byte> echo_frame(std::uint8_t host) {
  FrameOptions options;
  options.protocol = 17;
  options.host = host;
  options.payload_bytes = 56;
  auto frame = ipv4_frame(options);
  std::fill(frame.begin() + 34, frame.end(), std::byte{0});
  frame[34] = std::byte{8};
  set_ipv4(frame, 1, dont_fragment, 1);
  return frame;
}

// Time exceeded about what the service of the options sent to its client.
inline std::vector<std::byte> icmp_error_frame(const FrameOptions& options) {
  const auto quoted = ipv4_frame(options);
  auto frame = quoted;
  frame.resize(14 + 20 + 8);
  std::fill(frame.begin() + 34, frame.end(), std::byte{0});
  frame[34] = std::byte{11};
  frame.insert(frame.end(), quoted.begin() + 14, quoted.end());
  std::swap_ranges(frame.begin() + 42 + 12, frame.begin() + 42 + 16, frame.begin() + 42 + 16);
  std::swap_ranges(frame.begin() + 42 + 20, frame.begin() + 42 + 22, frame.begin() + 42 + 22);
  set_ipv4(frame, 2, 0, 1);
  return frame;
}

inline std::vector<std::byte> arp_frame() {
  std::vector<std::byte> frame(42, std::byte{0});
  frame[12] = std::byte{0x08};
  frame[13] = std::byte{0x06};
  return frame;
}

}  // namespace guideway::testing_support
