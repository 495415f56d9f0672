// SPDX-License-Identifier: Apache-2.0
// net_af_packet copies: the kernel goes on seeing every frame of the interface, and may answer it a second time. What
// makes it do so is found here and said at start-up, because what it causes (double replies, resets of connections
// that were balanced) is hard to trace back.
#pragma once

#include <string>
#include <vector>

#include "dataplane/base/result.hh"
#include "dataplane/ports/port_spec.hh"

namespace guideway {

// Whether the interface that a net_af_packet port names is there; the driver itself says only that something failed.
[[nodiscard]] Result<void> check_interface(const PortSpec& spec);

// One sentence a finding, with the command that mends it. None for devices that take the frames away.
[[nodiscard]] std::vector<std::string> find_double_answers(const PortSpec& spec);

}  // namespace guideway
