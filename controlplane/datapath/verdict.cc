// SPDX-License-Identifier: Apache-2.0
#include "controlplane/datapath/verdict.hh"

#include <fmt/core.h>

#include <array>

namespace guideway {
namespace {

using Clauses = std::vector<std::string>;

constexpr std::uint64_t xdp_basic = 1;      // NETDEV_XDP_ACT_BASIC: pass, drop, send back
constexpr std::uint64_t xdp_redirect = 2;   // NETDEV_XDP_ACT_REDIRECT
constexpr std::uint64_t xdp_transmit = 4;   // NETDEV_XDP_ACT_NDO_XMIT: takes what others redirect
constexpr std::uint32_t native_mtu = 3498;  // the greatest that drivers of one page a packet have in common
constexpr std::uint64_t megabyte = 1U << 20U;
constexpr std::uint64_t huge_bytes_wanted = 256 * megabyte;

bool is_bound_for_user_space(const NicFacts& nic) {
  constexpr std::array<std::string_view, 3> drivers{"vfio-pci", "uio_pci_generic", "igb_uio"};
  for (const std::string_view driver : drivers) {
    if (nic.kernel_driver == driver) return true;
  }
  return false;
}

void add_binding(const HostFacts& host, const NicFacts& nic, Clauses& missing) {
  if (is_bound_for_user_space(nic)) return;
  if (host.vfio_pci == ModuleState::absent && host.uio_pci == ModuleState::absent) {
    missing.emplace_back("this kernel has no vfio-pci and no uio_pci_generic: install one that has");
    return;
  }
  const bool by_vfio = host.vfio_pci != ModuleState::absent;
  const ModuleState state = by_vfio ? host.vfio_pci : host.uio_pci;
  const char* module = by_vfio ? "vfio-pci" : "uio_pci_generic";
  if (state == ModuleState::available) missing.push_back(fmt::format("{0} is not loaded: modprobe {0}", module));
  if (by_vfio && !host.has_iommu && !host.allows_vfio_without_iommu)
    missing.emplace_back(
        "there is no IOMMU: switch it on (firmware; intel_iommu=on on the kernel's command line), or do without: "
        "echo 1 > /sys/module/vfio/parameters/enable_unsafe_noiommu_mode");
  const std::string owner = nic.kernel_driver.empty() ? "no driver has it" : nic.kernel_driver + " has it";
  const std::string cost = nic.interface.empty() ? "" : fmt::format(" (the kernel then has no {})", nic.interface);
  missing.push_back(fmt::format("{}: dpdk-devbind.py --bind={} {}{}", owner, module, nic.pci, cost));
  if (!nic.used_as.empty())
    missing.push_back(
        fmt::format("the kernel uses {}, which {}: move that elsewhere first", nic.interface, nic.used_as));
}

Clauses missing_for_dpdk(const HostFacts& host, const NicFacts& nic) {
  Clauses missing;
  if (nic.pci.empty()) {
    missing.emplace_back("it is no PCI device");
    return missing;
  }
  if (!nic.dpdk_driver) {
    missing.push_back(fmt::format("DPDK, as it is installed, has no driver for {}", nic.pci));
    return missing;
  }
  if (host.guideway_dpdk.empty()) missing.emplace_back("guideway-dpdk is not installed");
  if (!host.is_root) missing.emplace_back("no privilege: run it as root");
  if (nic.dpdk_driver->beside_modules.empty()) add_binding(host, nic, missing);
  for (const std::string& module : nic.missing_modules)
    missing.push_back(fmt::format("{0} is not loaded: modprobe {0}", module));
  if (host.huge_page_bytes_free < huge_bytes_wanted)
    missing.push_back(fmt::format("{} MB of huge pages are free, {} are wanted: echo 256 > /proc/sys/vm/nr_hugepages",
                                  host.huge_page_bytes_free / megabyte, huge_bytes_wanted / megabyte));
  return missing;
}

Clauses missing_for_xdp(const HostFacts& host, const NicFacts& nic) {
  Clauses missing;
  if (nic.interface.empty()) {
    missing.push_back(nic.kernel_driver.empty()
                          ? "the kernel has no driver for it"
                          : fmt::format("{} has it, so the kernel has no interface: dpdk-devbind.py --bind=DRIVER {}",
                                        nic.kernel_driver, nic.pci));
  }
  if (host.guideway_xdp.empty()) missing.emplace_back("guideway-xdp is not installed");
  if (!host.xdp_complaint.empty()) missing.push_back(host.xdp_complaint);
  if (!host.has_bpf_filesystem)
    missing.emplace_back("there is no BPF filesystem at /sys/fs/bpf: mount -t bpf bpf /sys/fs/bpf");
  return missing;
}

Clauses missing_for_native(const NicFacts& nic) {
  Clauses missing;
  if (nic.native_trial) {
    if (!nic.native_trial->empty()) missing.push_back(*nic.native_trial);
    return missing;
  }
  if (nic.xdp_features && (*nic.xdp_features & xdp_basic) == 0) missing.emplace_back("its driver has none");
  if (nic.mtu_bytes > native_mtu)
    missing.push_back(fmt::format("its MTU of {} bytes is too big, {} is the limit: ip link set dev {} mtu {}",
                                  nic.mtu_bytes, native_mtu, nic.interface, native_mtu));
  return missing;
}

Clauses notes_of(const HostFacts& host, const NicFacts& nic, Server server) {
  Clauses notes;
  if (!nic.interface.empty() && !nic.is_up)
    notes.push_back(fmt::format("it is down: ip link set dev {} up", nic.interface));
  else if (!nic.interface.empty() && !nic.has_link)
    notes.emplace_back("it has no link: look at the cable and the other end");
  if (!is_xdp(server)) return notes;
  if (server == Server::xdp_untold)
    notes.emplace_back(
        "this kernel does not tell whether its driver has native XDP: guideway datapath probe --try asks it");
  if (server == Server::xdp_native && nic.xdp_features &&
      (*nic.xdp_features & (xdp_redirect | xdp_transmit)) != (xdp_redirect | xdp_transmit))
    notes.emplace_back("its driver takes no packets that other interfaces redirect: one-armed use only");
  if (nic.rx_queues_max > nic.rx_queues)
    notes.push_back(fmt::format("it has {} of {} queues: ethtool -L {} combined {}", nic.rx_queues, nic.rx_queues_max,
                                nic.interface, nic.rx_queues_max));
  if (nic.has_xdp_program) {
    const bool is_alone = !host.dispatcher_complaint.empty();
    notes.push_back("it has an XDP program already" +
                    (is_alone ? ", and " + host.dispatcher_complaint : std::string(", ours or another's")));
  }
  return notes;
}

}  // namespace

std::string_view name_of(Server server) {
  switch (server) {
    case Server::dpdk:
      return "dpdk";
    case Server::xdp_native:
      return "xdp native";
    case Server::xdp_generic:
      return "xdp generic";
    case Server::xdp_untold:
      return "xdp";
    case Server::nothing:
      break;
  }
  return "nothing";
}

bool is_xdp(Server server) { return server != Server::dpdk && server != Server::nothing; }

Verdict judge(const HostFacts& host, const NicFacts& nic) {
  Verdict verdict;
  verdict.missing_for_dpdk = missing_for_dpdk(host, nic);
  verdict.missing_for_xdp = missing_for_xdp(host, nic);
  verdict.missing_for_native = missing_for_native(nic);
  if (verdict.missing_for_dpdk.empty()) {
    verdict.server = Server::dpdk;
    verdict.command = "guideway-dpdk --port " + nic.pci;
  } else if (verdict.missing_for_xdp.empty()) {
    const bool is_known = nic.native_trial || nic.xdp_features;
    verdict.server = !verdict.missing_for_native.empty() ? Server::xdp_generic
                     : is_known                          ? Server::xdp_native
                                                         : Server::xdp_untold;
    verdict.command = "guideway-xdp --interface " + nic.interface;
  }
  verdict.notes = notes_of(host, nic, verdict.server);
  return verdict;
}

}  // namespace guideway
