// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/json_text.hh"

#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "controlplane/config/json.hh"

namespace guideway {
namespace {

TEST(JsonText, IsWhatTheValueOfTheWholeSays) {
  Config config;
  for (const int count : {0, 1, 2, 1000}) {
    config.pools.clear();
    config.services.clear();
    for (int i = 0; i < count; ++i) {
      PoolConfig pool;
      pool.name = "p" + std::to_string(i);
      config.pools.push_back(pool);
      ServiceConfig service;
      service.name = "s" + std::to_string(i);
      service.pool = pool.name;
      config.services.push_back(service);
    }
    EXPECT_EQ(nlohmann::json::parse(json_text(config)), to_json(config)) << count;
  }
}

TEST(JsonText, TakesOneMemberMore) {
  EXPECT_EQ(with_member("{\"a\":1}", "b", "[2]"), "{\"a\":1,\"b\":[2]}");
  EXPECT_EQ(json_text(nlohmann::json("\xff")), "\"\xef\xbf\xbd\"") << "what is no UTF-8 is replaced";
}

}  // namespace
}  // namespace guideway
