// SPDX-License-Identifier: Apache-2.0
// Pools and backends: the forms they may have, what they inherit, and what a wrong one is told.
#include "tests/unit/controlplane/config/wrong_file.hh"

namespace guideway {
namespace {

std::string with_backends(const std::string& list) {
  return "[[service]]\nname = \"web\"\naddress = \"192.0.2.10\"\nport = 80\nbackends = " + list + "\n";
}

class WrongPool : public WrongFileTest {};

TEST_P(WrongPool, IsRefused) { expect_error(GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    Table, WrongPool,
    testing::Values(
        WrongFile{"not a list", with_backends("\"10.0.0.1\""), 6, "service.web.backends", "is not a list"},
        WrongFile{"not an address", with_backends("[\"10.0.0.1\",\n\"10.0.0.500\"]"), 7, "service.web.backends",
                  "\"10.0.0.500\" is not a backend"},
        WrongFile{"a host name", with_backends("[\"web1.example.org\"]"), 6, "service.web.backends",
                  "is not a backend"},
        WrongFile{"IPv6 port without brackets", with_backends("[\"fd00::1]:80\"]"), 6, "service.web.backends",
                  "[fd00::1]:8080"},
        WrongFile{"an address twice", with_backends("[\"10.0.0.1\",\n\"10.0.0.1:81\"]"), 7,
                  "service.web.backends[10.0.0.1]", "in this pool already"},
        WrongFile{
            "a name twice",
            with_backends("[{ name = \"a\", address = \"10.0.0.1\" },\n{ name = \"a\", address = \"10.0.0.2\" }]"), 7,
            "service.web.backends[a]", "give it another name"},
        WrongFile{"no address", with_backends("[\n{ name = \"a\" }]"), 7, "service.web.backends[a]", "has no address"},
        WrongFile{"weight too large", with_backends("[{ address = \"10.0.0.1\", weight = 65536 }]"), 6,
                  "service.web.backends[10.0.0.1].weight", "65536 is above 65535"},
        WrongFile{"weight below zero", with_backends("[{ address = \"10.0.0.1\", weight = -5 }]"), 6,
                  "service.web.backends[10.0.0.1].weight", "-5 is below 0"},
        WrongFile{"only weight zero", with_backends("[{ address = \"10.0.0.1\", weight = 0 }]"), 6,
                  "service.web.backends", "weight of at least 1"},
        WrongFile{"multicast MAC", with_backends("[{ address = \"10.0.0.1\", mac = \"01:00:00:00:00:01\" }]"), 6,
                  "service.web.backends[10.0.0.1].mac", "not the MAC address of one station"},
        WrongFile{"broken MAC", with_backends("[{ address = \"10.0.0.1\", mac = \"2:0:0:0:0:1\" }]"), 6,
                  "service.web.backends[10.0.0.1].mac", "02:00:00:00:00:01"},
        WrongFile{"unknown forward", with_backends("[{ address = \"10.0.0.1\", forward = \"nat\" }]"), 6,
                  "service.web.backends[10.0.0.1].forward", "give \"l2\", \"ipip\", \"gue\", \"gre\" or \"l3dsr\""},
        WrongFile{"unknown state", with_backends("[{ address = \"10.0.0.1\", state = \"off\" }]"), 6,
                  "service.web.backends[10.0.0.1].state", "\"disabled\""},
        WrongFile{"port of a backend is zero", with_backends("[{ address = \"10.0.0.1\", port = 0 }]"), 6,
                  "service.web.backends[10.0.0.1].port", "0 is below 1"},
        WrongFile{"backend is the service", with_backends("[\"192.0.2.10\"]"), 6, "service.web.backends[192.0.2.10]",
                  "address of service web itself"},
        WrongFile{"misspelt key", with_backends("[{ address = \"10.0.0.1\", wieght = 1 }]"), 6,
                  "service.web.backends[10.0.0.1].wieght", "did you mean \"weight\"?"},
        WrongFile{"pool without name", "[[pool]]\nbackends = []\n", 2, "pool[1]", "has no name"},
        WrongFile{"pool without backends", "[[pool]]\nname = \"p\"\n", 2, "pool.p", "has no backends"},
        WrongFile{"pool of a service's name", web_service + "[[pool]]\nname = \"web\"\nbackends = []\n", 8,
                  "pool.web.name", "exists already"}),
    [](const testing::TestParamInfo<WrongFile>& row) {
      std::string name = row.param.what;
      for (char& c : name) c = c == ' ' ? '_' : c;
      return name.erase(name.find('\'') == std::string::npos ? name.size() : name.find('\''), 1);
    });

TEST(ReadPool, BackendsInheritFromTheirPool) {
  const auto config = load_config_text(
      key_line +
          with_backends(
              "[\"10.0.0.3\", \"[fd00::1]:8080\", { address = \"10.0.0.2\", name = \"b\", weight = 9, "
              "forward = \"l2\", mac = \"02:00:00:00:00:01\", state = \"draining\", check = { rise = 5 } }]") +
          "forward = \"ipip\"\nweight = 3\ncheck = { http = \"/h\", fall = 7 }\n",
      "conf.toml");
  ASSERT_TRUE(config.has_value()) << text_of(config.error());
  const auto& backends = config->pools.at(0).backends;
  ASSERT_EQ(backends.size(), 3U);
  EXPECT_EQ(backends[0].name, "10.0.0.3");
  EXPECT_EQ(backends[0].weight, 3U);
  EXPECT_EQ(backends[0].forward, Forward::ipip);
  EXPECT_EQ(backends[0].check.port, 80) << "the service's port";
  EXPECT_EQ(backends[1].name, "b");
  EXPECT_EQ(backends[1].weight, 9U);
  EXPECT_EQ(backends[1].forward, Forward::l2);
  EXPECT_EQ(backends[1].administrative, Administrative::draining);
  EXPECT_EQ(backends[1].check.path, "/h") << "a check refines the pool's";
  EXPECT_EQ(backends[1].check.fall, 7U);
  EXPECT_EQ(backends[1].check.rise, 5U);
  EXPECT_EQ(backends[2].name, "fd00::1");
  EXPECT_EQ(backends[2].port, 8080);
  EXPECT_EQ(backends[2].check.port, 8080) << "its own port";
}

TEST(ReadPool, APoolMayBeSharedAndMayBeEmpty) {
  const auto config = load_config_text(
      key_line +
          "[[service]]\nname = \"a\"\naddress = \"192.0.2.1\"\nport = 80\npool = \"p\"\n[[service]]\nname = \"b\"\n"
          "address = \"192.0.2.2\"\nport = 80\npool = \"p\"\n[[pool]]\nname = \"p\"\nbackends = []\n",
      "conf.toml");
  ASSERT_TRUE(config.has_value()) << text_of(config.error());
  EXPECT_EQ(config->pools.size(), 1U);
}

}  // namespace
}  // namespace guideway
