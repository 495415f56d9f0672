// SPDX-License-Identifier: Apache-2.0
#include "dataplane/net/address.hh"

#include <gtest/gtest.h>

namespace guideway {
namespace {

TEST(IpAddress, RoundTripsCanonically) {
  const std::pair<const char*, const char*> rows[] = {
      {"192.0.2.1", "192.0.2.1"},
      {"0.0.0.0", "0.0.0.0"},
      {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
      {"::", "::"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
  };
  for (const auto& [given, canonical] : rows) {
    const auto address = IpAddress::parse(given);
    ASSERT_TRUE(address) << given;
    EXPECT_EQ(address->text(), canonical);
    EXPECT_EQ(IpAddress::parse(address->text()), address);
  }
}

TEST(IpAddress, RefusesWhatIsNotOne) {
  for (const char* text :
       {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4 ", ":::", "2001:db8::g", "1.2.3.4/24", "host"})
    EXPECT_FALSE(IpAddress::parse(text)) << text;
}

TEST(IpAddress, Ipv4StandsInTheFirstFourBytes) {
  const auto address = IpAddress::parse("1.2.3.4");
  ASSERT_TRUE(address);
  const std::array<std::uint8_t, 16> expected{1, 2, 3, 4};
  EXPECT_EQ(address->bytes, expected);
  EXPECT_EQ(address->family, Family::ipv4);
}

TEST(AddressPrefix, RoundTripsCanonically) {
  for (const auto& [given, expected] :
       {std::pair("192.0.2.0/24", "192.0.2.0/24"), std::pair("192.0.2.7/32", "192.0.2.7"),
        std::pair("192.0.2.7", "192.0.2.7"), std::pair("2001:DB8::/64", "2001:db8::/64"), std::pair("::/0", "::/0"),
        std::pair("::1/128", "::1")}) {
    const auto prefix = AddressPrefix::parse(given);
    ASSERT_TRUE(prefix) << given;
    EXPECT_EQ(prefix->text(), expected);
    EXPECT_EQ(AddressPrefix::parse(prefix->text()), prefix);
  }
}

TEST(AddressPrefix, RefusesWhatIsNotOne) {
  for (const char* text : {"192.0.2.0/33", "2001:db8::/129", "192.0.2.0/", "192.0.2.0/-1", "192.0.2.0/+8",
                           "192.0.2.0/8 ", "/8", "192.0.2.0/8/8", "192.0.2/24", "192.0.2.0/256"})
    EXPECT_FALSE(AddressPrefix::parse(text)) << text;
}

TEST(AddressPrefix, HoldsWhatBeginsLikeIt) {
  const auto holds = [](const char* prefix, const char* address) {
    return AddressPrefix::parse(prefix)->holds(*IpAddress::parse(address));
  };
  EXPECT_TRUE(holds("192.0.2.0/24", "192.0.2.255"));
  EXPECT_FALSE(holds("192.0.2.0/24", "192.0.3.0"));
  EXPECT_TRUE(holds("192.0.2.128/25", "192.0.2.129"));
  EXPECT_FALSE(holds("192.0.2.128/25", "192.0.2.127"));
  EXPECT_TRUE(holds("0.0.0.0/0", "255.255.255.255"));
  EXPECT_FALSE(holds("0.0.0.0/0", "::1")) << "of the other family";
  EXPECT_TRUE(holds("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(holds("2001:db8::/33", "2001:db8:8000::1"));
  EXPECT_TRUE(holds("192.0.2.7", "192.0.2.7"));
}

TEST(AddressPrefix, ItsNetworkHasNoHostBits) {
  EXPECT_EQ(AddressPrefix::parse("192.0.2.255/25")->network().text(), "192.0.2.128/25");
  EXPECT_EQ(AddressPrefix::parse("2001:db8::ffff/127")->network().text(), "2001:db8::fffe/127");
  EXPECT_EQ(AddressPrefix::parse("192.0.2.255/0")->network().text(), "0.0.0.0/0");
}

TEST(MacAddress, RoundTripsAndRefuses) {
  const auto mac = MacAddress::parse("02:AB:00:01:02:ff");
  ASSERT_TRUE(mac);
  EXPECT_EQ(mac->text(), "02:ab:00:01:02:ff");
  for (const char* text :
       {"", "02:ab:00:01:02", "02:ab:00:01:02:fg", "02-ab-00-01-02-ff", "2:ab:00:01:02:ff1", "02:ab:00:01:02:ff:"})
    EXPECT_FALSE(MacAddress::parse(text)) << text;
}

TEST(Endpoint, RoundTripsBothFamilies) {
  for (const char* text : {"192.0.2.1:80", "[2001:db8::1]:65535", "192.0.2.1", "2001:db8::1"}) {
    const auto endpoint = Endpoint::parse(text);
    ASSERT_TRUE(endpoint) << text;
    EXPECT_EQ(endpoint->text(), text);
  }
  EXPECT_EQ(Endpoint::parse("192.0.2.1:80")->port, 80);
  EXPECT_EQ(Endpoint::parse("2001:db8::1")->port, 0);
}

TEST(Endpoint, RefusesPortsThatAreNone) {
  for (const char* text : {"192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2.1:8o", "[192.0.2.1]:80",
                           "[2001:db8::1]", "2001:db8::1]:80", "[]:80"})
    EXPECT_FALSE(Endpoint::parse(text)) << text;
}

}  // namespace
}  // namespace guideway
