// SPDX-License-Identifier: Apache-2.0
// How words become options; tests/transcripts/ipvsadm has what is said about wrong ones.
#include "controlplane/cli/ipvsadm/options.hh"

#include <gtest/gtest.h>

namespace guideway::ipvsadm {
namespace {

TEST(IpvsadmOptions, NoWordsAreAList) {
  const auto line = parse_options({});
  ASSERT_TRUE(line);
  EXPECT_EQ(line->command, Option::list);
}

TEST(IpvsadmOptions, LettersMayStandTogether) {
  const auto line = parse_options({"-lnt192.0.2.10:80"});
  ASSERT_TRUE(line) << line.error().message;
  EXPECT_EQ(line->command, Option::list);
  EXPECT_TRUE(line->has(Option::numeric));
  EXPECT_EQ(line->value(Option::tcp_service), "192.0.2.10:80");
}

TEST(IpvsadmOptions, TheCommandMayStandAnywhere) {
  const auto line = parse_options({"-t", "192.0.2.10:80", "--scheduler=mh", "-A"});
  ASSERT_TRUE(line) << line.error().message;
  EXPECT_EQ(line->command, Option::add_service);
  EXPECT_EQ(line->value(Option::scheduler), "mh");
}

TEST(IpvsadmOptions, AValueMayBeLeftOutWhereItMay) {
  const auto line = parse_options({"-A", "-t", "192.0.2.10:80", "-p", "-M", "255.255.255.0"});
  ASSERT_TRUE(line) << line.error().message;
  EXPECT_TRUE(line->has(Option::persistent));
  EXPECT_EQ(line->value(Option::persistent), "");
  const auto with = parse_options({"-A", "-t", "192.0.2.10:80", "-p", "300"});
  ASSERT_TRUE(with) << with.error().message;
  EXPECT_EQ(with->value(Option::persistent), "300");
}

TEST(IpvsadmOptions, ThreeValues) {
  const auto line = parse_options({"--set", "1", "2", "3"});
  ASSERT_TRUE(line) << line.error().message;
  EXPECT_EQ(line->options.at(Option::set_timeouts), (std::vector<std::string>{"1", "2", "3"}));
  EXPECT_FALSE(parse_options({"--set", "1", "2", "3", "4"}));
}

TEST(IpvsadmOptions, NothingIsLeftOutSilently) {
  for (const auto& words : std::vector<std::vector<std::string>>{{"-"},
                                                                 {"--"},
                                                                 {""},
                                                                 {"-Lz"},
                                                                 {"--lis"},
                                                                 {"-L", "x"},
                                                                 {"-Z", "-n"},
                                                                 {"-t"},
                                                                 {"-A", "-t"},
                                                                 {"-C", "-t", "a:1"}})
    EXPECT_FALSE(parse_options(words)) << testing::PrintToString(words);
}

}  // namespace
}  // namespace guideway::ipvsadm
