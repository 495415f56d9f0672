// SPDX-License-Identifier: Apache-2.0
// DSCP 0 is what every packet has: it can stand for nothing.
#include "ebpf/decapsulate/dscp.hh"

#include <charconv>

#include <fmt/core.h>

namespace guideway::decapsulate {

Result<DscpAddress> DscpAddress::parse(const std::string& text) {
  DscpAddress service;
  const auto equals = text.find('=');
  if (equals == std::string::npos)
    return failure(fmt::format("{} is not DSCP=ADDRESS; give for example 10=192.0.2.10", text));
  const char* end = text.data() + equals;
  const auto [stopped, error] = std::from_chars(text.data(), end, service.dscp);
  if (error != std::errc{} || stopped != end || service.dscp < 1 || service.dscp > 63)
    return failure(fmt::format("{}: a DSCP is a number from 1 to 63", text));
  const std::string address = text.substr(equals + 1);
  const auto parsed = Prefix::parse(address);
  if (!parsed || address.find('/') != std::string::npos)
    return failure(fmt::format("{}: {} is not an address; give the service's own", text, address));
  service.address = *parsed;
  return service;
}

std::string DscpAddress::text() const {
  char buffer[INET6_ADDRSTRLEN] = {};
  inet_ntop(address.family, address.address, buffer, sizeof(buffer));
  return fmt::format("{}={}", dscp, buffer);
}

}  // namespace guideway::decapsulate
