// SPDX-License-Identifier: Apache-2.0
#include "controlplane/datapath/kernel_bpf.hh"

namespace guideway {

std::string xdp_complaint() { return "this guideway was built without XDP (meson configure -Dxdp=enabled)"; }
std::string dispatcher_complaint() { return xdp_complaint(); }
bool has_xdp_program(std::uint32_t) { return false; }
std::string try_native_xdp(std::uint32_t) { return xdp_complaint(); }

}  // namespace guideway
