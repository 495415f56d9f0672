// SPDX-License-Identifier: Apache-2.0
// A prefix of outer sources that are let in, as people write it: "10.0.0.0/24", "fd00::/64", or one address.
#pragma once

#include <cstdint>
#include <string>

#include <arpa/inet.h>

#include "dataplane/base/result.hh"

namespace guideway::decapsulate {

struct Prefix {
  int family = AF_INET;
  std::uint32_t bits = 0;
  std::uint8_t address[16] = {};

  [[nodiscard]] static Result<Prefix> parse(const std::string& text);
  [[nodiscard]] std::string text() const;
};

}  // namespace guideway::decapsulate
