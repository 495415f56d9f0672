// SPDX-License-Identifier: Apache-2.0
// Addresses as values: IPv4 or IPv6, and MAC. Parsing is strict, formatting is canonical (RFC 5952).
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace guideway {

enum class Family : std::uint8_t { ipv4 = 4, ipv6 = 6 };

// An IPv4 address stands in the first four bytes, the rest is zero (as everywhere in ebpf/abi).
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};
  Family family = Family::ipv4;

  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);
  [[nodiscard]] std::string text() const;
  friend constexpr auto operator<=>(const IpAddress&, const IpAddress&) = default;
};

// The addresses that begin with the same bits: all of them alone, or a network.
struct AddressPrefix {
  IpAddress address;
  std::uint8_t bits = 32;

  AddressPrefix() = default;
  // Every address is a prefix of full length, so that it may stand wherever a prefix may.
  AddressPrefix(const IpAddress& one) : address(one), bits(bits_of(one.family)) {}
  AddressPrefix(const IpAddress& first, std::uint8_t fixed_bits) : address(first), bits(fixed_bits) {}

  // "192.0.2.0/24", or an address alone. Host bits are kept: whoever minds compares with network().
  [[nodiscard]] static std::optional<AddressPrefix> parse(std::string_view text);
  [[nodiscard]] AddressPrefix network() const;  // host bits zero
  [[nodiscard]] bool is_one_address() const noexcept { return bits == bits_of(address.family); }
  [[nodiscard]] bool holds(const IpAddress& other) const;
  [[nodiscard]] std::string text() const;  // without "/32" and "/128"
  [[nodiscard]] static constexpr std::uint8_t bits_of(Family family) noexcept {
    return family == Family::ipv4 ? 32 : 128;
  }
  friend auto operator<=>(const AddressPrefix&, const AddressPrefix&) = default;
};

struct MacAddress {
  std::array<std::uint8_t, 6> bytes{};

  [[nodiscard]] static std::optional<MacAddress> parse(std::string_view text);
  [[nodiscard]] std::string text() const;
  friend constexpr auto operator<=>(const MacAddress&, const MacAddress&) = default;
};

enum class Protocol : std::uint8_t { tcp = 6, udp = 17 };
[[nodiscard]] std::string_view name_of(Protocol protocol);

// An address and a port as people write them: "192.0.2.1:80", "[2001:db8::1]:80". Without a port: no port.
struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;

  [[nodiscard]] static std::optional<Endpoint> parse(std::string_view text);
  [[nodiscard]] std::string text() const;
  friend constexpr auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

}  // namespace guideway
