// SPDX-License-Identifier: Apache-2.0
// Facts of a machine that is made of files: what /sys of real ones looks like.
#include "controlplane/datapath/nic_facts.hh"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "controlplane/datapath/host_facts.hh"

namespace guideway {
namespace {

namespace fs = std::filesystem;

class Machine : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = testing::TempDir() + "guideway-machine-XXXXXX";
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    root_ = folder;
  }
  void TearDown() override { fs::remove_all(root_); }

  void write(const std::string& file, const std::string& text) const {
    fs::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text << "\n";
  }
  void link(const std::string& from, const std::string& to) const {
    fs::create_directories((root_ / from).parent_path());
    fs::create_directories(root_ / to);
    fs::create_directory_symlink(root_ / to, root_ / from);
  }
  void add_pci(const std::string& address, const std::string& device_class, const std::string& driver) const {
    const std::string folder = "sys/devices/pci0000:00/" + address;
    write(folder + "/vendor", "0x8086");
    write(folder + "/device", "0x10fb");
    write(folder + "/class", device_class);
    if (!driver.empty()) link(folder + "/driver", "sys/bus/pci/drivers/" + driver);
    link("sys/bus/pci/devices/" + address, folder);
  }
  void add_interface(const std::string& name, const std::string& type, const std::string& flags) const {
    const std::string folder = "sys/class/net/" + name;
    write(folder + "/type", type);
    write(folder + "/flags", flags);
    write(folder + "/carrier", "1");
    write(folder + "/mtu", "9000");
    for (const char* queue : {"rx-0", "rx-1", "tx-0"}) fs::create_directories(root_ / folder / "queues" / queue);
  }

  fs::path root_;
};

TEST_F(Machine, NicsOfTheKernelAndOthers) {
  add_pci("0000:03:00.0", "0x020000", "ixgbe");
  add_pci("0000:03:00.1", "0x020000", "vfio-pci");
  add_pci("0000:04:00.0", "0x030000", "");  // a graphics card
  add_interface("eth0", "1", "0x1003");
  add_interface("lo", "772", "0x9");
  add_interface("tap0", "1", "0x1002");
  // A bus of its own between the interface and the PCI device, as virtio has.
  link("sys/class/net/eth0/device", "sys/devices/pci0000:00/0000:03:00.0/virtio0");
  DpdkDrivers drivers;
  drivers.read(
      R"(PMD_INFO_STRING= {"name": "net_ixgbe", "kmod": "* vfio-pci", "pci_ids": [[32902, 4347, 65535, 65535]]})");
  const auto nics = find_nics({root_, &drivers, "", false});
  ASSERT_EQ(nics.size(), 3U);
  EXPECT_EQ(nics[0].interface, "eth0");
  EXPECT_EQ(nics[0].pci, "0000:03:00.0");
  EXPECT_EQ(nics[0].kernel_driver, "ixgbe");
  EXPECT_EQ(nics[0].dpdk_driver, (DpdkDriver{"net_ixgbe", {}}));
  EXPECT_EQ(nics[0].rx_queues, 2U);
  EXPECT_EQ(nics[0].mtu_bytes, 9000U);
  EXPECT_TRUE(nics[0].is_up && nics[0].has_link);
  EXPECT_EQ(nics[1].interface, "tap0");
  EXPECT_EQ(nics[1].pci, "");
  EXPECT_FALSE(nics[1].is_up || nics[1].has_link);
  EXPECT_EQ(nics[2].interface, "");
  EXPECT_EQ(nics[2].pci, "0000:03:00.1");
  EXPECT_EQ(nics[2].kernel_driver, "vfio-pci");
}

TEST_F(Machine, WhatDpdkNeedsOfTheHost) {
  HostFacts facts;
  facts.kernel_release = "6.1.0";
  read_host_files(root_, facts);
  EXPECT_EQ(facts.huge_page_bytes_free, 0U);
  EXPECT_EQ(facts.vfio_pci, ModuleState::absent);
  EXPECT_FALSE(facts.has_iommu);
  write("sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "3");
  write("sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages", "1");
  write("lib/modules/6.1.0/modules.dep", "kernel/drivers/vfio/pci/vfio-pci.ko.xz: kernel/drivers/vfio/vfio.ko.xz");
  write("sys/module/uio_pci_generic/refcnt", "0");
  write("sys/kernel/iommu_groups/0/type", "DMA");
  write("sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "Y");
  read_host_files(root_, facts);
  EXPECT_EQ(facts.huge_page_bytes_free, (3ULL << 21U) + (1ULL << 30U));
  EXPECT_EQ(facts.vfio_pci, ModuleState::available);
  EXPECT_EQ(facts.uio_pci, ModuleState::loaded);
  EXPECT_TRUE(facts.has_iommu);
  EXPECT_TRUE(facts.allows_vfio_without_iommu);
}

}  // namespace
}  // namespace guideway
