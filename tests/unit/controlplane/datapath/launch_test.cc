// SPDX-License-Identifier: Apache-2.0
#include "controlplane/datapath/launch.hh"

#include <gtest/gtest.h>

#include "tests/unit/controlplane/datapath/good_host.hh"

namespace guideway {
namespace {

using Words = std::vector<std::string>;

// eth0 and eth1 are the kernel's; 0000:05:00.0 and 0000:05:00.1 are bound to vfio-pci.
std::vector<NicFacts> four_nics() {
  std::vector<NicFacts> nics(4);
  for (std::size_t i = 0; i < nics.size(); ++i) {
    NicFacts& nic = nics[i];
    nic.interface = i < 2 ? "eth" + std::to_string(i) : "";
    nic.pci = (i < 2 ? "0000:03:00." : "0000:05:00.") + std::to_string(i % 2);
    nic.kernel_driver = i < 2 ? "ixgbe" : "vfio-pci";
    nic.dpdk_driver = DpdkDriver{"net_ixgbe", {}};
    nic.mtu_bytes = 1500;
  }
  return nics;
}

Words plan(DatapathChoice choice, Words ports, const Words& more = {}) {
  const auto words = plan_launch({choice, std::move(ports), "/run/door", more}, good_host(), four_nics());
  EXPECT_TRUE(words) << words.error().message;
  return words ? *words : Words{};
}

std::string refusal(DatapathChoice choice, Words ports) {
  const auto words = plan_launch({choice, std::move(ports), "/run/door", {}}, good_host(), four_nics());
  EXPECT_FALSE(words);
  return words ? "" : words.error().message;
}

TEST(Launch, AutoIsDpdkWhereEveryPortIsReadyForIt) {
  EXPECT_EQ(
      plan(DatapathChoice::automatic, {"0000:05:00.1", "0000:05:00.0"}),
      (Words{"/usr/sbin/guideway-dpdk", "--door", "/run/door", "--port", "0000:05:00.1", "--port", "0000:05:00.0"}));
}

TEST(Launch, AutoIsXdpForWhatIsTheKernels) {
  EXPECT_EQ(plan(DatapathChoice::automatic, {"eth1", "eth0"}, {"--native"}),
            (Words{"/usr/sbin/guideway-xdp", "--door", "/run/door", "--interface", "eth1", "--interface", "eth0",
                   "--native"}));
  EXPECT_EQ(plan(DatapathChoice::xdp, {"0000:03:00.0"}),
            (Words{"/usr/sbin/guideway-xdp", "--door", "/run/door", "--interface", "eth0"}));
}

TEST(Launch, NoDatapathServesBoth) {
  const std::string why = refusal(DatapathChoice::automatic, {"0000:05:00.0", "eth0"});
  EXPECT_NE(why.find("port eth0 is not for dpdk: ixgbe has it"), std::string::npos) << why;
  EXPECT_NE(why.find("port 0000:05:00.0 is not for xdp: vfio-pci has it"), std::string::npos) << why;
}

TEST(Launch, WhatIsAskedForIsNotReplacedByTheOther) {
  EXPECT_NE(refusal(DatapathChoice::dpdk, {"eth0"}).find("port eth0 is not for dpdk"), std::string::npos);
  const std::string why = refusal(DatapathChoice::xdp, {"0000:05:00.0"});
  EXPECT_EQ(why.find("dpdk:"), std::string::npos) << why;
  EXPECT_NE(why.find("port 0000:05:00.0 is not for xdp"), std::string::npos) << why;
}

TEST(Launch, DevicesOfDpdksOwnAreForDpdkAlone) {
  const std::string device = "net_af_packet0,iface=eth0";
  EXPECT_EQ(plan(DatapathChoice::automatic, {device}, {"--no-huge"}),
            (Words{"/usr/sbin/guideway-dpdk", "--door", "/run/door", "--port", device, "--no-huge"}));
  EXPECT_NE(refusal(DatapathChoice::xdp, {device}).find("which XDP cannot serve"), std::string::npos);
}

TEST(Launch, NamesThePortThatIsNotThere) {
  EXPECT_NE(refusal(DatapathChoice::automatic, {"eth7"}).find("eth7 is no Ethernet device here"), std::string::npos);
  EXPECT_NE(refusal(DatapathChoice::automatic, {}).find("no port is named"), std::string::npos);
}

}  // namespace
}  // namespace guideway
