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

TEST(JsonText, IsWrittenOnceForEqualConfigurations) {
  ConfigTexts texts;
  Config config;
  const std::string& first = texts.of(config);
  config.door = "/run/other.sock";
  const std::string& second = texts.of(config);
  EXPECT_EQ(first, json_text(Config{}));
  EXPECT_EQ(second, json_text(config));
  EXPECT_EQ(&texts.of(Config{}), &first);
  EXPECT_EQ(&texts.of(config), &second);
}

TEST(JsonText, TakesOneMemberMore) {
  EXPECT_EQ(with_member("{\"a\":1}", "b", "[2]"), "{\"a\":1,\"b\":[2]}");
  EXPECT_EQ(json_text(nlohmann::json("\xff")), "\"\xef\xbf\xbd\"") << "what is no UTF-8 is replaced";
}

}  // namespace
}  // namespace guideway
