// SPDX-License-Identifier: Apache-2.0
// What the machine says of itself and of its network devices, as far as it decides which datapath serves them. Facts
// only: verdict.hh draws the conclusions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace guideway {

enum class ModuleState { absent, available, loaded };

struct HostFacts {
  std::string kernel_release;
  // Of XDP: why the kernel runs none of our programs, with the remedy; empty if it does.
  std::string xdp_complaint;
  bool has_bpf_filesystem = true;    // at /sys/fs/bpf
  std::string dispatcher_complaint;  // why other XDP programs cannot live beside ours; empty if they can
  // Of DPDK:
  std::uint64_t huge_page_bytes_free = 0;
  ModuleState vfio_pci = ModuleState::absent;
  ModuleState uio_pci = ModuleState::absent;  // uio_pci_generic or igb_uio
  bool has_iommu = false;
  bool allows_vfio_without_iommu = false;
  bool is_root = true;
  // The programs, where they were found; empty if they are not installed.
  std::string guideway_dpdk;
  std::string guideway_xdp;
};

// A driver as DPDK's own libraries describe it.
struct DpdkDriver {
  std::string name;
  // It works beside the kernel's driver: the modules that it needs. Otherwise it needs vfio-pci or uio.
  std::vector<std::string> beside_modules;
  friend bool operator==(const DpdkDriver&, const DpdkDriver&) = default;
};

struct NicFacts {
  std::string interface;      // empty: the kernel has none, since a driver for user space has the device, or nobody
  std::string pci;            // 0000:03:00.0; empty: no PCI device
  std::string kernel_driver;  // of the interface, or what the PCI device is bound to; empty: nothing
  std::string used_as;        // "has addresses", "is part of bond0"; empty: the kernel does not use it
  bool is_up = false;
  bool has_link = false;
  std::uint32_t mtu_bytes = 0;
  std::uint32_t rx_queues = 0;
  std::uint32_t rx_queues_max = 0;  // 0: the driver does not tell
  // enum netdev_xdp_act of the kernel; nothing where it does not tell (before Linux 6.3).
  std::optional<std::uint64_t> xdp_features;
  // Only if asked for: empty if a native program was attached and taken off again, else why not.
  std::optional<std::string> native_trial;
  bool has_xdp_program = false;
  std::optional<DpdkDriver> dpdk_driver;
  std::vector<std::string> missing_modules;  // of its beside_modules
};

}  // namespace guideway
