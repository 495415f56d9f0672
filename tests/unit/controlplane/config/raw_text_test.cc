// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/raw_text.hh"

#include <string>

#include <gtest/gtest.h>

namespace guideway {
namespace {

using namespace std::string_view_literals;

TEST(RawText, Utf8IsFineAndAnythingElseIsNot) {
  for (const std::string_view good : {""sv, "a\tb\r\n"sv, "\xc3\xa4"sv, "\xe2\x82\xac"sv, "\xf0\x9f\x9a\x84"sv,
                                      "\xef\xbb\xbf"sv, "\xed\x9f\xbf"sv, "\xf4\x8f\xbf\xbf"sv})
    EXPECT_FALSE(find_character_fault(good).has_value()) << good;
  for (const std::string_view wrong :
       {"\xa3"sv, "\xc3"sv, "\xc0\x80"sv, "\xe0\x80\x80"sv, "\xed\xa0\x80"sv, "\xf4\x90\x80\x80"sv,
        "\xf5\x80\x80\x80"sv, "\xe2\x82"sv, "\xff"sv, "\0"sv, "\x1b[31m"sv, "\x7f"sv})
    EXPECT_TRUE(find_character_fault(wrong).has_value());
  EXPECT_EQ(find_character_fault("a\nb\n\xff\n")->line, 3);
}

TEST(RawText, BracketsInStringsAndCommentsDoNotCount) {
  EXPECT_FALSE(
      find_nesting_fault("a = \"[[[[[[\" # [[[[[[\nb = '[[[[[['\nc = \"\"\"\n[[[[[[\"\"\"\nd = '''\n{{{{{{'''\n", 3));
  EXPECT_FALSE(find_nesting_fault("a = \"\\\"[[[[\"\n", 3));
  EXPECT_FALSE(find_nesting_fault("[[service]]\na = [[1]]\n", 3));
}

TEST(RawText, LinesAreBounded) {
  EXPECT_FALSE(find_line_fault("", 3));
  EXPECT_FALSE(find_line_fault("abc\nabc\n\nabc", 3));
  EXPECT_EQ(find_line_fault("abc\nabcd\n", 3)->line, 2);
  EXPECT_EQ(find_line_fault("\n\nabcd", 3)->line, 3);
}

TEST(RawText, DepthIsBounded) {
  EXPECT_TRUE(find_nesting_fault("a = [[[[", 3));
  EXPECT_TRUE(find_nesting_fault("a = [{b=[{", 3));
  EXPECT_EQ(find_nesting_fault("\n\na = [[[[", 3)->line, 3);
  std::string dots = "a";
  for (int i = 0; i < 100; ++i) dots += ".a";
  EXPECT_TRUE(find_nesting_fault(dots, 3));
  EXPECT_TRUE(find_nesting_fault("a = \"\"\"\nnever ended", 3));
}

}  // namespace
}  // namespace guideway
