// SPDX-License-Identifier: Apache-2.0
// Which datapath runs, and on what.
#include <nlohmann/json.hpp>

#include "controlplane/config/json.hh"
#include "tests/unit/controlplane/config/wrong_file.hh"

namespace guideway {
namespace {

class WrongDatapath : public testing::TestWithParam<WrongFile> {};

TEST_P(WrongDatapath, IsRefused) { expect_error(GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    Table, WrongDatapath,
    testing::Values(WrongFile{"no such datapath", "datapath = \"vpp\"\n", 2, "datapath", "\"vpp\""},
                    WrongFile{"no list", "ports = \"eth0\"\n", 2, "ports", "is no list of up to 32 ports"},
                    WrongFile{"no text", "ports = [7]\n", 2, "ports", "7 is no port; give interfaces or PCI addresses"},
                    WrongFile{"no name", "ports = [\"\"]\n", 2, "ports", "\"\" is no port"},
                    WrongFile{"a long name", "ports = [\"interface-of-16c\"]\n", 2, "ports", "is no port"},
                    WrongFile{"a path", "ports = [\"eth/0\"]\n", 2, "ports", "is no port"},
                    WrongFile{"half an address", "ports = [\"0000:03:00\"]\n", 2, "ports", "is no port"},
                    WrongFile{"twice", "ports = [\"eth0\", \"eth0\"]\n", 2, "ports", "\"eth0\" stands there twice"}));

TEST(Datapath, IsReadAndWrittenAsItStands) {
  const auto config = load_config_text(
      key_line + "datapath = \"dpdk\"\nports = [\"0000:03:00.1\", \"eth0.7\", \"net_af_packet0,iface=eth1\"]\n",
      "conf.toml");
  ASSERT_TRUE(config) << text_of(config.error());
  EXPECT_EQ(config->datapath, DatapathChoice::dpdk);
  EXPECT_EQ(config->ports, (std::vector<std::string>{"0000:03:00.1", "eth0.7", "net_af_packet0,iface=eth1"}));
  EXPECT_EQ(to_json(*config)["datapath"], "dpdk");
  EXPECT_EQ(to_json(*config)["ports"].size(), 3U);
}

TEST(Datapath, IsAutoWithoutPortsByItself) {
  const auto config = load_config_text(key_line, "conf.toml");
  ASSERT_TRUE(config) << text_of(config.error());
  EXPECT_EQ(config->datapath, DatapathChoice::automatic);
  EXPECT_TRUE(config->ports.empty());
}

}  // namespace
}  // namespace guideway
