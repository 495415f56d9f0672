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

inline std::vector<std::byte> arp_frame() {
  std::vector<std::byte> frame(42, std::byte{0});
  frame[12] = std::byte{0x08};
  frame[13] = std::byte{0x06};
  return frame;
}

}  // namespace guideway::testing_support
