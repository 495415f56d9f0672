// SPDX-License-Identifier: Apache-2.0
// The command line of guideway-dpdk, as a struct. Nothing but options.cc knows how it is written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/base/result.hh"
#include "dataplane/forwarding/capacities.hh"
#include "dataplane/ports/port_spec.hh"
#include "dataplane/worker/core_plan.hh"

namespace guideway {

struct Options {
  std::string door_path = "/run/guideway/door.sock";
  std::vector<PortSpec> ports;
  std::vector<PortSpec> members;  // of net_bonding ports; no ports of their own
  CoreWishes cores;
  bool huge_pages = true;
  std::uint32_t memory_mb = 512;
  std::uint16_t rx_descriptors = 512;
  std::uint16_t tx_descriptors = 512;
  std::uint32_t extra_buffers = 0;
  std::vector<std::string> kernel_faces;  // one a port, or empty
  bool busy_poll = false;
  std::optional<std::uint16_t> mtu_bytes;
  Capacities capacities;
};

// Nothing if the command line only asked for help or the version, which has been printed.
[[nodiscard]] Result<std::optional<Options>> parse_options(int argc, const char* const* argv);

}  // namespace guideway
