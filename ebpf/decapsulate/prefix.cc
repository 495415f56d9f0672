// SPDX-License-Identifier: Apache-2.0
// Prefixes are strict: bits behind the length are a mistake, not something to be cut off silently.
#include "ebpf/decapsulate/prefix.hh"

#include <charconv>

#include <fmt/core.h>

namespace guideway::decapsulate {
namespace {

bool has_bits_behind(const Prefix& prefix, std::uint32_t bits_max) {
  for (std::uint32_t bit = prefix.bits; bit < bits_max; bit++) {
    if ((prefix.address[bit / 8] & (0x80U >> bit % 8)) != 0) return true;
  }
  return false;
}

}  // namespace

Result<Prefix> Prefix::parse(const std::string& text) {
  Prefix prefix;
  const auto slash = text.find('/');
  const std::string address = text.substr(0, slash);
  prefix.family = address.find(':') == std::string::npos ? AF_INET : AF_INET6;
  const std::uint32_t bits_max = prefix.family == AF_INET ? 32 : 128;
  if (inet_pton(prefix.family, address.c_str(), prefix.address) != 1)
    return failure(
        fmt::format("{} is not a prefix; give an address or a prefix such as 10.0.0.0/24 or fd00::/64", text));
  prefix.bits = bits_max;
  if (slash != std::string::npos) {
    const char* begin = text.data() + slash + 1;
    const char* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(begin, end, prefix.bits);
    if (error != std::errc{} || stopped != end || prefix.bits > bits_max)
      return failure(fmt::format("{}: the length of this prefix is a number from 0 to {}", text, bits_max));
  }
  if (has_bits_behind(prefix, bits_max))
    return failure(fmt::format("{} has bits behind its length; set them to zero", text));
  return prefix;
}

std::string Prefix::text() const {
  char buffer[INET6_ADDRSTRLEN] = {};
  inet_ntop(family, address, buffer, sizeof(buffer));
  return fmt::format("{}/{}", buffer, bits);
}

}  // namespace guideway::decapsulate
