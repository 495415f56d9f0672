// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/toml_text.hh"

#include <gtest/gtest.h>

#include <filesystem>

#include <nlohmann/json.hpp>

#include "controlplane/config/json.hh"
#include "controlplane/config/load.hh"

namespace guideway {
namespace {

// What is written is what is read, for everything that the project ships.
TEST(TomlText, LosesNothing) {
  std::size_t files = 0;
  for (const char* folder : {"/configs", "/configs/examples"}) {
    for (const auto& each : std::filesystem::directory_iterator(std::string(GUIDEWAY_SOURCE_DIR) + folder)) {
      if (each.path().extension() != ".toml") continue;
      const auto config = load_config(each.path());
      if (!config) continue;  // a part that another file includes
      const std::string text = toml_text(to_json(*config));
      const auto again = load_config_text(text, "exported");
      ASSERT_TRUE(again) << each.path() << ": " << text_of(again.error()) << "\n" << text;
      EXPECT_EQ(*again, *config) << each.path();
      EXPECT_EQ(toml_text(to_json(*again)), text) << each.path();
      ++files;
    }
  }
  EXPECT_GE(files, 5U);
}

TEST(TomlText, QuotesWhatATextMayHold) {
  EXPECT_EQ(toml_text({{"a", "x\"y\\z\n\x01"}}), "a = \"x\\\"y\\\\z\\u000A\\u0001\"\n");
  EXPECT_EQ(toml_text({{"a", nlohmann::json::array()}, {"b", {1, 2}}, {"c", true}}), "a = []\nb = [1, 2]\nc = true\n");
  EXPECT_EQ(toml_text({{"s", {{{"n", 1}, {"l", {{{"k", "v"}}}}}}}, {"z", 1}}),
            "z = 1\n\n[[s]]\nl = [\n  { k = \"v\" },\n]\nn = 1\n");
}

}  // namespace
}  // namespace guideway
