// SPDX-License-Identifier: Apache-2.0
#include "controlplane/daemon/backup_choice.hh"

#include <gtest/gtest.h>

namespace guideway {
namespace {

PoolConfig pool(const std::string& name, const std::string& backup) {
  PoolConfig result;
  result.name = name;
  result.backup_pool = backup;
  return result;
}

const std::vector<PoolConfig> chain{pool("last", ""), pool("sorry", "last"), pool("web", "sorry")};

// 'y' has its quorum, 'n' has none, '?' is not known; of web, sorry and last.
Serving chosen(const std::string& known, const Serving& before = {}) {
  return choose_serving(chain, before, [&](const std::string& name) -> std::optional<bool> {
    const char one = known.at(name == "web" ? 0 : name == "sorry" ? 1 : 2);
    if (one == '?') return std::nullopt;
    return one == 'y';
  });
}

TEST(BackupChoice, TheFirstWithAQuorumServes) {
  EXPECT_EQ(chosen("yyy"), Serving{});
  EXPECT_EQ(chosen("nyy"), (Serving{{"web", "sorry"}}));
  EXPECT_EQ(chosen("nny"), (Serving{{"sorry", "last"}, {"web", "last"}}));
  EXPECT_EQ(chosen("yny"), (Serving{{"sorry", "last"}})) << "whoever uses sorry itself is helped, too";
  EXPECT_EQ(chosen("nnn"), Serving{}) << "with nobody left the pool itself serves";
}

TEST(BackupChoice, WhatIsNotKnownChangesNothing) {
  const Serving before{{"web", "sorry"}};
  EXPECT_EQ(chosen("?yy", before), before);
  EXPECT_EQ(chosen("?yy"), Serving{});
  EXPECT_EQ(chosen("n?y", before), before);
  EXPECT_EQ(chosen("yyy", before), Serving{});
}

TEST(BackupChoice, ACircleEnds) {
  const std::vector<PoolConfig> circle{pool("a", "b"), pool("b", "a")};
  const Serving serving = choose_serving(circle, {}, [](const std::string&) { return std::optional(false); });
  EXPECT_EQ(serving, Serving{});
}

}  // namespace
}  // namespace guideway
