// SPDX-License-Identifier: Apache-2.0
#include "controlplane/datapath/kernel_bpf.hh"

#include "dataplane/xdp/dispatcher.hh"
#include "dataplane/xdp/kernel_support.hh"

namespace guideway {

std::string xdp_complaint() { return complaint_of(ask_kernel()).value_or(""); }

std::string dispatcher_complaint() {
  const auto usable = check_dispatcher();
  return usable ? "" : usable.error().message;
}

bool has_xdp_program(std::uint32_t interface_index) { return find_attached(interface_index).has_value(); }

std::string try_native_xdp(std::uint32_t interface_index) {
  const auto tried = try_native(interface_index);
  return tried ? "" : tried.error().message;
}

}  // namespace guideway
