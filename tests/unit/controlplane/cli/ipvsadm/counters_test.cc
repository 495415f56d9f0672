// SPDX-License-Identifier: Apache-2.0
// Differences of counts, and what -Z keeps.
#include "controlplane/cli/ipvsadm/counters.hh"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace guideway::ipvsadm {
namespace {

using nlohmann::json;

Counters counted(std::uint64_t packets, std::uint32_t process_id = 7, std::uint32_t index = 3) {
  const json count{{"packets", packets}, {"bytes", 100 * packets}, {"opened", packets / 4}, {"remembered", 2U}};
  const auto with = [&](const char* text) {
    json one = json::parse(text);
    one.update(count);
    return one;
  };
  json services = json::parse(R"({"services": []})");
  services["services"].push_back(with(R"({"name": "web", "pool": "web"})"));
  json backends = json::parse(R"({"backends": []})");
  backends["backends"].push_back(with(R"({"pool": "web", "name": "b1"})"));
  backends["backends"].back()["index"] = index;
  backends["backends"].push_back(with(R"({"pool": "website", "name": "b1", "index": 9})"));
  return {services, backends, {{"connected", true}, {"process_id", process_id}}};
}

TEST(IpvsadmCounters, AServiceHasTheConnectionsOfItsPool) {
  EXPECT_EQ(counted(40).of_service("web").connections, 10U);
  EXPECT_EQ(counted(40).of_service("web").packets, 40U);
  EXPECT_EQ(counted(40).of_backend("web", "b1").bytes, 4000U);
  EXPECT_EQ(counted(40).of_backend("web", "b2").packets, 0U);
}

TEST(IpvsadmCounters, WhatCameSince) {
  const Count came = counted(100).since(counted(60)).of_backend("web", "b1");
  EXPECT_EQ(came.packets, 40U);
  EXPECT_EQ(came.bytes, 4000U);
  EXPECT_EQ(came.connections, 10U);
  EXPECT_EQ(came.remembered, 2U);  // a state, not a count
}

TEST(IpvsadmCounters, AnotherDatapathOrBackendBeganAnew) {
  EXPECT_EQ(counted(100, 8).since(counted(60, 7)).of_service("web").packets, 100U);
  EXPECT_EQ(counted(100, 7, 4).since(counted(60, 7, 3)).of_backend("web", "b1").packets, 100U);
  EXPECT_EQ(counted(50).since(counted(60)).of_service("web").packets, 50U);
}

TEST(IpvsadmCounters, PerSecond) {
  const Count rate = counted(100).per_second(2.0).of_service("web");
  EXPECT_EQ(rate.packets, 50U);
  EXPECT_EQ(rate.bytes, 5000U);
  EXPECT_EQ(rate.connections, 13U);  // 12.5
}

TEST(IpvsadmCounters, OneServiceIsZeroedWithItsPoolAndNoOther) {
  Counters zero = counted(10);
  zero.zero(counted(60), "web", "web");
  const Counters came = counted(100).since(zero);
  EXPECT_EQ(came.of_service("web").packets, 40U);
  EXPECT_EQ(came.of_backend("web", "b1").packets, 40U);
  EXPECT_EQ(came.of_backend("website", "b1").packets, 90U);
}

TEST(IpvsadmCounters, AreKeptInAFile) {
  const std::string path =
      (std::filesystem::temp_directory_path() / "guideway-zero-").string() + std::to_string(::getpid());
  EXPECT_EQ(counted(100).since(*Counters::load(path)).of_service("web").packets, 100U);
  ASSERT_TRUE(counted(60).store(path));
  const auto loaded = Counters::load(path);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(counted(100).since(*loaded).of_service("web").packets, 40U);
  EXPECT_EQ(counted(100).since(*loaded).of_backend("web", "b1").connections, 10U);
  std::ofstream(path) << "nonsense";
  EXPECT_FALSE(Counters::load(path));
  std::filesystem::remove(path);
  EXPECT_FALSE(counted(60).store("/nonexistent/zero"));
}

}  // namespace
}  // namespace guideway::ipvsadm
