// SPDX-License-Identifier: Apache-2.0
// How a port of the datapath is named: by interface, PCI address, or as a virtual device of DPDK's.
#pragma once

#include <string_view>

namespace guideway {

// 0000:03:00.0
[[nodiscard]] inline bool is_pci_address(std::string_view text) {
  constexpr std::string_view pattern = "xxxx:xx:xx.x";
  constexpr std::string_view digits = "0123456789abcdefABCDEF";
  if (text.size() != pattern.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool fits = pattern[i] == 'x' ? digits.find(text[i]) != std::string_view::npos : text[i] == pattern[i];
    if (!fits) return false;
  }
  return true;
}

// net_af_packet0,iface=eth0: a name that begins so is never an interface's.
[[nodiscard]] inline bool is_virtual_device(std::string_view text) { return text.starts_with("net_"); }

}  // namespace guideway
