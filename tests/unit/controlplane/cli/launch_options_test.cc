// SPDX-License-Identifier: Apache-2.0
#include "controlplane/cli/launch_options.hh"

#include <gtest/gtest.h>

#include <fstream>

namespace guideway {
namespace {

class LaunchOptionsOfFile : public testing::Test {
 protected:
  void SetUp() override {
    write(
        "hash_key = \"000102030405060708090a0b0c0d0e0f\"\ndoor = \"/run/other.sock\"\ndatapath = \"xdp\"\n"
        "ports = [\"eth3\", \"eth1\"]\n");
  }
  void TearDown() override { std::remove(file_.c_str()); }
  void write(const std::string& text) { std::ofstream(file_) << text; }

  std::string file_ = testing::TempDir() + "launch_options_test.toml";
};

TEST_F(LaunchOptionsOfFile, TheConfigurationSaysAll) {
  const auto request = launch_request({file_, {}, {}, {}, {"--native"}});
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->choice, DatapathChoice::xdp);
  EXPECT_EQ(request->ports, (std::vector<std::string>{"eth3", "eth1"}));
  EXPECT_EQ(request->door, "/run/other.sock");
  EXPECT_EQ(request->more, std::vector<std::string>{"--native"});
}

TEST_F(LaunchOptionsOfFile, OptionsWin) {
  const auto request = launch_request({file_, DatapathChoice::dpdk, {"eth0"}, "/run/third.sock", {}});
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->choice, DatapathChoice::dpdk);
  EXPECT_EQ(request->ports, std::vector<std::string>{"eth0"});
  EXPECT_EQ(request->door, "/run/third.sock");
}

TEST_F(LaunchOptionsOfFile, AMistakeIsTold) {
  write("datapath = \"vpp\"\n");
  const auto request = launch_request({file_, {}, {"eth0"}, {}, {}});
  ASSERT_FALSE(request);
  EXPECT_NE(request.error().message.find(file_ + ":1: datapath: "), std::string::npos) << request.error().message;
}

TEST(LaunchOptions, WithPortsNoConfigurationIsNeeded) {
  const auto request = launch_request({{}, {}, {"eth0"}, {}, {}});
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->choice, DatapathChoice::automatic);
  EXPECT_EQ(request->door, "/run/guideway/door.sock");
}

TEST(LaunchOptions, WithoutPortsTheUsualFileIsRead) {
  if (std::ifstream(default_config_file)) GTEST_SKIP() << default_config_file << " is there";
  const auto request = launch_request({});
  ASSERT_FALSE(request);
  EXPECT_NE(request.error().message.find(default_config_file), std::string::npos) << request.error().message;
}

}  // namespace
}  // namespace guideway
