// SPDX-License-Identifier: Apache-2.0
// Every sequence of results against the same rules stated over the text of the sequence.
#include "controlplane/health/check_verdict.hh"

#include <gtest/gtest.h>

#include <string>

namespace guideway {
namespace {

CheckVerdict after(const std::string& checks, std::uint32_t rise, std::uint32_t fall) {
  CheckVerdict verdict(rise, fall);
  for (const char check : checks) {
    verdict.add(check == 'o' ? ProbeOutcome::ok : check == 'f' ? ProbeOutcome::failed : ProbeOutcome::inconclusive);
  }
  return verdict;
}

std::size_t row_at_end(const std::string& said, char letter) {
  return said.size() - (said.find_last_not_of(letter) + 1);
}

TEST(CheckVerdict, IsWatchedCloselyWhileNothingIsDecided) {
  EXPECT_EQ(after("", 2, 3).pace(), CheckPace::steady);
  EXPECT_EQ(after("ff", 2, 3).pace(), CheckPace::steady) << "nobody waits for one that never was there";
  EXPECT_EQ(after("fff", 2, 3).pace(), CheckPace::down);
  EXPECT_EQ(after("o", 2, 3).pace(), CheckPace::steady);
  EXPECT_EQ(after("of", 2, 3).pace(), CheckPace::fast);
  EXPECT_EQ(after("ofif", 2, 3).pace(), CheckPace::fast);
  EXPECT_EQ(after("offf", 2, 3).pace(), CheckPace::down);
  EXPECT_EQ(after("offfo", 2, 3).pace(), CheckPace::fast);
  EXPECT_EQ(after("offfof", 2, 3).pace(), CheckPace::down);
  EXPECT_EQ(after("offfoo", 2, 3).pace(), CheckPace::steady);
}

// Over all sequences: fast exactly if the last conclusive result speaks against the verdict.
TEST(CheckVerdict, PaceAndVerdictAgreeOnEverySequence) {
  constexpr int length = 8;
  int sequences = 1;
  for (int i = 0; i < length; ++i) sequences *= 3;
  for (int number = 0; number < sequences; ++number) {
    std::string checks;
    for (int rest = number, i = 0; i < length; ++i, rest /= 3) checks += "ofi"[rest % 3];
    std::string said;
    for (const char check : checks) said += check == 'i' ? "" : std::string(1, check);
    const CheckVerdict verdict = after(checks, 2, 3);
    ASSERT_EQ(verdict.successes_in_a_row(), row_at_end(said, 'o')) << checks;
    ASSERT_EQ(verdict.failures_in_a_row(), row_at_end(said, 'f')) << checks;
    CheckPace expected = CheckPace::steady;
    if (verdict.verdict() == Verdict::passing && said.back() == 'f') expected = CheckPace::fast;
    if (verdict.verdict() == Verdict::failing) expected = said.back() == 'o' ? CheckPace::fast : CheckPace::down;
    if (verdict.verdict() == Verdict::never_passed && said.size() >= 3) expected = CheckPace::down;
    ASSERT_EQ(verdict.pace(), expected) << checks;
  }
}

TEST(CheckVerdict, NewLimitsAreAskedWithTheNextResult) {
  CheckVerdict verdict = after("off", 2, 3);
  verdict.set_limits(2, 2);
  EXPECT_EQ(verdict.verdict(), Verdict::passing);
  verdict.add(ProbeOutcome::failed);
  EXPECT_EQ(verdict.verdict(), Verdict::failing);
}

}  // namespace
}  // namespace guideway
