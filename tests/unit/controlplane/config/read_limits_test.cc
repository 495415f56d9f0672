// SPDX-License-Identifier: Apache-2.0
// Who may use a service, and how many new flows a second.
#include "tests/unit/controlplane/config/wrong_file.hh"

namespace guideway {
namespace {

std::string with(const std::string& keys) { return web_service + keys; }

class WrongLimit : public WrongFileTest {};

TEST_P(WrongLimit, IsRefused) { expect_error(GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    Table, WrongLimit,
    testing::Values(
        WrongFile{"allow is a number", with("allow = 7\n"), 7, "service.web.allow",
                  "7 is not a list of prefixes; give [\"192.0.2.0/24\", \"2001:db8::/32\"]"},
        WrongFile{"allow has a name", with("allow = [\"192.0.2.1\",\n\"office\"]\n"), 8, "service.web.allow",
                  "\"office\" is not an address; give one such as"},
        WrongFile{"deny has host bits", with("deny = [\"192.0.2.1/24\"]\n"), 7, "service.web.deny",
                  "192.0.2.1/24 has bits set behind its first 24; give 192.0.2.0/24, or 192.0.2.1 alone"},
        WrongFile{"deny has one twice", with("deny = [\"192.0.2.1\",\n\"192.0.2.1/32\"]\n"), 8, "service.web.deny",
                  "192.0.2.1 stands there twice; leave one out"},
        WrongFile{"allowed and denied", with("allow = [\"::/0\", \"192.0.2.0/24\"]\ndeny = \"192.0.2.0/24\"\n"), 8,
                  "service.web.deny", "192.0.2.0/24 stands in allow too; leave it out of one of the two"},
        WrongFile{"no rate", with("new_flows_per_second = 0\n"), 7, "service.web.new_flows_per_second",
                  "0 is below 1; give new flows a second from 1 to 100000000, or leave it out for no limit"},
        WrongFile{"rate too high", with("source_flows_per_second = 100000001\n"), 7,
                  "service.web.source_flows_per_second", "100000001 is above 100000000"},
        WrongFile{"no burst", with("new_flows_per_second = 1\nnew_flows_burst = 0\n"), 8, "service.web.new_flows_burst",
                  "0 is below 1; give new flows at once from 1 to 100000000"},
        WrongFile{"burst alone", with("new_flows_burst = 5\n"), 7, "service.web.new_flows_burst",
                  "only means something beside new_flows_per_second; add that, or leave it out"},
        WrongFile{"source burst alone", with("source_flows_burst = 5\n"), 7, "service.web.source_flows_burst",
                  "only means something beside source_flows_per_second"},
        WrongFile{"bits alone", with("source_flows_bits_ipv6 = 48\n"), 7, "service.web.source_flows_bits_ipv6",
                  "only means something beside source_flows_per_second; add that, or leave it out"},
        WrongFile{"too many bits", with("source_flows_per_second = 5\nsource_flows_bits_ipv4 = 33\n"), 8,
                  "service.web.source_flows_bits_ipv4", "33 is above 32; give a number of bits from 1 to 32"},
        WrongFile{"no bits", with("source_flows_per_second = 5\nsource_flows_bits_ipv6 = 0\n"), 8,
                  "service.web.source_flows_bits_ipv6", "0 is below 1; give a number of bits from 1 to 128"},
        WrongFile{"limit of packets", udp_service("udp = \"packet\"\nnew_flows_per_second = 5\n"), 9,
                  "service.web.new_flows_per_second",
                  "cannot tell which flows are new with udp = \"packet\", which remembers nothing; write udp = "
                  "\"follow\", or leave the limit out"},
        WrongFile{"limit of hashes", udp_service("udp = \"hash\"\nsource_flows_per_second = 5\n"), 9,
                  "service.web.source_flows_per_second", "which flows are new with udp = \"hash\""}),
    [](const testing::TestParamInfo<WrongFile>& row) { return test_name(row.param); });

TEST(ReadLimits, ListsAreSortedAndMayHoldBothFamilies) {
  const AccessList access = accepted(with("allow = [\"2001:db8::/32\", \"192.0.2.0/24\"]\ndeny = \"192.0.2.128/25\"\n"))
                                .services.at(0)
                                .access;
  ASSERT_EQ(access.allow.size(), 2U);
  EXPECT_LT(access.allow.at(0), access.allow.at(1));
  ASSERT_EQ(access.deny.size(), 1U);
  EXPECT_EQ(access.deny.at(0).text(), "192.0.2.128/25");
}

TEST(ReadLimits, ThousandsOfPrefixesAreRead) {
  std::string list = "deny = [\n";
  for (unsigned i = 0; i < 20'000; ++i)
    list += "\"10." + std::to_string(i / 256) + "." + std::to_string(i % 256) + ".0/24\",\n";
  EXPECT_EQ(accepted(with(list + "]\n")).services.at(0).access.deny.size(), 20'000U);
}

TEST(ReadLimits, ABurstIsAsLargeAsTheRate) {
  const ServiceConfig service =
      accepted(with("new_flows_per_second = 500\nsource_flows_per_second = 5\nsource_flows_burst = 50\n"))
          .services.at(0);
  EXPECT_EQ(service.new_flows, (FlowLimit{500, 500}));
  EXPECT_EQ(service.source_flows, (FlowLimit{5, 50}));
  EXPECT_EQ(service.source_flows_bits_ipv4, 32);
  EXPECT_EQ(service.source_flows_bits_ipv6, 64);
}

}  // namespace
}  // namespace guideway
