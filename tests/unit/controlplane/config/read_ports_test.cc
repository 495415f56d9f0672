// SPDX-License-Identifier: Apache-2.0
// What a service listens on: addresses and prefixes, ports and ranges, TCP and UDP under one name.
#include "tests/unit/controlplane/config/wrong_file.hh"

namespace guideway {
namespace {

std::string at(const std::string& address, const std::string& port, const std::string& name = "web",
               const std::string& rest = "") {
  return "[[service]]\nname = \"" + name + "\"\naddress = \"" + address + "\"\nport = " + port + "\nbackends = []\n" +
         rest;
}

std::string ranges(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i)
    text += at("192.0.2.1", "\"" + std::to_string(1000 + 10 * i) + "-" + std::to_string(1005 + 10 * i) + "\"",
               "s" + std::string(1, static_cast<char>('a' + i)));
  return text;
}

class WrongPorts : public WrongFileTest {};

TEST_P(WrongPorts, IsRefused) { expect_error(GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    Table, WrongPorts,
    testing::Values(
        WrongFile{"prefix with host bits", at("192.0.2.10/24", "80"), 4, "service.web.address",
                  "192.0.2.10/24 has bits set behind its first 24; give 192.0.2.0/24, or 192.0.2.10 alone"},
        WrongFile{"IPv6 prefix with host bits", at("2001:db8::1/64", "80"), 4, "service.web.address",
                  "give 2001:db8::/64, or 2001:db8::1 alone"},
        WrongFile{
            "prefix too long", at("192.0.2.0/33", "80"), 4, "service.web.address",
            "\"192.0.2.0/33\" is not an address; give one such as \"192.0.2.10\" or \"2001:db8::10\", or a prefix "
            "such as \"192.0.2.0/24\""},
        WrongFile{"prefix without length", at("192.0.2.0/", "80"), 4, "service.web.address", "is not an address"},
        WrongFile{"prefix of multicast", at("224.0.0.0/4", "80"), 4, "service.web.address",
                  "224.0.0.0/4 is not the address of one host"},
        WrongFile{"nobody's address", at("0.0.0.0", "80"), 4, "service.web.address", "0.0.0.0 is not the address of"},
        WrongFile{"range backwards", at("192.0.2.1", "\"8100-8000\""), 5, "service.web.port",
                  "\"8100-8000\" is neither \"any\" nor a range of ports such as \"8000-8100\"; one port is a number"},
        WrongFile{"range from zero", at("192.0.2.1", "\"0-80\""), 5, "service.web.port", "neither \"any\" nor a range"},
        WrongFile{"range too far", at("192.0.2.1", "\"80-65536\""), 5, "service.web.port",
                  "neither \"any\" nor a range"},
        WrongFile{"range with a blank", at("192.0.2.1", "\"80 - 90\""), 5, "service.web.port",
                  "neither \"any\" nor a range"},
        WrongFile{"half a range", at("192.0.2.1", "\"80-\""), 5, "service.web.port", "neither \"any\" nor a range"},
        WrongFile{"a number in quotes", at("192.0.2.1", "\"80\""), 5, "service.web.port", "one port is a number"},
        WrongFile{"ranges that overlap", at("192.0.2.1", "\"80-90\"") + at("192.0.2.1", "\"90-99\"", "xyz"), 9,
                  "service.xyz.address",
                  "192.0.2.1 port 90-99 tcp overlaps 80-90 of service web; give one of the two another address, port "
                  "or protocol"},
        WrongFile{"a range twice", at("192.0.2.1", "\"80-90\"") + at("192.0.2.1", "\"80-90\"", "xyz"), 9,
                  "service.xyz.address", "192.0.2.1 port 80-90 tcp overlaps 80-90 of service web"},
        WrongFile{"a prefix twice", at("192.0.2.0/24", "80") + at("192.0.2.0/24", "80", "xyz"), 9,
                  "service.xyz.address", "192.0.2.0/24 port 80 tcp belongs to service web"},
        WrongFile{"both protocols over one",
                  at("192.0.2.1", "80", "web", "protocol = \"tcp+udp\"\n") +
                      at("192.0.2.1", "80", "xyz", "protocol = \"udp\"\n"),
                  10, "service.xyz.address", "192.0.2.1 port 80 udp belongs to service web"},
        WrongFile{"too many ranges", ranges(17), 85, "service.sq.port",
                  "192.0.2.1 tcp has more than 16 port ranges; join some, or use another address"},
        WrongFile{"check of a range",
                  "[[service]]\nname = \"web\"\naddress = \"192.0.2.1\"\nport = \"80-90\"\nbackends "
                  "= [\"10.0.0.1\"]\n",
                  2, "service.web.check", "service web has a range of ports, so its check needs one; give check = {"},
        WrongFile{"udp timeouts of TCP", at("192.0.2.1", "80", "web", "udp_idle_timeout = \"9s\"\n"), 7,
                  "service.web.udp_idle_timeout",
                  "only means something with protocol = \"tcp+udp\"; write idle_timeout here"},
        WrongFile{"udp timeouts of UDP alone",
                  at("192.0.2.1", "80", "web", "protocol = \"udp\"\nudp_opening_timeout = \"9s\"\n"), 8,
                  "service.web.udp_opening_timeout", "write opening_timeout here"}),
    [](const testing::TestParamInfo<WrongFile>& row) { return test_name(row.param); });

TEST(ReadPorts, PrefixesAndRanges) {
  const Config config = accepted(
      "[[service]]\nname = \"web\"\naddresses = [\"192.0.2.0/24\", \"2001:db8::/64\", \"198.51.100.1/32\", "
      "\"0.0.0.0/0\"]\n"
      "port = \"8000-8100\"\nbackends = [\"10.0.0.1:80\"]\n");
  const ServiceConfig& web = config.services.at(0);
  EXPECT_EQ(web.addresses.at(0), (AddressPrefix{*IpAddress::parse("192.0.2.0"), 24}));
  EXPECT_EQ(web.addresses.at(1), (AddressPrefix{*IpAddress::parse("2001:db8::"), 64}));
  EXPECT_EQ(web.addresses.at(2), AddressPrefix(*IpAddress::parse("198.51.100.1"))) << "a full-length one is an address";
  EXPECT_EQ(web.addresses.at(3).bits, 0);
  EXPECT_EQ(web.port, 8000);
  EXPECT_EQ(web.port_last, 8100);
}

TEST(ReadPorts, ARangeOfOneIsAPort) {
  const Config config = accepted(at("192.0.2.1", "\"80-80\""));
  EXPECT_EQ(config.services.at(0).port, 80);
  EXPECT_EQ(config.services.at(0).port_last, 0);
}

TEST(ReadPorts, APortARangeAndAnyLiveTogether) {
  const Config config =
      accepted(at("192.0.2.1", "80", "a") + at("192.0.2.1", "\"80-90\"", "b") + at("192.0.2.1", "\"91-99\"", "c") +
               at("192.0.2.1", "\"any\"", "d") + at("192.0.2.1", "\"80-90\"", "e", "protocol = \"udp\"\n") +
               at("192.0.2.0/24", "\"80-90\"", "f"));
  EXPECT_EQ(config.services.size(), 6U);
}

TEST(ReadPorts, SixteenRangesAreEnoughForAnAddress) { EXPECT_EQ(accepted(ranges(16)).services.size(), 16U); }

TEST(ReadPorts, BothProtocolsHaveTheirOwnTimeouts) {
  const auto service = [](const std::string& rest) {
    return accepted(web_service + "protocol = \"tcp+udp\"\n" + rest).services.at(0);
  };
  const ServiceConfig plain = service("");
  EXPECT_EQ(plain.protocol, ServiceProtocol::both());
  EXPECT_EQ(plain.idle_timeout_ms, 900'000U);
  EXPECT_EQ(plain.udp_idle_timeout_ms, 60'000U);
  EXPECT_EQ(plain.udp_opening_timeout_ms, 60'000U);
  const ServiceConfig said = service("idle_timeout = \"5m\"\nclosing_timeout = \"7s\"\nudp_idle_timeout = \"20s\"\n");
  EXPECT_EQ(said.idle_timeout_ms, 300'000U);
  EXPECT_EQ(said.closing_timeout_ms, 7000U);
  EXPECT_EQ(said.udp_idle_timeout_ms, 20'000U);
  EXPECT_EQ(said.udp_opening_timeout_ms, 20'000U) << "its idle timeout";
  EXPECT_EQ(service("udp_opening_timeout = \"4s\"\n").udp_opening_timeout_ms, 4000U);
  EXPECT_EQ(service("udp = \"hash\"\n").udp, UdpMode::hash);
}

TEST(ReadPorts, BothProtocolsAreCheckedAsTcp) {
  EXPECT_EQ(accepted(web_service + "protocol = \"tcp+udp\"\n").pools.at(0).backends.at(0).check.kind, CheckKind::tcp);
}

}  // namespace
}  // namespace guideway
