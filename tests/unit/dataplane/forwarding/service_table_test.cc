// SPDX-License-Identifier: Apache-2.0
#include "dataplane/forwarding/service_table.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "dataplane/net/address.hh"
#include "dataplane/net/endian.hh"

namespace guideway {
namespace {

Service service_at(const char* address, std::uint16_t port, Protocol protocol, std::uint32_t id) {
  const IpAddress parsed = *IpAddress::parse(address);
  Service service;
  std::copy(parsed.bytes.begin(), parsed.bytes.end(), service.row.key.address);
  service.row.key.family = static_cast<std::uint8_t>(parsed.family);
  service.row.key.port_be16 = be16(port).raw();
  service.row.key.protocol = static_cast<std::uint8_t>(protocol);
  service.row.key.prefix_bits = parsed.family == Family::ipv4 ? 32 : 128;
  service.row.id = id;
  return service;
}

Service in_prefix(Service service, std::uint8_t bits) {
  service.row.key.prefix_bits = bits;
  return service;
}

Service up_to(Service service, std::uint16_t port_last) {
  service.row.port_last = port_last;
  return service;
}

gw_flow_key flow_to(const char* address, std::uint16_t port, Protocol protocol) {
  const IpAddress parsed = *IpAddress::parse(address);
  gw_flow_key flow{};
  std::copy(parsed.bytes.begin(), parsed.bytes.end(), flow.destination);
  flow.family = static_cast<std::uint8_t>(parsed.family);
  flow.destination_port_be16 = be16(port).raw();
  flow.protocol = static_cast<std::uint8_t>(protocol);
  return flow;
}

TEST(ServiceTable, ExactPortBeforeAnyPort) {
  const ServiceTable table({service_at("192.0.2.1", 0, Protocol::tcp, 1), service_at("192.0.2.1", 80, Protocol::tcp, 2),
                            service_at("2001:db8::1", 80, Protocol::tcp, 3)});
  const auto id = [&](const gw_flow_key& flow) {
    return table.match(flow) == nullptr ? 0U : table.match(flow)->row.id;
  };
  EXPECT_EQ(id(flow_to("192.0.2.1", 80, Protocol::tcp)), 2U);
  EXPECT_EQ(id(flow_to("192.0.2.1", 81, Protocol::tcp)), 1U);
  EXPECT_EQ(id(flow_to("192.0.2.1", 80, Protocol::udp)), 0U);
  EXPECT_EQ(id(flow_to("192.0.2.2", 80, Protocol::tcp)), 0U);
  EXPECT_EQ(id(flow_to("2001:db8::1", 80, Protocol::tcp)), 3U);
  EXPECT_EQ(id(flow_to("2001:db8::1", 81, Protocol::tcp)), 0U);
  EXPECT_TRUE(table.has_address(flow_to("2001:db8::1", 9, Protocol::udp)));
  EXPECT_FALSE(table.has_address(flow_to("2001:db8::2", 80, Protocol::tcp)));
}

std::uint32_t id_of(const ServiceTable& table, const gw_flow_key& flow) {
  return table.match(flow) == nullptr ? 0U : table.match(flow)->row.id;
}

TEST(ServiceTable, ExactPortThenRangeThenAnyPort) {
  const ServiceTable table(
      {service_at("192.0.2.1", 0, Protocol::tcp, 1), up_to(service_at("192.0.2.1", 8000, Protocol::tcp, 2), 8099),
       up_to(service_at("192.0.2.1", 9000, Protocol::tcp, 3), 65535), service_at("192.0.2.1", 8000, Protocol::tcp, 4),
       service_at("192.0.2.1", 8050, Protocol::tcp, 5), up_to(service_at("192.0.2.1", 8000, Protocol::udp, 6), 8001)});
  const auto tcp = [&](std::uint16_t port) { return id_of(table, flow_to("192.0.2.1", port, Protocol::tcp)); };
  EXPECT_EQ(tcp(7999), 1U);
  EXPECT_EQ(tcp(8000), 4U);
  EXPECT_EQ(tcp(8001), 2U);
  EXPECT_EQ(tcp(8050), 5U);
  EXPECT_EQ(tcp(8099), 2U);
  EXPECT_EQ(tcp(8100), 1U);
  EXPECT_EQ(tcp(9000), 3U);
  EXPECT_EQ(tcp(65535), 3U);
  EXPECT_EQ(id_of(table, flow_to("192.0.2.1", 8001, Protocol::udp)), 6U);
  EXPECT_EQ(id_of(table, flow_to("192.0.2.1", 8002, Protocol::udp)), 0U);
}

TEST(ServiceTable, AddressThenLongestPrefix) {
  const ServiceTable table({in_prefix(service_at("10.0.0.0", 80, Protocol::tcp, 1), 8),
                            in_prefix(service_at("10.1.0.0", 0, Protocol::tcp, 2), 16),
                            service_at("10.1.2.3", 443, Protocol::tcp, 3),
                            in_prefix(service_at("2001:db8::", 53, Protocol::udp, 4), 64)});
  EXPECT_EQ(id_of(table, flow_to("10.200.0.1", 80, Protocol::tcp)), 1U);
  EXPECT_EQ(id_of(table, flow_to("10.1.200.1", 80, Protocol::tcp)), 2U);
  EXPECT_EQ(id_of(table, flow_to("10.1.2.3", 443, Protocol::tcp)), 3U);
  EXPECT_EQ(id_of(table, flow_to("10.1.2.3", 80, Protocol::tcp)), 2U) << "its address has no such port";
  EXPECT_EQ(id_of(table, flow_to("10.1.2.3", 80, Protocol::udp)), 0U);
  EXPECT_EQ(id_of(table, flow_to("10.200.0.1", 81, Protocol::tcp)), 0U);
  EXPECT_EQ(id_of(table, flow_to("11.0.0.1", 80, Protocol::tcp)), 0U);
  EXPECT_EQ(id_of(table, flow_to("2001:db8::ffff", 53, Protocol::udp)), 4U);
  EXPECT_EQ(id_of(table, flow_to("2001:db8:0:1::", 53, Protocol::udp)), 0U);
  EXPECT_TRUE(table.has_address(flow_to("10.9.9.9", 1, Protocol::udp)));
  EXPECT_FALSE(table.has_address(flow_to("11.9.9.9", 80, Protocol::tcp)));
}

TEST(ServiceTable, AnIpv6AddressIsNotTheIpv4OneWithTheSameBytes) {
  const ServiceTable table({service_at("1.2.3.4", 80, Protocol::tcp, 1)});
  EXPECT_EQ(table.match(flow_to("102:304::", 80, Protocol::tcp)), nullptr);
}

TEST(ServiceTable, RangesThatBeginAtTheSamePortOfOtherAddressesStayApart) {
  const ServiceTable table({up_to(service_at("192.0.2.1", 80, Protocol::tcp, 1), 90),
                            service_at("192.0.2.1", 80, Protocol::tcp, 2),
                            up_to(service_at("192.0.2.2", 80, Protocol::tcp, 3), 90)});
  EXPECT_EQ(id_of(table, flow_to("192.0.2.1", 80, Protocol::tcp)), 2U);
  EXPECT_EQ(id_of(table, flow_to("192.0.2.1", 90, Protocol::tcp)), 1U);
  EXPECT_EQ(id_of(table, flow_to("192.0.2.2", 80, Protocol::tcp)), 3U);
  EXPECT_EQ(id_of(table, flow_to("192.0.2.2", 91, Protocol::tcp)), 0U);
}

TEST(ServiceTable, ManyServicesOfFewAddresses) {
  std::vector<Service> services;
  for (std::uint32_t i = 0; i < 1000; ++i)
    services.push_back(
        service_at(i % 2 == 0 ? "192.0.2.1" : "2001:db8::1", static_cast<std::uint16_t>(1 + i), Protocol::tcp, 1 + i));
  const ServiceTable table(services);
  for (std::uint32_t i = 0; i < 1000; ++i)
    EXPECT_EQ(id_of(table, flow_to(i % 2 == 0 ? "192.0.2.1" : "2001:db8::1", static_cast<std::uint16_t>(1 + i),
                                   Protocol::tcp)),
              1 + i);
  EXPECT_TRUE(table.has_address(flow_to("192.0.2.1", 9999, Protocol::udp)));
  EXPECT_TRUE(table.has_address(flow_to("2001:db8::1", 9999, Protocol::udp)));
  EXPECT_FALSE(table.has_address(flow_to("192.0.2.2", 1, Protocol::tcp)));
}

TEST(ServiceTable, EmptyMatchesNothing) {
  const ServiceTable table;
  EXPECT_EQ(table.match(flow_to("1.2.3.4", 80, Protocol::tcp)), nullptr);
  EXPECT_FALSE(table.has_address(flow_to("1.2.3.4", 80, Protocol::tcp)));
}

TEST(ServiceTable, TenThousandServicesAreAllFoundAndNoOther) {
  std::vector<Service> services;
  for (std::uint32_t i = 0; i < 10'000; ++i)
    services.push_back(service_at(("10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250)).c_str(),
                                  static_cast<std::uint16_t>(i % 3 == 0 ? 0 : 80), Protocol::tcp, i));
  const ServiceTable table(services);
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    const std::string address = "10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250);
    ASSERT_EQ(table.match(flow_to(address.c_str(), 80, Protocol::tcp))->row.id, i);
    const Service* other_port = table.match(flow_to(address.c_str(), 81, Protocol::tcp));
    ASSERT_EQ(other_port != nullptr, i % 3 == 0);
  }
  EXPECT_EQ(table.match(flow_to("10.1.0.0", 80, Protocol::tcp)), nullptr);
}

}  // namespace
}  // namespace guideway
