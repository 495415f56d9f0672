// SPDX-License-Identifier: Apache-2.0
// Stands for xdp_datapath.cc in a build with -Dxdp=disabled.
#include "controlplane/replay/xdp_datapath.hh"

namespace guideway {

Result<std::unique_ptr<ReplayDatapath>> make_xdp_datapath(const Capacities&) {
  return failure("this program was built without XDP (meson configure -Dxdp=enabled)");
}

}  // namespace guideway
