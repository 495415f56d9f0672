// SPDX-License-Identifier: Apache-2.0
// A health board with one pool, "web", of four backends b1 to b4 with indexes 0 to 3, and what befalls them.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "controlplane/config/load.hh"
#include "controlplane/daemon/health_board.hh"

namespace guideway {

struct BoardOfFour {
  // `keys` are more keys of the service.
  explicit BoardOfFour(const std::string& keys) {
    std::string text =
        "hash_key = \"00112233445566778899aabbccddeeff\"\n"
        "[[service]]\nname = \"web\"\naddress = \"192.0.2.1\"\nport = 80\n" +
        keys + "backends = [";
    for (const char digit : std::string("1234"))
      text += std::string("{ name = \"b") + digit + "\", address = \"10.0.0." + digit + "\" }, ";
    auto loaded = load_config_text(text + "]\n", "conf.toml");
    EXPECT_TRUE(loaded.has_value()) << text_of(loaded.error());
    if (loaded) config = std::move(*loaded);
    sync(0);
    for (std::uint32_t index = 0; index < 4; ++index) board.set_resolved(index, true, 0);
  }

  void sync(std::int64_t now_ms) {
    std::map<BackendKey, BackendRecord> records;
    std::uint32_t index = 0;
    for (const BackendConfig& backend : config.pools.at(0).backends)
      records[{"web", backend.name}] = {index++, 1, backend, false, false};
    board.sync(records, config, now_ms);
  }

  void passes(std::uint32_t index, std::int64_t now_ms, std::uint32_t latency_us = 1000) {
    for (int i = 0; i < 2; ++i) board.check_result(index, {ProbeOutcome::ok, "", latency_us}, now_ms);
  }
  void fails(std::uint32_t index, std::int64_t now_ms) {
    for (int i = 0; i < 3; ++i) board.check_result(index, {ProbeOutcome::failed, "connection refused", 0}, now_ms);
  }
  void all_pass(std::int64_t now_ms) {
    for (std::uint32_t index = 0; index < 4; ++index) passes(index, now_ms);
  }
  [[nodiscard]] HealthState state(std::uint32_t index) const { return HealthState::of_word(board.word(index)); }

  Config config;
  HealthBoard board{[](const HealthBoard::Entry&, const HealthState&) {}};
};

}  // namespace guideway
