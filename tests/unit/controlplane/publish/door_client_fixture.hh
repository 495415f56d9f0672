// SPDX-License-Identifier: Apache-2.0
// What tests of the door client share: snapshots to publish, a path for the door, a loop to turn.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/publish/door_client.hh"

namespace guideway {

using std::chrono::milliseconds;

inline Config config_with(const std::vector<std::string>& pools) {
  Config config;
  std::uint8_t number = 1;
  for (const std::string& name : pools) {
    PoolConfig pool;
    pool.name = name;
    BackendConfig backend;
    backend.name = name + "-1";
    backend.address = *IpAddress::parse("10.0.0." + std::to_string(number));
    pool.backends.push_back(backend);
    config.pools.push_back(pool);
    ServiceConfig service;
    service.name = name;
    service.pool = name;
    service.port = 80;
    service.table_slots = 251;
    service.addresses = {*IpAddress::parse("192.0.2." + std::to_string(number))};
    config.services.push_back(service);
    ++number;
  }
  return config;
}

inline Compiled compiled_of(const std::vector<std::string>& pools, std::uint64_t generation) {
  Ledger ledger(Capacities{});
  EXPECT_TRUE(ledger.adopt(config_with(pools), {}, 0));
  return ledger.compile(generation, {});
}

class DoorClientTest : public ::testing::Test {
 protected:
  DoorClientTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "guideway-door-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    path_ = directory_ + "/door.sock";
  }
  ~DoorClientTest() override { std::filesystem::remove_all(directory_); }

  DoorClient::Handlers handlers() {
    return {[this] { ++opened_; }, [this](const std::string& why) { reasons_.push_back(why); }};
  }
  // Turns the loop until something holds.
  template <typename Condition>
  bool run_until(Condition condition, milliseconds limit = milliseconds(10'000)) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!condition() && std::chrono::steady_clock::now() < end) {
      io_.restart();
      io_.run_for(milliseconds(2));
    }
    return condition();
  }
  PublishReport publish(DoorClient& client, const Compiled& compiled) {
    std::optional<PublishReport> report;
    client.publish(std::make_shared<const Compiled>(compiled), [&](const PublishReport& got) { report = got; });
    EXPECT_TRUE(run_until([&] { return report.has_value(); }));
    return report.value_or(PublishReport{PublishOutcome::connection_lost, "nothing came", 0, 0});
  }

  std::string directory_;
  std::string path_;
  boost::asio::io_context io_;
  int opened_ = 0;
  std::vector<std::string> reasons_;
};

}  // namespace guideway
