// SPDX-License-Identifier: Apache-2.0
// Whatever the plain reader takes, it takes as toml11 does: value by value, line by line. What is not plain it leaves.
#include "controlplane/config/plain_toml.hh"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "controlplane/config/raw_text.hh"
#include "controlplane/config/toml11_tree.hh"
#include "controlplane/config/toml_tree.hh"

namespace guideway {
namespace {

std::string shown(const Tree& tree) {
  std::string text = std::to_string(tree.line) + ":";
  if (tree.kind == Tree::Kind::list) {
    for (const Tree& item : tree.items) text += "[" + shown(item) + "]";
  } else if (tree.kind == Tree::Kind::table) {
    for (const TreeEntry& entry : tree.entries) text += "{" + entry.key + "=" + shown(entry.value) + "}";
  } else {
    text += tree.quoted();
  }
  return text + ";";
}

// Whether it is plain; if it is, toml11 says the same.
bool is_plain(const std::string& text) {
  const auto plain = plain_toml_tree({text, 1});
  if (!plain) return false;
  const auto tree = toml11_tree({text, 1}, "t.toml");
  EXPECT_TRUE(tree) << "plain, but " << tree.error().text() << "\n" << text;
  if (tree) {
    EXPECT_EQ(shown(*plain), shown(*tree)) << text;
  }
  return true;
}

std::string content_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream content;
  content << stream.rdbuf();
  return content.str();
}

TEST(PlainToml, TakesWhatConfigurationsAreWrittenIn) {
  for (const char* text : {"",
                           "\n",
                           "# only a comment",
                           "a = 1",
                           "a=1\n",
                           " \ta\t=  0 # one\n",
                           "b = true\na = false\n",
                           "x-Y_3 = \"\"\n",
                           "a = \"# no comment\"   # but this\n",
                           "[t]\n",
                           "[t] # c\na = 1\n\n[u]\n",
                           "[[s]]\n[[s]]\na = 1\n[[s]]\n",
                           "[[s]]\na = 1\n[t]\nb = 2\n[[s]]\nc = 3\n",
                           "a = []\n",
                           "a = [ ]\n",
                           "a = [1, 2,]\n",
                           "a = [\n]\n",
                           "a = [ # first\n  \"x\", # second\n\n  \"y\"\n  # third\n]\n",
                           "a = { b = 1, c = \"x\" }\n",
                           "z = {b=1}\na = 2\n",
                           "a = [\n  { n = \"b\", m = 2 },\n  { n = \"c\", l = [1, 2] },\n]\nb = 1\n",
                           "a = { b = { c = true } }\n",
                           "a = { b = [{ c = 1 }] }\n",
                           "a = 123456789012345678\n",
                           "# \xc3\xa4 in a comment\na = 1\n",
                           "a = 1 # \xf0\x9f\x98\x80",
                           "1 = 2\n",
                           "-a = 2\n",
                           "true = true\n"})
    EXPECT_TRUE(is_plain(text)) << text;
}

TEST(PlainToml, LeavesTheRest) {
  for (const char* text : {"a.b = 1\n",
                           "\"a\" = 1\n",
                           "'a' = 1\n",
                           "[a.b]\n",
                           "[ a ]\n",
                           "[[a.b]]\n",
                           "a = 'x'\n",
                           "a = \"\\n\"\n",
                           "a = \"\"\"x\"\"\"\n",
                           "a = \"\"\"\n\"\"\"\n",
                           "a = 1.5\n",
                           "a = 1e3\n",
                           "a = -1\n",
                           "a = +1\n",
                           "a = 1_000\n",
                           "a = 0x10\n",
                           "a = 1979-05-27\n",
                           "a = 07:32:00\n",
                           "a = inf\n",
                           "a = nan\n",
                           "a = [[1], [2]]\n",
                           "a = \"\xc3\xa4\"\n",
                           "a = 1\r\n",
                           "a = 1 # c\r\n",
                           "a = {}\n",
                           "a = { }\n",
                           "a = 1234567890123456789\n",
                           "a = { b.c = 1 }\n"})
    EXPECT_FALSE(is_plain(text)) << text;
}

TEST(PlainToml, LeavesMistakes) {
  for (const char* text : {"a",
                           "a =",
                           "a = \n",
                           "= 1\n",
                           "a = 1 b = 2\n",
                           "a = \"x\" y\n",
                           "a = tru\n",
                           "a = truex\n",
                           "a = \"x\n",
                           "a = \"x",
                           "a = [1\n",
                           "a = [1 2]\n",
                           "a = [,]\n",
                           "a = [1, \"x\"]\n",
                           "a = 01\n",
                           "a = 1x\n",
                           "a = { b = 1,\n c = 2 }\n",
                           "a = { b = 1, }\n",
                           "a = { b = [\n1] }\n",
                           "a = 1\na = 2\n",
                           "a = { b = 1, b = 2 }\n",
                           "[t]\n[t]\n",
                           "[t]\n[[t]]\n",
                           "[[t]]\n[t]\n",
                           "t = 1\n[t]\n",
                           "t = [{ a = 1 }]\n[[t]]\n",
                           "t = []\n[[t]]\n",
                           "[t] a = 1\n",
                           "[t\n",
                           "[[t]\n",
                           "[]\n",
                           "[[]]\n",
                           "] = 1\n",
                           "a = \"x\"\"\n"})
    EXPECT_FALSE(is_plain(text)) << text;
}

TEST(PlainToml, KnowsTheLinesOfAPart) {
  const auto tree = plain_toml_tree({"[[service]]\nname = \"a\"\n", 100});
  ASSERT_TRUE(tree);
  EXPECT_EQ(shown(*tree), "1:{service=100:[100:{name=101:\"a\";};];};");
}

TEST(PlainToml, SaysWhatToml11SaysOfEveryFileAtHand) {
  const std::filesystem::path source = GUIDEWAY_SOURCE_DIR;
  std::size_t plain = 0;
  std::size_t files = 0;
  for (const char* folder : {"configs", "tests/fuzz/corpus/config", "tests/cases"}) {
    for (const auto& file : std::filesystem::recursive_directory_iterator(source / folder)) {
      if (file.path().extension() != ".toml") continue;
      const std::string text = content_of(file.path());
      if (find_character_fault(text) || find_nesting_fault(text, tree_depth_max)) continue;
      ++files;
      plain += is_plain(text) ? 1 : 0;
    }
  }
  EXPECT_GT(files, 50U);
  EXPECT_GT(10 * plain, 6 * files) << plain << " of " << files << " are plain";
}

// Lines of a grammar that is somewhat wider than what is plain, then a few bytes changed.
class Writer {
 public:
  explicit Writer(std::uint64_t seed) : random_(seed) {}

  std::string text() {
    std::string text;
    for (std::size_t lines = below(12); lines > 0; --lines) text += line();
    constexpr std::string_view bytes = "ab019\"'#=,.[]{} \t\n\\_-tf:\r";
    for (std::size_t changes = below(3); changes > 0 && !text.empty(); --changes) {
      const std::size_t at = below(text.size());
      if (below(3) == 0)
        text.erase(at, 1 + below(3));
      else if (below(2) == 0)
        text.insert(at, 1, bytes[below(bytes.size())]);
      else
        text[at] = bytes[below(bytes.size())];
    }
    return text;
  }

 private:
  std::size_t below(std::size_t bound) { return random_() % bound; }
  std::string one_of(const std::vector<std::string>& choices) { return choices[below(choices.size())]; }
  std::string space() { return one_of({"", " ", " ", "\t "}); }
  std::string blank() { return one_of({"", " ", "\n", " # c\n", "\n\n"}); }
  std::string key() { return one_of({"a", "b", "c", "d", "e", "s", "t"}); }

  std::string line() {
    switch (below(8)) {
      case 0:
        return "[" + key() + "]" + space() + one_of({"", "# c"}) + "\n";
      case 1:
      case 2:
        return "[[" + one_of({"s", "s", "t", "a"}) + "]]\n";
      case 3:
        return space() + one_of({"", "# comment"}) + "\n";
      default:
        return key() + space() + "=" + space() + value(0) + space() + one_of({"", "# c"}) + "\n";
    }
  }

  std::string value(int depth) {
    switch (below(depth < 3 ? 8 : 5)) {
      case 0:
        return one_of({"true", "false"});
      case 1:
        return one_of({"0", "7", "80", "65535", "007", "-3", "1.5", "1979-05-27"});
      case 2:
        return one_of({"'x'", "\"\\t\"", "\"\"\"y\"\"\"", "\"\""});
      case 5:
        return list(depth);
      case 6:
      case 7:
        return table(depth);
      default:
        return "\"" + one_of({"x", "10.0.0.1", "#", "a b", "[", "}"}) + "\"";
    }
  }

  std::string list(int depth) {
    std::string text = "[" + blank();
    const std::size_t items = below(4);
    const bool are_tables = below(2) == 0;
    for (std::size_t i = 0; i < items; ++i)
      text += (are_tables ? table(depth + 1) : value(depth + 1)) + blank() +
              (i + 1 < items || below(3) == 0 ? "," + blank() : "");
    return text + "]";
  }

  std::string table(int depth) {
    std::string text = "{" + space();
    const std::size_t entries = 1 + below(3);
    for (std::size_t i = 0; i < entries; ++i)
      text += key() + space() + "=" + space() + value(depth + 1) + space() + (i + 1 < entries ? "," + space() : "");
    return text + "}";
  }

  std::mt19937_64 random_;
};

TEST(PlainToml, SaysWhatToml11SaysOfRandomTexts) {
  Writer writer(20260101);
  std::size_t plain = 0;
  for (int i = 0; i < 40'000; ++i) {
    const std::string text = writer.text();
    if (find_character_fault(text) || find_nesting_fault(text, tree_depth_max)) continue;
    plain += is_plain(text) ? 1 : 0;
    if (HasFailure()) return;
  }
  EXPECT_GT(plain, 4'000U) << "texts that both took";
}

}  // namespace
}  // namespace guideway
