// SPDX-License-Identifier: Apache-2.0
// A table of machines and devices, with who serves them and what is missing.
#include "controlplane/datapath/verdict.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "tests/unit/controlplane/datapath/good_host.hh"

namespace guideway {
namespace {

constexpr std::uint64_t all_features = 7;

NicFacts kernel_nic() {
  NicFacts nic;
  nic.interface = "eth0";
  nic.pci = "0000:03:00.0";
  nic.kernel_driver = "ixgbe";
  nic.is_up = nic.has_link = true;
  nic.mtu_bytes = 1500;
  nic.rx_queues = nic.rx_queues_max = 4;
  nic.xdp_features = all_features;
  nic.dpdk_driver = DpdkDriver{"net_ixgbe", {}};
  return nic;
}

NicFacts bound_nic() {
  NicFacts nic = kernel_nic();
  nic.interface.clear();
  nic.kernel_driver = "vfio-pci";
  nic.xdp_features.reset();
  nic.is_up = nic.has_link = false;
  return nic;
}

struct Row {
  const char* what;
  NicFacts (*nic)();
  std::function<void(HostFacts&, NicFacts&)> change;
  Server server;
  const char* command;
  // A part of a clause of that list; empty: the list is empty.
  const char* dpdk;
  const char* xdp;
  const char* native;
};

const Row rows[] = {
    {"bound and ready", bound_nic, {}, Server::dpdk, "guideway-dpdk --port 0000:03:00.0", "", "no interface", ""},
    {"bound, no huge pages", bound_nic, [](auto& host, auto&) { host.huge_page_bytes_free = 2U << 20U; },
     Server::nothing, "", "2 MB of huge pages are free, 256 are wanted: echo 256 > /proc/sys/vm/nr_hugepages",
     "no interface", ""},
    {"bound, no guideway-dpdk", bound_nic, [](auto& host, auto&) { host.guideway_dpdk.clear(); }, Server::nothing, "",
     "guideway-dpdk is not installed", "no interface", ""},
    {"bound, not root", bound_nic, [](auto& host, auto&) { host.is_root = false; }, Server::nothing, "",
     "no privilege: run it as root", "no interface", ""},
    {"nobody has it", bound_nic, [](auto&, auto& nic) { nic.kernel_driver.clear(); }, Server::nothing, "",
     "no driver has it: dpdk-devbind.py --bind=vfio-pci 0000:03:00.0", "the kernel has no driver for it", ""},
    {"the kernel's",
     kernel_nic,
     {},
     Server::xdp_native,
     "guideway-xdp --interface eth0",
     "ixgbe has it: dpdk-devbind.py --bind=vfio-pci 0000:03:00.0 (the kernel then has no eth0)",
     "",
     ""},
    {"no vfio-pci", kernel_nic, [](auto& host, auto&) { host.vfio_pci = ModuleState::absent; }, Server::xdp_native,
     "guideway-xdp --interface eth0", "no vfio-pci and no uio_pci_generic", "", ""},
    {"vfio-pci is not loaded", kernel_nic, [](auto& host, auto&) { host.vfio_pci = ModuleState::available; },
     Server::xdp_native, "guideway-xdp --interface eth0", "modprobe vfio-pci", "", ""},
    {"only uio", kernel_nic,
     [](auto& host, auto&) {
       host.vfio_pci = ModuleState::absent;
       host.uio_pci = ModuleState::loaded;
       host.has_iommu = false;
     },
     Server::xdp_native, "guideway-xdp --interface eth0", "--bind=uio_pci_generic", "", ""},
    {"no IOMMU", kernel_nic, [](auto& host, auto&) { host.has_iommu = false; }, Server::xdp_native,
     "guideway-xdp --interface eth0", "there is no IOMMU", "", ""},
    {"in use", kernel_nic, [](auto&, auto& nic) { nic.used_as = "has addresses"; }, Server::xdp_native,
     "guideway-xdp --interface eth0", "the kernel uses eth0, which has addresses", "", ""},
    {"DPDK does not know it", kernel_nic, [](auto&, auto& nic) { nic.dpdk_driver.reset(); }, Server::xdp_native,
     "guideway-xdp --interface eth0", "has no driver for 0000:03:00.0", "", ""},
    {"virtual", kernel_nic, [](auto&, auto& nic) { nic.pci.clear(); }, Server::xdp_native,
     "guideway-xdp --interface eth0", "it is no PCI device", "", ""},
    {"beside the kernel's driver", kernel_nic,
     [](auto&, auto& nic) {
       nic.dpdk_driver = DpdkDriver{"mlx5_eth", {"ib_uverbs", "mlx5_ib"}};
     },
     Server::dpdk, "guideway-dpdk --port 0000:03:00.0", "", "", ""},
    {"beside it, a module is missing", kernel_nic,
     [](auto&, auto& nic) {
       nic.dpdk_driver = DpdkDriver{"mlx5_eth", {"ib_uverbs", "mlx5_ib"}};
       nic.missing_modules = {"mlx5_ib"};
     },
     Server::xdp_native, "guideway-xdp --interface eth0", "mlx5_ib is not loaded: modprobe mlx5_ib", "", ""},
    {"no native XDP", kernel_nic, [](auto&, auto& nic) { nic.xdp_features = 0; }, Server::xdp_generic,
     "guideway-xdp --interface eth0", "--bind", "", "its driver has none"},
    {"MTU", kernel_nic, [](auto&, auto& nic) { nic.mtu_bytes = 9000; }, Server::xdp_generic,
     "guideway-xdp --interface eth0", "--bind", "",
     "its MTU of 9000 bytes is too big, 3498 is the limit: ip link set dev eth0 mtu 3498"},
    {"the kernel does not tell", kernel_nic, [](auto&, auto& nic) { nic.xdp_features.reset(); }, Server::xdp_untold,
     "guideway-xdp --interface eth0", "--bind", "", ""},
    {"tried: works, whatever is told", kernel_nic,
     [](auto&, auto& nic) {
       nic.xdp_features = 0;
       nic.mtu_bytes = 9000;
       nic.native_trial = "";
     },
     Server::xdp_native, "guideway-xdp --interface eth0", "--bind", "", ""},
    {"tried: does not work", kernel_nic, [](auto&, auto& nic) { nic.native_trial = "it has too few queues"; },
     Server::xdp_generic, "guideway-xdp --interface eth0", "--bind", "", "it has too few queues"},
    {"kernel too old", kernel_nic, [](auto& host, auto&) { host.xdp_complaint = "this kernel is too old"; },
     Server::nothing, "", "--bind", "this kernel is too old", ""},
    {"no BPF filesystem", kernel_nic, [](auto& host, auto&) { host.has_bpf_filesystem = false; }, Server::nothing, "",
     "--bind", "mount -t bpf bpf /sys/fs/bpf", ""},
    {"no guideway-xdp", kernel_nic, [](auto& host, auto&) { host.guideway_xdp.clear(); }, Server::nothing, "", "--bind",
     "guideway-xdp is not installed", ""},
};

void expect_clause(const std::vector<std::string>& clauses, const std::string& part, const std::string& what) {
  if (part.empty()) {
    EXPECT_TRUE(clauses.empty()) << what << ": " << (clauses.empty() ? "" : clauses.front());
    return;
  }
  const bool is_there = std::any_of(clauses.begin(), clauses.end(),
                                    [&](const std::string& each) { return each.find(part) != std::string::npos; });
  EXPECT_TRUE(is_there) << what << ": no \"" << part << "\"";
}

TEST(Verdict, OfEveryMachine) {
  for (const Row& row : rows) {
    HostFacts host = good_host();
    NicFacts nic = row.nic();
    if (row.change) row.change(host, nic);
    const Verdict verdict = judge(host, nic);
    EXPECT_EQ(verdict.server, row.server) << row.what << ": " << name_of(verdict.server);
    EXPECT_EQ(verdict.command, row.command) << row.what;
    expect_clause(verdict.missing_for_dpdk, row.dpdk, row.what);
    expect_clause(verdict.missing_for_xdp, row.xdp, row.what);
    expect_clause(verdict.missing_for_native, row.native, row.what);
  }
}

TEST(Verdict, NotesWhatMattersBeforePacketsFlow) {
  const struct {
    std::function<void(HostFacts&, NicFacts&)> change;
    const char* note;
  } notes[] = {
      {[](auto&, auto& nic) { nic.is_up = nic.has_link = false; }, "it is down: ip link set dev eth0 up"},
      {[](auto&, auto& nic) { nic.has_link = false; }, "it has no link"},
      {[](auto&, auto& nic) { nic.rx_queues = 1; }, "it has 1 of 4 queues: ethtool -L eth0 combined 4"},
      {[](auto&, auto& nic) { nic.xdp_features = 1; }, "one-armed use only"},
      {[](auto&, auto& nic) { nic.xdp_features.reset(); }, "guideway datapath probe --try"},
      {[](auto&, auto& nic) { nic.has_xdp_program = true; }, "it has an XDP program already"},
      {[](auto&, auto&) {}, ""},
  };
  for (const auto& row : notes) {
    HostFacts host = good_host();
    NicFacts nic = kernel_nic();
    row.change(host, nic);
    expect_clause(judge(host, nic).notes, row.note, row.note);
  }
}

}  // namespace
}  // namespace guideway
