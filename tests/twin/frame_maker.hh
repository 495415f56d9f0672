// SPDX-License-Identifier: Apache-2.0
// Random frames of every kind that docs/packet-path.md tells apart, of few clients, so that flows, fragments and errors
// meet. Addresses and ports are those of tests/twin/random_rows.hh.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace guideway::twin {

using Bytes = std::vector<std::uint8_t>;

class FrameMaker {
 public:
  explicit FrameMaker(std::mt19937& random) : random_(random) {}
  [[nodiscard]] std::vector<std::byte> next();

 private:
  // What both families have, before it is written down.
  struct Ip {
    bool is_ipv4 = true;
    Bytes source;
    Bytes destination;
    std::uint8_t protocol = 6;
    bool has_fragment = false;
    std::uint16_t fragment_offset = 0;  // in eights
    bool more_fragments = false;
    std::uint16_t identification = 0;
  };

  std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(random_()) % limit; }
  bool one_in(std::uint32_t count) { return below(count) == 0; }
  std::uint8_t byte() { return static_cast<std::uint8_t>(random_()); }
  template <std::size_t N>
  std::uint16_t one_of(const std::array<std::uint16_t, N>& values) {
    return values[below(N)];
  }

  Bytes client(bool is_ipv4);
  Bytes service(bool is_ipv4);
  std::uint16_t client_port() { return static_cast<std::uint16_t>(1024 + below(4)); }
  std::uint16_t service_port();
  std::uint32_t payload_bytes();
  Bytes tcp(std::uint16_t source_port, std::uint16_t destination_port);
  Bytes udp(std::uint16_t source_port, std::uint16_t destination_port);
  Bytes tcp_options();
  Bytes write_ip(const Ip& ip, Bytes payload);
  Bytes write_ipv4(const Ip& ip, const Bytes& payload);
  Bytes write_ipv6(const Ip& ip, Bytes payload);
  Ip to_service();
  Bytes flow_packet();
  Bytes fragment_packet();
  Bytes echo_packet();
  Bytes error_packet();
  Bytes quoted_packet(bool is_ipv4, const Bytes& service_address);
  void damage(Bytes& frame);

  std::mt19937& random_;
};

}  // namespace guideway::twin
