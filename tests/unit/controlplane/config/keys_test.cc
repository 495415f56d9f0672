// SPDX-License-Identifier: Apache-2.0
// Holds configs/reference.toml to the loader: every key of keys.hh is in it, every key in it is in keys.hh, and every
// default that it shows ("#key = value") is the true one.
#include "controlplane/config/keys.hh"

#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <span>
#include <sstream>

#include <gtest/gtest.h>

#include "controlplane/config/load.hh"
#include "controlplane/config/toml_tree.hh"

namespace guideway {
namespace {

std::string reference_text() {
  const std::ifstream stream(std::string(GUIDEWAY_SOURCE_DIR) + "/configs/reference.toml");
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

// The file with every default switched on.
std::string with_defaults(const std::string& text) {
  return std::regex_replace(text, std::regex("(^|\n)#([a-z0-9_]+ = )"), "$1$2");
}

using KeysByTable = std::map<std::string, std::set<std::string>>;

void collect(const Tree& table, const std::string& kind, KeysByTable& keys) {
  static const std::map<std::string, std::string> kinds{
      {"service", "service"}, {"pool", "pool"},        {"answers", "answers"}, {"defaults", "defaults"},
      {"api_tls", "api_tls"}, {"backends", "backend"}, {"check", "check"}};
  for (const TreeEntry& entry : table.entries) {
    keys[kind].insert(entry.key);
    const auto inner = kinds.find(entry.key);
    if (inner == kinds.end()) continue;
    if (entry.value.kind == Tree::Kind::table) collect(entry.value, inner->second, keys);
    for (const Tree& item : entry.value.items) collect(item, inner->second, keys);
  }
}

std::set<std::string> set_of(std::span<const std::string_view> keys) { return {keys.begin(), keys.end()}; }

TEST(Reference, LoadsAsItIs) {
  const auto config = load_config_text(reference_text(), "reference.toml");
  ASSERT_TRUE(config.has_value()) << text_of(config.error());
}

TEST(Reference, EveryDefaultIsTrue) {
  const std::string text = reference_text();
  const std::string spelled_out = with_defaults(text);
  ASSERT_GT(text.size(), spelled_out.size() + 30) << "the reference shows defaults as \"#key = value\"";
  const auto plain = load_config_text(text, "reference.toml");
  const auto full = load_config_text(spelled_out, "reference.toml with defaults");
  ASSERT_TRUE(plain.has_value()) << text_of(plain.error());
  ASSERT_TRUE(full.has_value()) << text_of(full.error());
  EXPECT_EQ(*plain, *full);
}

TEST(Reference, HasEveryKeyAndNoOther) {
  const auto tree = parse_toml(with_defaults(reference_text()), "reference.toml");
  ASSERT_TRUE(tree.has_value()) << tree.error().text();
  KeysByTable shown;
  collect(*tree, "top", shown);
  EXPECT_EQ(shown["top"], set_of(keys::top));
  EXPECT_EQ(shown["answers"], set_of(keys::answers));
  EXPECT_EQ(shown["api_tls"], set_of(keys::api_tls));
  // It has no default, so it is shown once: in a pool.
  for (const char* table : {"defaults", "service"}) EXPECT_TRUE(shown[table].insert("gre_key").second);
  EXPECT_EQ(shown["defaults"], set_of(keys::defaults));
  EXPECT_EQ(shown["service"], set_of(keys::service));
  EXPECT_EQ(shown["pool"], set_of(keys::pool));
  EXPECT_EQ(shown["backend"], set_of(keys::backend));
  EXPECT_EQ(shown["check"], set_of(keys::check));
}

}  // namespace
}  // namespace guideway
