// SPDX-License-Identifier: Apache-2.0
// What only BPF can tell: asked of the kernel by dataplane/xdp, or, in a build without XDP, told as not there.
#pragma once

#include <cstdint>
#include <string>

namespace guideway {

// Why the kernel runs none of our programs, with the remedy; empty if it does.
[[nodiscard]] std::string xdp_complaint();
// Why other XDP programs cannot live beside ours; empty if they can.
[[nodiscard]] std::string dispatcher_complaint();
[[nodiscard]] bool has_xdp_program(std::uint32_t interface_index);
// Attaches a native program that passes everything on, and takes it off again. Empty if that worked, else why not.
[[nodiscard]] std::string try_native_xdp(std::uint32_t interface_index);

}  // namespace guideway
