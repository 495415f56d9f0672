// SPDX-License-Identifier: Apache-2.0
#include "controlplane/cli/ipvsadm/host_port.hh"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <charconv>
#include <cstring>
#include <memory>

#include <fmt/core.h>

#include "dataplane/net/endian.hh"

namespace guideway::ipvsadm {
namespace {

sockaddr_storage socket_address(const IpAddress& address, std::uint16_t port, socklen_t& length) {
  sockaddr_storage storage{};
  if (address.family == Family::ipv4) {
    sockaddr_in ipv4{};
    ipv4.sin_family = AF_INET;
    ipv4.sin_port = be16(port).raw();
    std::memcpy(&ipv4.sin_addr, address.bytes.data(), sizeof ipv4.sin_addr);
    std::memcpy(&storage, &ipv4, length = sizeof ipv4);
  } else {
    sockaddr_in6 ipv6{};
    ipv6.sin6_family = AF_INET6;
    ipv6.sin6_port = be16(port).raw();
    std::memcpy(&ipv6.sin6_addr, address.bytes.data(), sizeof ipv6.sin6_addr);
    std::memcpy(&storage, &ipv6, length = sizeof ipv6);
  }
  return storage;
}

using Answers = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Answers ask(const char* host, const char* service, int family, Protocol protocol) {
  addrinfo hints{};
  hints.ai_family = family;
  hints.ai_socktype = protocol == Protocol::tcp ? SOCK_STREAM : SOCK_DGRAM;
  addrinfo* answers = nullptr;
  if (::getaddrinfo(host, service, &hints, &answers) != 0) answers = nullptr;
  return {answers, &::freeaddrinfo};
}

Result<IpAddress> address_of(const std::string& host, Family family) {
  if (auto literal = IpAddress::parse(host)) {
    if (family == Family::ipv6 && literal->family != family)
      return failure(fmt::format("\"{}\" stands between brackets, but is not an IPv6 address", host));
    return *literal;
  }
  const Answers answers = ask(host.c_str(), nullptr, family == Family::ipv4 ? AF_INET : AF_INET6, Protocol::tcp);
  if (answers == nullptr || host.empty())
    return failure(fmt::format("\"{}\" is neither an address nor the name of a host with an {} address", host,
                               family == Family::ipv4 ? "IPv4" : "IPv6"));
  IpAddress address;
  address.family = family;
  if (family == Family::ipv4) {
    sockaddr_in ipv4{};
    std::memcpy(&ipv4, answers->ai_addr, sizeof ipv4);
    std::memcpy(address.bytes.data(), &ipv4.sin_addr, sizeof ipv4.sin_addr);
  } else {
    sockaddr_in6 ipv6{};
    std::memcpy(&ipv6, answers->ai_addr, sizeof ipv6);
    std::memcpy(address.bytes.data(), &ipv6.sin6_addr, sizeof ipv6.sin6_addr);
  }
  return address;
}

Result<std::uint16_t> port_of(const std::string& text, Protocol protocol) {
  std::uint16_t port = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (!text.empty() && problem == std::errc{} && end == text.data() + text.size()) return port;
  const bool is_number = text.find_first_not_of("0123456789") == std::string::npos;
  const Answers answers = is_number ? Answers(nullptr, &::freeaddrinfo) : ask(nullptr, text.c_str(), AF_INET, protocol);
  if (answers == nullptr)
    return failure(
        fmt::format("\"{}\" is neither a port from 0 to 65535 nor the name of a {} service", text, name_of(protocol)));
  sockaddr_in ipv4{};
  std::memcpy(&ipv4, answers->ai_addr, sizeof ipv4);
  return be16::from_raw(ipv4.sin_port).host();
}

}  // namespace

Result<HostPort> parse_host_port(std::string_view text, Protocol protocol) {
  if (auto literal = IpAddress::parse(text)) return HostPort{*literal, std::nullopt};
  Family family = Family::ipv4;
  std::string host(text);
  std::optional<std::string> port_text;
  if (const std::size_t close = text.find(']'); text.substr(0, 1) == "[" && close != std::string_view::npos) {
    family = Family::ipv6;
    host = text.substr(1, close - 1);
    if (close + 1 < text.size() && text[close + 1] != ':')
      return failure(fmt::format("\"{}\" is not HOST:PORT; write [2001:db8::1]:80", text));
    if (close + 1 < text.size()) port_text = text.substr(close + 2);
  } else if (const std::size_t colon = text.rfind(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port_text = text.substr(colon + 1);
    if (host.find(':') != std::string::npos)
      return failure(
          fmt::format("\"{}\" is not HOST:PORT; write an IPv6 address between brackets, [2001:db8::1]:80", text));
  }
  auto address = address_of(host, family);
  if (!address) return failure_of(address);
  if (!port_text) return HostPort{*address, std::nullopt};
  auto port = port_of(*port_text, protocol);
  if (!port) return failure_of(port);
  return HostPort{*address, *port};
}

std::string host_port_text(const IpAddress& address, std::uint16_t port, Protocol protocol, bool is_numeric) {
  std::string host = address.text();
  std::string port_name = fmt::format("{}", port);
  if (!is_numeric) {
    socklen_t length = 0;
    const sockaddr_storage storage = socket_address(address, port, length);
    const int datagram = protocol == Protocol::udp ? NI_DGRAM : 0;
    std::array<char, NI_MAXHOST> name{};
    std::array<char, NI_MAXSERV> service{};
    const auto* where = reinterpret_cast<const sockaddr*>(&storage);
    if (::getnameinfo(where, length, name.data(), name.size(), nullptr, 0, NI_NAMEREQD) == 0) host = name.data();
    if (::getnameinfo(where, length, nullptr, 0, service.data(), service.size(), datagram) == 0)
      port_name = service.data();
  }
  return (address.family == Family::ipv6 ? "[" + host + "]:" : host + ":") + port_name;
}

}  // namespace guideway::ipvsadm
