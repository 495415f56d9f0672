// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ports/port_spec.hh"

#include <gtest/gtest.h>

namespace guideway {
namespace {

TEST(PortSpec, KnowsPciFromVirtualDevices) {
  EXPECT_TRUE(parse_port_spec("0000:03:00.0")->is_pci);
  EXPECT_EQ(parse_port_spec("03:00.1")->name, "0000:03:00.1");
  EXPECT_EQ(parse_port_spec("0000:03:00.0,rx_vec_en=1")->arguments, "rx_vec_en=1");
  const auto device = parse_port_spec("net_pcap0,rx_pcap=a.pcap,tx_pcap=b.pcap");
  ASSERT_TRUE(device);
  EXPECT_FALSE(device->is_pci);
  EXPECT_EQ(device->name, "net_pcap0");
  EXPECT_EQ(device->arguments, "rx_pcap=a.pcap,tx_pcap=b.pcap");
}

TEST(PortSpec, RefusesWhatIsNeither) {
  for (const char* wrong : {"", "eth0", "03:00", "0000:03:00.9", "net_", ",iface=eth0"})
    EXPECT_FALSE(parse_port_spec(wrong)) << wrong;
}

TEST(PortSpec, TellsPacketSocketsWhatTheyNeed) {
  const auto completed = [](const char* text, std::uint32_t queues, std::optional<std::uint16_t> mtu_bytes) {
    auto spec = *parse_port_spec(text);
    complete(spec, queues, mtu_bytes);
    return spec.arguments;
  };
  EXPECT_EQ(completed("net_af_packet0,iface=eth0", 2, std::nullopt), "iface=eth0,qpairs=2");
  EXPECT_EQ(completed("net_af_packet0,iface=eth0,qpairs=1", 2, 1500), "iface=eth0,qpairs=1");
  EXPECT_EQ(completed("net_af_packet0,iface=eth0", 1, 9000), "iface=eth0,qpairs=1,framesz=12288,blocksz=12288");
  EXPECT_EQ(completed("net_null0", 2, 9000), "");
}

}  // namespace
}  // namespace guideway
