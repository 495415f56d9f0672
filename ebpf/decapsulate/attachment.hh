// SPDX-License-Identifier: Apache-2.0
// What the command line can ask for: attach, detach and status of the decapsulating program at one interface.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/base/result.hh"
#include "ebpf/decapsulate/decapsulate.h"
#include "ebpf/decapsulate/dscp.hh"
#include "ebpf/decapsulate/place.hh"
#include "ebpf/decapsulate/prefix.hh"

namespace guideway::decapsulate {

enum class Mode { automatic, xdp, tc };

struct AttachOptions {
  Mode mode = Mode::automatic;
  std::vector<Prefix> allow;
  std::uint16_t gue_port = 0;
  std::optional<std::uint32_t> gre_key;
  std::vector<DscpAddress> services;  // l3dsr: what a DSCP stands for
  std::vector<Prefix> local;          // destinations that are restored
};

struct Attached {
  gw_decapsulate_mode mode = GW_DECAPSULATE_TC;
  std::string why_not_native;  // empty unless this is a fallback
};

struct Status {
  gw_decapsulate_attachment attachment{};
  bool alive = false;  // false: the interface lost the program by somebody else's hand
  std::vector<std::string> allow;
  std::vector<std::string> services;
  std::vector<std::string> local;
  std::uint64_t received_packets = 0;
  std::array<std::uint64_t, GW_DECAPSULATE_OUTCOMES> outcomes{};
};

[[nodiscard]] std::string mode_name(std::uint32_t mode);
[[nodiscard]] Result<Attached> attach(const Place& place, const AttachOptions& options);
[[nodiscard]] Result<void> detach(const Place& place);
[[nodiscard]] Result<Status> status(const Place& place);

}  // namespace guideway::decapsulate
