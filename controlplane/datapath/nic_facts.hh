// SPDX-License-Identifier: Apache-2.0
// Looks up the network devices: those that the kernel has an interface for, and PCI devices without one.
#pragma once

#include <filesystem>
#include <vector>

#include "controlplane/datapath/facts.hh"
#include "controlplane/datapath/pmd_info.hh"

namespace guideway {

struct NicSearch {
  std::filesystem::path root = "/";  // of sysfs; what the kernel tells by other ways is asked only with "/"
  const DpdkDrivers* drivers = nullptr;
  std::string only_interface;  // empty: all
  bool tries_native = false;   // NicFacts::native_trial
};

// Ethernet devices, by name, then by address. The loopback interface is none.
[[nodiscard]] std::vector<NicFacts> find_nics(const NicSearch& search);

}  // namespace guideway
