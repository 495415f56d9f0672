// SPDX-License-Identifier: Apache-2.0
// Services: what a wrong one is told, and what a right one becomes.
#include "tests/unit/controlplane/config/wrong_file.hh"

namespace guideway {
namespace {

class WrongService : public WrongFileTest {};

TEST_P(WrongService, IsRefused) { expect_error(GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    Table, WrongService,
    testing::Values(
        WrongFile{"port above range",
                  "[[service]]\nname = \"web\"\naddress = \"192.0.2.10\"\nport = 70000\nbackends = []\n", 5,
                  "service.web.port", "70000 is above 65535; give a port from 0 (any) to 65535"},
        WrongFile{"port below range",
                  "[[service]]\nname = \"web\"\naddress = \"192.0.2.10\"\nport = -1\nbackends = []\n", 5,
                  "service.web.port", "-1 is below 0"},
        WrongFile{"port is a word",
                  "[[service]]\nname = \"web\"\naddress = \"192.0.2.10\"\nport = \"http\"\nbackends = []\n", 5,
                  "service.web.port", "\"http\" is neither \"any\" nor a range of ports such as \"8000-8100\""},
        WrongFile{"no port", "[[service]]\nname = \"web\"\naddress = \"192.0.2.10\"\nbackends = []\n", 2, "service.web",
                  "has no port"},
        WrongFile{"no name", "[[service]]\naddress = \"192.0.2.10\"\nport = 80\nbackends = []\n", 2, "service[1]",
                  "has no name"},
        WrongFile{"name with a slash",
                  "[[service]]\nname = \"a/b\"\naddress = \"192.0.2.10\"\nport = 80\nbackends = []\n", 3,
                  "service[1].name", "is not a name"},
        WrongFile{"no address", "[[service]]\nname = \"web\"\nport = 80\nbackends = []\n", 2, "service.web",
                  "has no address"},
        WrongFile{"address and addresses", web_service + "addresses = [\"192.0.2.11\"]\n", 4, "service.web.address",
                  "stands beside addresses"},
        WrongFile{"address with a port",
                  "[[service]]\nname = \"web\"\naddress = \"192.0.2.10:80\"\nport = 80\nbackends = []\n", 4,
                  "service.web.address", "is not an address"},
        WrongFile{"multicast address", "[[service]]\nname = \"web\"\naddress = \"ff02::1\"\nport = 80\nbackends = []\n",
                  4, "service.web.address", "not the address of one host"},
        WrongFile{
            "an address twice",
            "[[service]]\nname = \"web\"\naddresses = [\"192.0.2.1\",\n\"192.0.2.1\"]\nport = 80\nbackends = []\n", 5,
            "service.web.addresses", "stands there twice"},
        WrongFile{"misspelt key", web_service + "schedular = \"maglev\"\n", 7, "service.web.schedular",
                  "did you mean \"scheduler\"?"},
        WrongFile{"unknown key", web_service + "colour = 1\n", 7, "service.web.colour", "known here: name"},
        WrongFile{"unknown scheduler", web_service + "scheduler = \"wrr\"\n", 7, "service.web.scheduler",
                  "give \"maglev\", \"source\", \"round-robin\", \"random\" or \"least-connections\""},
        WrongFile{"unknown protocol", web_service + "protocol = \"sctp\"\nudp = \"hash\"\n", 7, "service.web.protocol",
                  "\"sctp\" is not known; give \"tcp\", \"udp\" or \"tcp+udp\""},
        WrongFile{"slots not prime", web_service + "table_slots = 65536\n", 7, "service.web.table_slots",
                  "65536 is not prime; give 65537"},
        WrongFile{"too few slots", web_service + "table_slots = 17\n", 7, "service.web.table_slots", "17 is below 251"},
        WrongFile{"timeout without unit", web_service + "idle_timeout = 900\n", 7, "service.web.idle_timeout",
                  "not a string with a unit"},
        WrongFile{"timeout too long", web_service + "idle_timeout = \"169h\"\n", 7, "service.web.idle_timeout",
                  "too long"},
        WrongFile{"timeout too short", web_service + "opening_timeout = \"10ms\"\n", 7, "service.web.opening_timeout",
                  "too short"},
        WrongFile{"timeout that wraps", web_service + "idle_timeout = \"99999999999999999999h\"\n", 7,
                  "service.web.idle_timeout", "not a duration"},
        WrongFile{"udp mode for TCP", web_service + "udp = \"hash\"\n", 7, "service.web.udp", "protocol = \"udp\""},
        WrongFile{"closing timeout for UDP", web_service + "protocol = \"udp\"\nclosing_timeout = \"9s\"\n", 8,
                  "service.web.closing_timeout", "means nothing for UDP"},
        WrongFile{"pool and backends", web_service + "pool = \"p\"\n[[pool]]\nname = \"p\"\nbackends = []\n", 6,
                  "service.web.backends", "belongs to the pool"},
        WrongFile{"neither pool nor backends", "[[service]]\nname = \"web\"\naddress = \"192.0.2.10\"\nport = 80\n", 2,
                  "service.web", "neither backends nor pool"},
        WrongFile{"unknown pool", "[[service]]\nname = \"web\"\naddress = \"192.0.2.10\"\nport = 80\npool = \"p\"\n", 6,
                  "service.web.pool", "there is no pool p"},
        WrongFile{"two of one name", web_service + web_service, 8, "service.web.name", "exists already (conf.toml:3)"},
        WrongFile{"service as a table", "[service]\nname = \"web\"\n", 2, "service", "write [[service]]"},
        WrongFile{"service as a number", "service = [7]\n", 2, "service[1]", "7 is not a table"},
        WrongFile{"defaults as a number", "defaults = 3\n", 2, "defaults", "write [defaults]"},
        WrongFile{"unknown default", "[defaults]\nport = 80\n", 3, "defaults.port", "not a known key"}),
    [](const testing::TestParamInfo<WrongFile>& row) {
      std::string name = row.param.what;
      for (char& c : name) c = c == ' ' ? '_' : c;
      return name;
    });

TEST(ReadService, DefaultsDependOnTheProtocol) {
  const auto config = load_config_text(key_line + web_service +
                                           "[[service]]\nname = \"dns\"\naddress = \"192.0.2.53\"\nport = 53\n"
                                           "protocol = \"udp\"\nbackends = [\"10.0.0.53\"]\n",
                                       "conf.toml");
  ASSERT_TRUE(config.has_value()) << text_of(config.error());
  const ServiceConfig& dns = config->services.at(0);
  const ServiceConfig& web = config->services.at(1);
  EXPECT_EQ(dns.idle_timeout_ms, 60'000U);
  EXPECT_EQ(dns.opening_timeout_ms, 60'000U);
  EXPECT_EQ(web.idle_timeout_ms, 900'000U);
  EXPECT_EQ(web.opening_timeout_ms, 30'000U);
  EXPECT_EQ(config->pools.at(0).backends.at(0).check.kind, CheckKind::none) << "UDP cannot be checked by default";
  EXPECT_EQ(config->pools.at(1).backends.at(0).check.kind, CheckKind::tcp);
}

TEST(ReadService, AnyPortIsAWordOrZero) {
  for (const std::string port : {"0", "\"any\""}) {
    const auto config =
        load_config_text(key_line + "[[service]]\nname = \"web\"\naddress = \"192.0.2.10\"\nport = " + port +
                             "\nbackends = [\"10.0.0.1:80\"]\n",
                         "conf.toml");
    ASSERT_TRUE(config.has_value()) << text_of(config.error());
    EXPECT_EQ(config->services.at(0).port, 0);
    EXPECT_EQ(config->pools.at(0).backends.at(0).check.port, 80);
  }
}

TEST(ReadService, DefaultsOfTheFileAreInherited) {
  const auto config =
      load_config_text(key_line + "[defaults]\nforward = \"ipip\"\nslow_start = \"20s\"\nidle_timeout = \"5m\"\n" +
                           web_service + "weight = 7\n",
                       "conf.toml");
  ASSERT_TRUE(config.has_value()) << text_of(config.error());
  EXPECT_EQ(config->services.at(0).idle_timeout_ms, 300'000U);
  EXPECT_EQ(config->pools.at(0).slow_start_ms, 20'000U);
  EXPECT_EQ(config->pools.at(0).backends.at(0).forward, Forward::ipip);
  EXPECT_EQ(config->pools.at(0).backends.at(0).weight, 7U);
}

}  // namespace
}  // namespace guideway
