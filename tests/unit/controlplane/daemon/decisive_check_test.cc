// SPDX-License-Identifier: Apache-2.0
#include "controlplane/daemon/decisive_check.hh"

#include <gtest/gtest.h>

namespace guideway {
namespace {

const ProbeResult ok_result{ProbeOutcome::ok, "fine", 1};
const ProbeResult failed_result{ProbeOutcome::failed, "connection refused", 2};
const ProbeResult unmade_result{ProbeOutcome::inconclusive, "no route", 0};

TEST(DecisiveCheck, OfAllIsOneThatFails) {
  constexpr CheckRule all = CheckRule::all;
  EXPECT_EQ(decisive_check(all, {ok_result, failed_result}, 0), 1U);
  EXPECT_EQ(decisive_check(all, {failed_result, failed_result}, 1), 1U) << "the newest of equals";
  EXPECT_EQ(decisive_check(all, {unmade_result, ok_result}, 1), 0U);
  EXPECT_EQ(decisive_check(all, {ok_result, std::nullopt}, 0), 0U);
}

TEST(DecisiveCheck, OfAnyIsOneThatPasses) {
  constexpr CheckRule any = CheckRule::any;
  EXPECT_EQ(decisive_check(any, {ok_result, failed_result}, 1), 0U);
  EXPECT_EQ(decisive_check(any, {failed_result, unmade_result}, 1), 0U);
  EXPECT_EQ(decisive_check(any, {failed_result, failed_result}, 1), 1U);
}

BackendConfig backend() {
  BackendConfig result;
  result.check.kind = CheckKind::http;
  result.check.port = 80;
  CheckConfig tcp;
  tcp.port = 8080;
  result.further_checks = {tcp, tcp};
  return result;
}

TEST(DecisiveCheck, HasAName) {
  EXPECT_EQ(check_label(backend(), 0), "http 80");
  EXPECT_EQ(check_label(backend(), 1), "tcp 8080 (2)");
  EXPECT_EQ(check_label(backend(), 2), "tcp 8080 (3)");
}

TEST(DecisiveCheck, SpeaksForTheBackend) {
  ProbeResult warned = ok_result;
  warned.warning = "certificate expires in 5 days";
  const ProbeResult together = combined_result(backend(), {warned, failed_result, ok_result}, 2);
  EXPECT_EQ(together.outcome, ProbeOutcome::failed);
  EXPECT_EQ(together.detail, "tcp 8080 (2): connection refused");
  EXPECT_EQ(together.warning, "certificate expires in 5 days");
  BackendConfig single = backend();
  single.further_checks.clear();
  EXPECT_EQ(combined_result(single, {failed_result}, 0).detail, "connection refused") << "one alone needs no name";
}

}  // namespace
}  // namespace guideway
