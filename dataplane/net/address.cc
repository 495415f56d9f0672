// SPDX-License-Identifier: Apache-2.0
#include "dataplane/net/address.hh"

#include <arpa/inet.h>

#include <charconv>
#include <cstdio>

namespace guideway {

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string terminated(text);
  IpAddress address;
  if (terminated.find(':') == std::string::npos) {
    address.family = Family::ipv4;
    if (::inet_pton(AF_INET, terminated.c_str(), address.bytes.data()) == 1) return address;
    return std::nullopt;
  }
  address.family = Family::ipv6;
  if (::inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

std::string IpAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  ::inet_ntop(family == Family::ipv4 ? AF_INET : AF_INET6, bytes.data(), buffer.data(), buffer.size());
  return buffer.data();
}

std::optional<AddressPrefix> AddressPrefix::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  AddressPrefix prefix(*address);
  if (slash == std::string_view::npos) return prefix;
  const std::string_view length = text.substr(slash + 1);
  std::uint8_t bits = 0;
  const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), bits);
  if (error != std::errc() || end != length.data() + length.size() || bits > prefix.bits) return std::nullopt;
  prefix.bits = bits;
  return prefix;
}

AddressPrefix AddressPrefix::network() const {
  AddressPrefix result = *this;
  for (unsigned bit = bits; bit < result.address.bytes.size() * 8; ++bit)
    result.address.bytes.at(bit / 8) &= static_cast<std::uint8_t>(~(0x80U >> bit % 8));
  return result;
}

bool AddressPrefix::holds(const IpAddress& other) const {
  return other.family == address.family && AddressPrefix(other, bits).network() == network();
}

std::string AddressPrefix::text() const {
  return is_one_address() ? address.text() : address.text() + "/" + std::to_string(bits);
}

std::optional<MacAddress> MacAddress::parse(std::string_view text) {
  MacAddress mac;
  if (text.size() != 17) return std::nullopt;
  for (std::size_t i = 0; i < 6; ++i) {
    const std::string_view pair = text.substr(i * 3, 2);
    const auto [end, error] = std::from_chars(pair.data(), pair.data() + 2, mac.bytes.at(i), 16);
    if (error != std::errc() || end != pair.data() + 2) return std::nullopt;
    if (i < 5 && text[i * 3 + 2] != ':') return std::nullopt;
  }
  return mac;
}

std::string MacAddress::text() const {
  std::array<char, 18> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%02x:%02x:%02x:%02x:%02x:%02x", bytes[0], bytes[1], bytes[2], bytes[3],
                bytes[4], bytes[5]);
  return buffer.data();
}

std::string_view name_of(Protocol protocol) { return protocol == Protocol::tcp ? "tcp" : "udp"; }

std::optional<Endpoint> Endpoint::parse(std::string_view text) {
  if (const auto whole = IpAddress::parse(text)) return Endpoint{*whole, 0};
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const std::string_view port_text = text.substr(colon + 1);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto address = IpAddress::parse(host);
  if (!address || bracketed != (address->family == Family::ipv6)) return std::nullopt;
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
  if (error != std::errc() || end != port_text.data() + port_text.size() || port == 0) return std::nullopt;
  return Endpoint{*address, port};
}

std::string Endpoint::text() const {
  if (port == 0) return address.text();
  const std::string suffix = ":" + std::to_string(port);
  return address.family == Family::ipv4 ? address.text() + suffix : "[" + address.text() + "]" + suffix;
}

}  // namespace guideway
