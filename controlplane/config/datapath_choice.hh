// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace guideway {

// Which datapath serves the ports; automatic: DPDK where every port is made ready for it, else XDP.
enum class DatapathChoice { automatic, dpdk, xdp };

}  // namespace guideway
