// SPDX-License-Identifier: Apache-2.0
#include "controlplane/cli/command_words.hh"

#include <gtest/gtest.h>

namespace guideway {
namespace {

using Words = std::vector<std::string>;

TEST(CommandWords, SplitAsAShellWould) {
  EXPECT_EQ(*command_words("backend drain  web\tb1 # until noon"), (Words{"backend", "drain", "web", "b1"}));
  EXPECT_EQ(*command_words("a 'b c' \"d \\\" e\" f\\ g h#i ''"), (Words{"a", "b c", "d \" e", "f g", "h#i", ""}));
  EXPECT_EQ(*command_words("  # nothing"), Words{});
  EXPECT_EQ(*command_words(""), Words{});
  EXPECT_FALSE(command_words("a 'b"));
  EXPECT_FALSE(command_words("a \\"));
}

}  // namespace
}  // namespace guideway
