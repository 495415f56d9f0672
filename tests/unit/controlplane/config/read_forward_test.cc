// SPDX-License-Identifier: Apache-2.0
// How packets are handed to backends: the modes, what belongs to each, and what l3dsr asks of its services.
#include "tests/unit/controlplane/config/wrong_file.hh"

namespace guideway {
namespace {

// One backend, with `keys` on line 6.
std::string one_backend(const std::string& keys, const std::string& rest = "") {
  return "[[service]]\nname = \"web\"\naddress = \"192.0.2.10\"\nport = 80\nbackends = [{ address = \"10.0.0.1\"" +
         (keys.empty() ? "" : ", " + keys) + " }]\n" + rest;
}

std::string l3dsr(const std::string& name, const std::string& addresses, const std::string& rest,
                  const std::string& backend = "10.0.0.1") {
  return "[[service]]\nname = \"" + name + "\"\naddresses = [" + addresses +
         "]\nport = 80\nforward = \"l3dsr\"\nbackends = [\"" + backend + "\"]\n" + rest;
}

class WrongForward : public WrongFileTest {};

TEST_P(WrongForward, IsRefused) { expect_error(GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    Table, WrongForward,
    testing::Values(
        WrongFile{"gue variant", one_backend("forward = \"gue\", gue_variant = 2"), 6,
                  "service.web.backends[10.0.0.1].gue_variant",
                  "2 is above 1; give 0 (with a header) or 1 (IP directly in UDP)"},
        WrongFile{"gue port", one_backend("forward = \"gue\", gue_port = 0"), 6,
                  "service.web.backends[10.0.0.1].gue_port", "0 is below 1; give a UDP port from 1 to 65535"},
        WrongFile{"gre key", one_backend("forward = \"gre\", gre_key = 4294967296"), 6,
                  "service.web.backends[10.0.0.1].gre_key",
                  "4294967296 is above 4294967295; give a key from 0 to 4294967295"},
        WrongFile{"mss clamp", one_backend("forward = \"gre\", mss_clamp = 1"), 6,
                  "service.web.backends[10.0.0.1].mss_clamp", "1 is neither true nor false; give one of the two"},
        WrongFile{"gue port without gue", one_backend("gue_port = 6080"), 6, "service.web.backends[10.0.0.1].gue_port",
                  "only means something with forward = \"gue\", and forward is \"l2\" here; leave it out"},
        WrongFile{"gue variant without gue", one_backend("forward = \"gre\", gue_variant = 1"), 6,
                  "service.web.backends[10.0.0.1].gue_variant", "and forward is \"gre\" here"},
        WrongFile{"gre key without gre", one_backend("gre_key = 1", "forward = \"ipip\"\n"), 6,
                  "service.web.backends[10.0.0.1].gre_key", "and forward is \"ipip\" here"},
        WrongFile{"clamp without a tunnel", one_backend("mss_clamp = true", "forward = \"l2\"\n"), 6,
                  "service.web.backends[10.0.0.1].mss_clamp",
                  "only means something with \"ipip\", \"gue\" or \"gre\", and forward is \"l2\" here"},
        WrongFile{"vlan without mac", one_backend("vlan = 20"), 6, "service.web.backends[10.0.0.1].vlan",
                  "is the tag of a next hop that mac names; without one the kernel's route tells it: add mac, or leave "
                  "it out"},
        WrongFile{"vlan too high", one_backend("mac = \"02:00:00:00:00:01\", vlan = 4095"), 6,
                  "service.web.backends[10.0.0.1].vlan", "4095 is above 4094; give a VLAN from 1 to 4094"},
        WrongFile{"vlan zero", one_backend("mac = \"02:00:00:00:00:01\", vlan = 0"), 6,
                  "service.web.backends[10.0.0.1].vlan", "0 is below 1"},
        WrongFile{"key of the pool",
                  "[[service]]\nname = \"web\"\naddress = \"192.0.2.10\"\nport = 80\npool = \"p\"\n"
                  "gre_key = 7\n[[pool]]\nname = \"p\"\nbackends = []\n",
                  7, "service.web.gre_key", "belongs to the pool; write it under [[pool]] name = \"p\""},
        WrongFile{"dscp too high", one_backend("forward = \"l3dsr\"", "dscp = 64\n"), 7, "service.web.dscp",
                  "64 is above 63; give a DSCP from 1 to 63"},
        WrongFile{"dscp zero", one_backend("forward = \"l3dsr\"", "dscp = 0\n"), 7, "service.web.dscp", "0 is below 1"},
        WrongFile{
            "no dscp", one_backend("forward = \"l3dsr\""), 2, "service.web.dscp",
            "is missing: backend 10.0.0.1 has forward = \"l3dsr\" and knows the service by it; give one from 1 to "
            "63"},
        WrongFile{"dscp for nothing", one_backend("forward = \"ipip\"", "dscp = 9\n"), 7, "service.web.dscp",
                  "means nothing, as no backend of pool web has forward = \"l3dsr\"; leave it out"},
        WrongFile{"l3dsr for a prefix", l3dsr("web", "\"192.0.2.0/24\"", "dscp = 9\n"), 4, "service.web.addresses",
                  "192.0.2.0/24 is a prefix, and l3dsr backends such as 10.0.0.1 can restore one address only"},
        WrongFile{"l3dsr for two addresses", l3dsr("web", "\"192.0.2.1\", \"192.0.2.2\"", "dscp = 9\n"), 4,
                  "service.web.addresses",
                  "192.0.2.2 is a second address of its family, and l3dsr backends such as 10.0.0.1 restore one by its "
                  "DSCP; give it a service of its own"},
        WrongFile{"l3dsr of the other family", l3dsr("web", "\"2001:db8::1\"", "dscp = 9\n"), 7,
                  "service.web.backends[10.0.0.1].forward",
                  "\"l3dsr\" keeps the family of a packet, and service web has no IPv4 address; use a tunnel, or a "
                  "backend address of the service's family"},
        WrongFile{"one dscp for two",
                  l3dsr("a", "\"192.0.2.1\"", "dscp = 9\n") + l3dsr("b", "\"192.0.2.2\"", "dscp = 9\n"), 15,
                  "service.b.dscp",
                  "9 stands for 192.0.2.1 of service a on backend 10.0.0.1 already; give one of the two another"}),
    [](const testing::TestParamInfo<WrongFile>& row) { return test_name(row.param); });

TEST(ReadForward, EveryModeAndWhatBelongsToIt) {
  const Config config = accepted(
      "[[service]]\nname = \"web\"\naddress = \"192.0.2.10\"\nport = 80\ndscp = 12\nbackends = [\n"
      "{ name = \"a\", address = \"10.0.0.1\" },\n"
      "{ name = \"b\", address = \"10.0.0.2\", forward = \"ipip\", mss_clamp = true },\n"
      "{ name = \"c\", address = \"10.0.0.3\", forward = \"gue\", gue_variant = 1, gue_port = 666 },\n"
      "{ name = \"d\", address = \"10.0.0.4\", forward = \"gue\" },\n"
      "{ name = \"e\", address = \"10.0.0.5\", forward = \"gre\", gre_key = 4294967295 },\n"
      "{ name = \"f\", address = \"10.0.0.6\", forward = \"gre\" },\n"
      "{ name = \"g\", address = \"10.0.0.7\", forward = \"l3dsr\" },\n"
      "{ name = \"h\", address = \"10.0.0.8\", mac = \"02:00:00:00:00:08\", vlan = 4094 }]\n");
  const auto& backends = config.pools.at(0).backends;
  EXPECT_EQ(backends.at(0).tunnel, TunnelConfig{});
  EXPECT_TRUE(backends.at(1).tunnel.mss_clamp);
  EXPECT_EQ(backends.at(2).tunnel.gue_variant, 1);
  EXPECT_EQ(backends.at(2).tunnel.gue_port, 666);
  EXPECT_EQ(backends.at(3).tunnel.gue_variant, 0);
  EXPECT_EQ(backends.at(3).tunnel.gue_port, 6080);
  EXPECT_EQ(backends.at(4).tunnel.gre_key, 4294967295U);
  EXPECT_FALSE(backends.at(5).tunnel.gre_key);
  EXPECT_EQ(backends.at(6).forward, Forward::l3dsr);
  EXPECT_EQ(backends.at(7).vlan, 4094);
  EXPECT_EQ(config.services.at(0).dscp, 12);
}

TEST(ReadForward, ABackendInheritsWhatItsModeUses) {
  const Config config =
      accepted("[defaults]\nforward = \"gue\"\ngue_port = 7000\nmss_clamp = true\ngre_key = 5\n" + one_backend("") +
               "[[pool]]\nname = \"p\"\nforward = \"gre\"\nmss_clamp = false\n"
               "backends = [\"10.0.0.1\", { address = \"10.0.0.2\", forward = \"l2\" }]\n");
  const TunnelConfig& p = config.pools.at(0).backends.at(0).tunnel;
  EXPECT_EQ(p.gre_key, 5U);
  EXPECT_EQ(p.gue_port, 6080) << "gre has no use for it";
  EXPECT_FALSE(p.mss_clamp);
  EXPECT_EQ(config.pools.at(0).backends.at(1).tunnel, TunnelConfig{});
  EXPECT_EQ(config.pools.at(1).backends.at(0).tunnel.gue_port, 7000);
  EXPECT_TRUE(config.pools.at(1).backends.at(0).tunnel.mss_clamp);
}

TEST(ReadForward, OneDscpMayStandForOneAddressOnSeveralPorts) {
  const std::string ports = "[[service]]\nname = \"b\"\naddress = \"192.0.2.1\"\nport = 443\npool = \"a\"\ndscp = 9\n";
  accepted(l3dsr("a", "\"192.0.2.1\"", "dscp = 9\ncheck = \"none\"\n") + ports);
  accepted(l3dsr("a", "\"192.0.2.1\"", "dscp = 9\n") + l3dsr("b", "\"192.0.2.2\"", "dscp = 9\n", "10.0.0.2"));
  accepted(l3dsr("a", "\"192.0.2.1\"", "dscp = 9\n") + l3dsr("b", "\"192.0.2.2\"", "dscp = 10\n"));
}

// The last l3dsr backend can leave its pool before the next one comes.
TEST(ReadForward, AnL3dsrPoolMayBeEmpty) {
  accepted(
      "[[service]]\nname = \"a\"\naddress = \"192.0.2.1\"\nport = 80\nforward = \"l3dsr\"\nbackends = []\ndscp = 9\n");
}

}  // namespace
}  // namespace guideway
