// SPDX-License-Identifier: Apache-2.0
#include "controlplane/datapath/pmd_info.hh"

#include <gtest/gtest.h>

#include <string>

namespace guideway {
namespace {

using namespace std::string_literals;

const std::string library =
    "\x7f"
    "ELF...\0PMD_INFO_STRING= {\"name\": \"net_virtio\", \"kmod\": \"* igb_uio | uio_pci_generic | vfio-pci\", "
    "\"pci_ids\": [[6900, 4096, 65535, 65535], [6900, 4161, 65535, 65535]]}\0more\0"
    "PMD_INFO_STRING= {\"name\": \"net_virtio_user\", \"pci_ids\": []}\0"
    "PMD_INFO_STRING= {\"name\": \"mlx5_eth\", \"kmod\": \"* ib_uverbs & mlx5_core & mlx5_ib\", "
    "\"pci_ids\": [[5555, 4115, 65535, 65535]]}\0PMD_INFO_STRING= {broken\0"
    "PMD_INFO_STRING= {\"name\": \"net_of_one_vendor\", \"pci_ids\": [[1, 2, 3, 4]]}\0"s;

TEST(PmdInfo, FindsTheDriverOfADevice) {
  DpdkDrivers drivers;
  drivers.read(library);
  EXPECT_EQ(drivers.count(), 3U);
  const DpdkDriver* virtio = drivers.find({0x1af4, 0x1041, 0x1af4, 1});
  ASSERT_NE(virtio, nullptr);
  EXPECT_EQ(*virtio, (DpdkDriver{"net_virtio", {}}));
  const DpdkDriver* mlx5 = drivers.find({0x15b3, 0x1013, 7, 8});
  ASSERT_NE(mlx5, nullptr);
  EXPECT_EQ(*mlx5, (DpdkDriver{"mlx5_eth", {"ib_uverbs", "mlx5_core", "mlx5_ib"}}));
  EXPECT_NE(drivers.find({1, 2, 3, 4}), nullptr);
  EXPECT_EQ(drivers.find({1, 2, 3, 5}), nullptr);
  EXPECT_EQ(drivers.find({0x8086, 0x10fb, 0, 0}), nullptr);
}

// What is installed here, if anything is.
TEST(PmdInfo, ReadsDpdksOwnLibraries) {
  const DpdkDrivers drivers = DpdkDrivers::in(GUIDEWAY_DPDK_DRIVERS);
  if (drivers.count() == 0) GTEST_SKIP() << "DPDK has no drivers in \"" GUIDEWAY_DPDK_DRIVERS "\"";
  const DpdkDriver* ixgbe = drivers.find({0x8086, 0x10fb, 0, 0});
  ASSERT_NE(ixgbe, nullptr);
  EXPECT_EQ(*ixgbe, (DpdkDriver{"net_ixgbe", {}}));
  EXPECT_EQ(drivers.find({0xfff0, 0xfff0, 0, 0}), nullptr);
}

}  // namespace
}  // namespace guideway
