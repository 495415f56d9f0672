// SPDX-License-Identifier: Apache-2.0
// What DPDK's drivers say of themselves: each library carries a line "PMD_INFO_STRING= {...}" for every driver in it,
// with the PCI devices that it drives and the kernel modules that it needs (what dpdk-pmdinfo.py prints).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "controlplane/datapath/facts.hh"

namespace guideway {

struct PciIds {
  std::uint16_t vendor = 0;
  std::uint16_t device = 0;
  std::uint16_t subsystem_vendor = 0;
  std::uint16_t subsystem_device = 0;
};

class DpdkDrivers {
 public:
  // Of every librte_net_*.so in the folder; none if there is no such folder.
  [[nodiscard]] static DpdkDrivers in(const std::filesystem::path& folder);
  // Takes what a library's bytes say.
  void read(std::string_view library);

  [[nodiscard]] const DpdkDriver* find(const PciIds& ids) const;
  [[nodiscard]] std::size_t count() const noexcept { return drivers_.size(); }

 private:
  struct Entry {
    DpdkDriver driver;
    std::vector<PciIds> devices;  // 0xffff: any
  };
  std::vector<Entry> drivers_;
};

}  // namespace guideway
