// SPDX-License-Identifier: Apache-2.0
// A wrong file and the first error it must give: the rows of the tables in these tests.
#pragma once

#include <cctype>
#include <ostream>
#include <string>

#include <gtest/gtest.h>

#include "controlplane/config/load.hh"

namespace guideway {

struct WrongFile {
  const char* what;
  std::string text;  // `key_line` is put in front, so that its lines begin at 2
  int line;
  std::string key;
  std::string message_part;
};

inline void PrintTo(const WrongFile& row, std::ostream* stream) { *stream << row.what; }

inline const std::string key_line = "hash_key = \"00112233445566778899aabbccddeeff\"\n";

// Line 2 to 6; further keys of the service may follow.
inline const std::string web_service =
    "[[service]]\nname = \"web\"\naddress = \"192.0.2.10\"\nport = 80\nbackends = [\"10.0.0.1\"]\n";
inline std::string udp_service(const std::string& keys) { return web_service + "protocol = \"udp\"\n" + keys; }

inline void expect_error(const WrongFile& row) {
  const auto config = load_config_text(key_line + row.text, "conf.toml");
  ASSERT_FALSE(config.has_value()) << row.what << ": was accepted";
  const ConfigError& error = config.error().front();
  EXPECT_EQ(error.file, "conf.toml");
  EXPECT_EQ(error.line, row.line) << error.text();
  EXPECT_EQ(error.key, row.key) << error.text();
  EXPECT_NE(error.message.find(row.message_part), std::string::npos) << error.text();
  EXPECT_EQ(config.error().size(), 1U) << text_of(config.error());
}

inline std::string test_name(const WrongFile& row) {
  std::string name = row.what;
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return name;
}

// What a text without a mistake becomes.
inline Config accepted(const std::string& text) {
  const auto config = load_config_text(key_line + text, "conf.toml");
  EXPECT_TRUE(config.has_value()) << text_of(config.error());
  return config.value_or(Config{});
}

class WrongFileTest : public testing::TestWithParam<WrongFile> {};

}  // namespace guideway
