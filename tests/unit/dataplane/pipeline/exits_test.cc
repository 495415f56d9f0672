// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/exits.hh"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace guideway {
namespace {

TEST(Exits, EveryExitHasItsOwnNameThatTellsItsKind) {
  std::set<std::string_view> names;
  for (const ExitName& exit : exit_names()) {
    EXPECT_TRUE(names.insert(exit.name).second) << exit.name;
    EXPECT_FALSE(exit.meaning.empty());
    const std::string_view prefix = exit.kind == ExitKind::sent       ? "sent"
                                    : exit.kind == ExitKind::answered ? "answered_"
                                    : exit.kind == ExitKind::kernel   ? "kernel_"
                                                                      : "drop_";
    EXPECT_EQ(exit.name.substr(0, prefix.size()), prefix);
    EXPECT_EQ(kind_of(static_cast<std::uint8_t>(exit.exit)), exit.kind);
    EXPECT_EQ(gw_exit_is_kernel(exit.exit) != 0, exit.kind == ExitKind::kernel) << exit.name;
    EXPECT_EQ(gw_exit_is_answer(exit.exit) != 0, exit.kind == ExitKind::answered) << exit.name;
    EXPECT_EQ(gw_exit_is_drop(exit.exit) != 0, exit.kind == ExitKind::drop) << exit.name;
  }
  EXPECT_EQ(names.size(), std::size_t{GW_EXIT_COUNT});
}

}  // namespace
}  // namespace guideway
