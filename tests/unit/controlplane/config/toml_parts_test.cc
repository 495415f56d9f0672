// SPDX-License-Identifier: Apache-2.0
// A file that is long enough to be parsed in parts says what it would say as a whole: values, lines and mistakes.
#include "controlplane/config/toml_parts.hh"

#include <gtest/gtest.h>

#include <string>

#include "controlplane/config/toml_tree.hh"

namespace guideway {
namespace {

constexpr int services = 3000;  // of 4 lines and some 140 bytes

// The first half has strings that only toml11 reads.
std::string long_text(const std::string& before = "") {
  std::string text = "hash_key = \"00\"\n" + before;
  for (int i = 0; i < services; ++i)
    text += "[[service]]\nname = \"s" + std::to_string(i) +
            "\"\nbackends = [\n  { name = " + (i < services / 2 ? "'b'" : "\"b\"") + ", text = \"" +
            std::string(70, 'x') + "\" }]\n";
  return text;
}

std::string message_of(const std::string& text) {
  const auto tree = parse_toml(text, "long.toml");
  return tree ? "none" : std::to_string(tree.error().line) + ": " + tree.error().message;
}

TEST(TomlParts, BeginWithHeadersAndKnowTheirLines) {
  const std::string text = "a = 1\n\n[[service]]\nx = 1\n[defaults]\n[[pool]]\ny = 2\n[[pool]]\n";
  const auto parts = toml_parts(text, 20);
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_EQ(parts[0].text, "a = 1\n\n");
  EXPECT_EQ(parts[0].first_line, 1);
  EXPECT_EQ(parts[1].text, "[[service]]\nx = 1\n[defaults]\n");
  EXPECT_EQ(parts[1].first_line, 3);
  EXPECT_EQ(parts[2].text, "[[pool]]\ny = 2\n[[pool]]\n") << "16 bytes are too few for one more";
  EXPECT_EQ(parts[2].first_line, 6);
  EXPECT_EQ(toml_parts("a = 1\n", 1).size(), 1U);
  EXPECT_EQ(toml_parts("[[service]]", 1).size(), 2U);
}

TEST(TomlParts, SayTogetherWhatTheFileSays) {
  const std::string text = long_text() + "[defaults]\ncheck = \"none\"\n[[pool]]\nname = \"last\"";
  ASSERT_GT(toml_parts(text, 128U << 10U).size(), 3U);
  const auto tree = parse_toml(text, "long.toml");
  ASSERT_TRUE(tree) << tree.error().message;
  ASSERT_EQ(tree->entries.size(), 4U);
  EXPECT_EQ(tree->entries[0].key, "hash_key");
  EXPECT_EQ(tree->entries[1].key, "service");
  EXPECT_EQ(tree->entries[2].key, "defaults");
  EXPECT_EQ(tree->entries[3].key, "pool");
  EXPECT_EQ(tree->entries[1].value.line, 2);
  const auto& items = tree->entries[1].value.items;
  ASSERT_EQ(items.size(), static_cast<std::size_t>(services));
  for (int i = 0; i < services; ++i) {
    const Tree& service = items[static_cast<std::size_t>(i)];
    EXPECT_EQ(service.find("name")->text, "s" + std::to_string(i));
    ASSERT_EQ(service.find("name")->line, 3 + 4 * i);
    ASSERT_EQ(service.find("backends")->items.at(0).line, 5 + 4 * i);
  }
  EXPECT_EQ(tree->entries[3].value.items.at(0).find("name")->line, 2 + 4 * services + 3);
}

TEST(TomlParts, AMistakeHasTheLineOfTheFile) {
  std::string text = long_text();
  const std::size_t at = text.find("name = \"s2500\"");
  text.replace(at, 4, "name \"");
  EXPECT_EQ(message_of(text).substr(0, 7), "10003: ") << message_of(text);
}

TEST(TomlParts, WhatOnlyTheWholeShowsIsSeen) {
  EXPECT_NE(message_of(long_text("[defaults]\n") + "[defaults]\n"), "none") << "a table of two parts";
  EXPECT_NE(message_of(long_text("service = [{}]\n")), "none") << "a value that a header continues";
  EXPECT_EQ(message_of(long_text("[[pool]]\n") + "[pool.health]\nrise = 1\n"), "none")
      << "a table of the last pool, which is in another part";
  EXPECT_EQ(message_of(long_text("text = '''\n[[service]]\n'''\n")), "none") << "no header, but a text";
}

}  // namespace
}  // namespace guideway
