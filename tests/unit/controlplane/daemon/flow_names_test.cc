// SPDX-License-Identifier: Apache-2.0
#include "controlplane/daemon/flow_names.hh"

#include <algorithm>
#include <cstring>

#include <gtest/gtest.h>

#include "controlplane/daemon/explain.hh"
#include "ebpf/abi/flow_key.h"

namespace guideway {
namespace {

ServiceConfig service(const std::string& name, const std::vector<std::string>& addresses, std::uint16_t port,
                      ServiceProtocol protocol = Protocol::tcp, std::uint16_t port_last = 0) {
  ServiceConfig result;
  result.name = name;
  for (const std::string& address : addresses) result.addresses.push_back(*AddressPrefix::parse(address));
  result.port = port;
  result.port_last = port_last;
  result.protocol = protocol;
  return result;
}

TEST(FlowTargets, AreEveryAddressPortAndProtocolOfTheFamily) {
  const std::vector<ServiceConfig> services{service("web", {"192.0.2.1", "2001:db8::1"}, 80),
                                            service("games", {"192.0.2.2"}, 8000, ServiceProtocol::both(), 8001),
                                            service("net", {"198.18.0.0/24", "192.0.2.3"}, 53, Protocol::udp),
                                            service("any", {"192.0.2.4"}, 0)};
  const auto all = flow_targets(services, "", Family::ipv4);
  std::vector<std::string> texts;
  for (const FlowTarget& target : all.targets)
    texts.push_back(target.service + " " + std::string(name_of(target.protocol)) + " " + target.destination.text());
  std::sort(texts.begin(), texts.end());
  EXPECT_EQ(texts, (std::vector<std::string>{"games tcp 192.0.2.2:8000", "games tcp 192.0.2.2:8001",
                                             "games udp 192.0.2.2:8000", "games udp 192.0.2.2:8001",
                                             "net udp 192.0.2.3:53", "web tcp 192.0.2.1:80"}));
  EXPECT_EQ(all.left_out, (std::vector<std::string>{"net", "any"}));
  EXPECT_EQ(flow_targets(services, "web", Family::ipv6).targets.size(), 1U);
  EXPECT_TRUE(flow_targets(services, "web", Family::ipv4).left_out.empty());
}

TEST(FlowNames, FindTheFlowOfAHash) {
  std::array<std::uint8_t, 16> secret{};
  for (std::uint8_t i = 0; i < 16; ++i) secret.at(i) = i;
  gw_hash_key key{};
  std::memcpy(&key, secret.data(), sizeof key);
  const auto client = *IpAddress::parse("198.51.100.2");
  const FlowTarget web{"web", *Endpoint::parse("192.0.2.1:80"), Protocol::tcp};
  const FlowTarget dns{"dns", *Endpoint::parse("192.0.2.1:53"), Protocol::udp};
  const auto hash_of = [&](const FlowTarget& target, std::uint16_t port) {
    const gw_flow_key flow = flow_key_of({target.protocol, {client, port}, target.destination});
    return gw_hash_flow(&key, &flow);
  };
  FlowNames names(secret, client, 0, {web, dns});
  EXPECT_TRUE(names.name_next());
  EXPECT_FALSE(names.name_next());
  for (const std::uint16_t port : {std::uint16_t{1}, std::uint16_t{20000}, std::uint16_t{65535}}) {
    const auto name = names.find(hash_of(dns, port));
    ASSERT_TRUE(name) << port;
    EXPECT_EQ(names.target(*name).service, "dns");
    EXPECT_EQ(names.client(*name), (Endpoint{client, port}));
  }
  EXPECT_FALSE(names.find(12345));
  FlowNames one(secret, client, 7, {web});
  EXPECT_FALSE(one.name_next());
  EXPECT_TRUE(one.find(hash_of(web, 7)));
  EXPECT_FALSE(one.find(hash_of(web, 8)));
}

}  // namespace
}  // namespace guideway
