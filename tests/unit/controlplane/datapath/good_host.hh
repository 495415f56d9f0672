// SPDX-License-Identifier: Apache-2.0
// A machine where everything is there that a datapath needs.
#pragma once

#include "controlplane/datapath/facts.hh"

namespace guideway {

inline HostFacts good_host() {
  HostFacts host;
  host.kernel_release = "6.8.0";
  host.huge_page_bytes_free = 512U << 20U;
  host.vfio_pci = ModuleState::loaded;
  host.has_iommu = true;
  host.guideway_dpdk = "/usr/sbin/guideway-dpdk";
  host.guideway_xdp = "/usr/sbin/guideway-xdp";
  return host;
}

}  // namespace guideway
