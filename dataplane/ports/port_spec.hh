// SPDX-License-Identifier: Apache-2.0
// What an operator writes to name a DPDK port: a PCI address, or a virtual device with its arguments.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "dataplane/base/result.hh"

namespace guideway {

struct PortSpec {
  bool is_pci = false;
  std::string name;                    // "0000:03:00.0", "net_af_packet0"
  std::string arguments;               // "iface=eth0"; what follows the first comma
  std::uint32_t buffer_bytes_min = 0;  // of the packet buffers that it receives into
};

// "0000:03:00.0", "03:00.0", "net_af_packet0,iface=eth0" ...
[[nodiscard]] Result<PortSpec> parse_port_spec(const std::string& text);

// Adds what a device must be told for that many queues and that MTU, unless the operator has.
void complete(PortSpec& spec, std::uint32_t queue_count, std::optional<std::uint16_t> mtu_bytes);

}  // namespace guideway
