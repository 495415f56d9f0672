// SPDX-License-Identifier: Apache-2.0
// What a DSCP stands for under l3dsr, as people write it: "10=192.0.2.10", "10=2001:db8::10".
#pragma once

#include <cstdint>
#include <string>

#include "dataplane/base/result.hh"
#include "ebpf/decapsulate/prefix.hh"

namespace guideway::decapsulate {

struct DscpAddress {
  std::uint32_t dscp = 0;
  Prefix address;  // of full length

  [[nodiscard]] static Result<DscpAddress> parse(const std::string& text);
  [[nodiscard]] std::string text() const;
};

}  // namespace guideway::decapsulate
