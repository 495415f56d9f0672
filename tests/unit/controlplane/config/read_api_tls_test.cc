// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/read_api_tls.hh"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "controlplane/config/json.hh"
#include "controlplane/config/load.hh"

namespace guideway {
namespace {

tl::expected<Config, ConfigErrors> config_with(const std::string& keys) {
  return load_config_text("hash_key = \"00112233445566778899aabbccddeeff\"\n[api_tls]\n" + keys, "test.toml");
}

std::string mistake(const std::string& keys) {
  const auto config = config_with(keys);
  return config ? "none" : text_of(config.error());
}

const std::string tls_files = "certificate = \"/etc/c.pem\"\nkey = \"/etc/k.pem\"\nclient_ca = \"/etc/ca.pem\"\n";

TEST(ReadApiTls, IsReadAndSurvivesJson) {
  const auto config =
      config_with("listen = \"[::1]:9661\"\nadministrators = [\"alice\", \"deploy robot\"]\n" + tls_files);
  ASSERT_TRUE(config) << text_of(config.error());
  ASSERT_TRUE(config->api_tls);
  EXPECT_EQ(config->api_tls->listen.text(), "[::1]:9661");
  EXPECT_EQ(config->api_tls->client_ca, "/etc/ca.pem");
  EXPECT_EQ(config->api_tls->administrators, (std::vector<std::string>{"alice", "deploy robot"}));
  const auto again = config_from_json(to_json(*config));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, *config);
}

TEST(ReadApiTls, IsNoneWithoutAnAddress) {
  const auto config = config_with("listen = \"\"\n");
  ASSERT_TRUE(config) << text_of(config.error());
  EXPECT_FALSE(config->api_tls);
}

TEST(ReadApiTls, OnlyLoopbackIsListenedOn) {
  for (const char* address : {"10.0.0.1:9661", "0.0.0.0:9661", "[::]:9661", "[2001:db8::1]:9661"}) {
    EXPECT_NE(mistake("listen = \"" + std::string(address) + "\"\n" + tls_files).find("is not an address of loopback"),
              std::string::npos)
        << address;
  }
  EXPECT_EQ(mistake("listen = \"127.1.2.3:9661\"\n" + tls_files), "none");
  EXPECT_NE(mistake("listen = \"127.0.0.1\"\n" + tls_files).find("is not an address and a port"), std::string::npos);
}

TEST(ReadApiTls, EachFileIsNeeded) {
  for (const char* key : {"certificate", "key", "client_ca"}) {
    std::string others = "listen = \"127.0.0.1:9661\"\n" + tls_files;
    others.insert(others.find(std::string("\n") + key + " = ") + 1, "#");
    const std::string said = mistake(others);
    EXPECT_NE(said.find("api_tls." + std::string(key) + ": is missing"), std::string::npos) << said;
  }
  EXPECT_NE(mistake("certificate = \"/etc/c.pem\"\n").find("means nothing without listen"), std::string::npos);
  EXPECT_NE(mistake("listen = \"127.0.0.1:9661\"\n" + tls_files + "administrators = [\"\"]\n").find("is no name"),
            std::string::npos);
}

}  // namespace
}  // namespace guideway
