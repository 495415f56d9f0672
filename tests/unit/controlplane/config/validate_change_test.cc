// SPDX-License-Identifier: Apache-2.0
// A change is judged as the whole would be, though only a part of it is looked at.
#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "controlplane/config/load.hh"
#include "controlplane/config/validate.hh"

namespace guideway {
namespace {

Config valid() {
  const auto config = load_config_text(R"(hash_key = "00112233445566778899aabbccddeeff"
[[service]]
name = "a"
address = "192.0.2.1"
port = 80
backends = ["10.0.0.1", "10.0.0.2"]
[[service]]
name = "b"
address = "192.0.2.2"
port = 80
table_slots = 251
backends = ["10.0.0.3", "10.0.0.4"]
[[service]]
name = "dsr"
address = "192.0.2.3"
port = 80
dscp = 5
backends = [{ address = "10.0.0.5", forward = "l3dsr" }, { address = "10.0.0.6", forward = "l3dsr" }]
[[service]]
name = "late"
address = "192.0.2.4"
port = 80
dscp = 5
backends = [{ address = "10.0.0.7", forward = "l3dsr" }]
)",
                                       "valid.toml");
  EXPECT_TRUE(config.has_value()) << text_of(config.error());
  return config.value_or(Config{});
}

TEST(ValidateChange, FindsWhatTheWholeWouldShow) {
  const std::function<void(Config&)> changes[] = {
      [](Config&) {},
      [](Config& config) { config.pools[0].backends[0].weight = 7; },
      [](Config& config) { config.pools[0].backends[0].weight = 70000; },
      [](Config& config) { config.pools[0].backends[0].name = "no name"; },
      [](Config& config) { config.pools[0].backends[1].address = *IpAddress::parse("10.0.0.1"); },
      [](Config& config) { config.pools[0].backends[1].address = *IpAddress::parse("192.0.2.1"); },
      [](Config& config) { config.pools[0].backends[1].check.port = 0; },
      [](Config& config) { config.pools[1].backends[1].forward = Forward::l3dsr; },
      [](Config& config) { config.pools[3].backends[0].address = *IpAddress::parse("10.0.0.5"); },
      [](Config& config) { config.pools[0].backup_pool = "nobody"; },
      [](Config& config) {
        config.pools[0].backup_pool = "b";
        config.pools[1].backup_pool = "a";
      },
      [](Config& config) { config.pools.pop_back(); },
      [](Config& config) { config.pools[1].name = "z"; },
      [](Config& config) { config.services[1].addresses = config.services[0].addresses; },
      [](Config& config) { config.api = config.door; },
      [](Config& config) {
        BackendConfig backend = config.pools[1].backends[0];
        for (int i = 0; i < 260; ++i) {
          backend.address = *IpAddress::parse("10.9." + std::to_string(i / 256) + "." + std::to_string(i % 256));
          backend.name = backend.address.text();
          config.pools[1].backends.push_back(backend);
        }
      },
  };
  const Config before = valid();
  int refused = 0;
  for (const auto& change : changes) {
    Config next = before;
    change(next);
    const auto whole = validate(next);
    const auto part = validate_change(before, next);
    ASSERT_EQ(whole.has_value(), part.has_value()) << (whole ? part : whole).error().message;
    if (whole) continue;
    EXPECT_EQ(whole.error().message, part.error().message);
    ++refused;
  }
  EXPECT_EQ(refused, 14) << "all but the first two";
}

}  // namespace
}  // namespace guideway
