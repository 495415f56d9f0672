// SPDX-License-Identifier: Apache-2.0
// The schedule under a simulated clock: deduplication, spread, jitter, no overlap, changes that disturb nobody.
#include "controlplane/health/check_schedule.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <queue>

namespace guideway {
namespace {

CheckTarget target_number(std::uint32_t number) {
  CheckTarget target;
  target.address.bytes = {10, 0, static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)};
  target.port = 80;
  target.timeout_ms = 1000;
  return target;
}

CheckUser user(std::uint32_t id, std::uint32_t target, std::uint32_t interval_ms, std::uint32_t jitter_percent = 10) {
  return {id, target_number(target), {interval_ms, interval_ms, interval_ms}, jitter_percent};
}

std::vector<CheckUser> users_of(std::uint32_t count, std::uint32_t interval_ms, std::uint32_t jitter_percent = 10) {
  std::vector<CheckUser> users;
  for (std::uint32_t i = 0; i < count; ++i) users.push_back(user(i, i, interval_ms, jitter_percent));
  return users;
}

// Runs the schedule as the monitor does; every probe takes `probe_ms`. Returns the starts of every target.
std::map<CheckTarget, std::vector<std::int64_t>> run(CheckSchedule& schedule, std::int64_t from_ms, std::int64_t to_ms,
                                                     std::int64_t probe_ms) {
  std::map<CheckTarget, std::vector<std::int64_t>> starts;
  std::map<CheckSchedule::TargetId, bool> running;
  std::queue<std::pair<std::int64_t, CheckSchedule::TargetId>> ends;
  for (std::int64_t now_ms = from_ms; now_ms < to_ms; ++now_ms) {
    while (!ends.empty() && ends.front().first <= now_ms) {
      running[ends.front().second] = false;
      schedule.finished(ends.front().second, now_ms);
      ends.pop();
    }
    for (const CheckSchedule::Due& due : schedule.take_due(now_ms, 1000)) {
      EXPECT_FALSE(running[due.id]) << "overlapping probes of one target";
      running[due.id] = true;
      starts[due.target].push_back(now_ms);
      ends.emplace(now_ms + probe_ms, due.id);
    }
    const auto next_ms = schedule.next_due_ms();
    if (next_ms) {
      EXPECT_GT(*next_ms, now_ms);
    }
  }
  return starts;
}

TEST(CheckSchedule, OneProbeServesAllUsersOfATarget) {
  CheckSchedule schedule(1);
  std::vector<CheckUser> users = users_of(3, 2000);
  for (std::uint32_t i = 10; i < 20; ++i) users.push_back(user(i, 1, 2000));
  EXPECT_TRUE(schedule.set_users(users, 0).empty());
  EXPECT_EQ(schedule.target_count(), 3u);
  const auto due = schedule.take_due(5000, 100);
  ASSERT_EQ(due.size(), 3u);
  EXPECT_EQ(schedule.next_due_ms(), std::nullopt) << "all are running";
  for (const auto& next : due) {
    const auto told = schedule.finished(next.id, 5001);
    EXPECT_EQ(told.size(), next.target == target_number(1) ? 11u : 1u);
    EXPECT_TRUE(schedule.finished(next.id, 5001).empty()) << "a probe ends once";
  }
}

TEST(CheckSchedule, TheSmallestIntervalCounts) {
  CheckSchedule schedule(1);
  schedule.set_users({user(1, 0, 5000, 0), user(2, 0, 500, 0), user(3, 0, 9000, 0)}, 0);
  const auto starts = run(schedule, 0, 60'000, 1).at(target_number(0));
  EXPECT_NEAR(static_cast<double>(starts.size()), 120, 3);
}

TEST(CheckSchedule, FirstProbesComeEarlyAndAreSpread) {
  CheckSchedule few(7);
  few.set_users(users_of(3, 60'000), 0);
  const auto first = run(few, 0, 200, 1);
  EXPECT_EQ(first.size(), 3u) << "a backend is down until its first success: no waiting for the interval";

  CheckSchedule many(7);
  many.set_users(users_of(5000, 10'000), 0);
  const auto starts = run(many, 0, 5200, 1);
  EXPECT_EQ(starts.size(), 5000u);
  std::map<std::int64_t, int> each_second;
  for (const auto& [target, times] : starts) ++each_second[times.front() / 1000];
  for (std::int64_t second = 0; second < 5; ++second) EXPECT_NEAR(each_second[second], 1000, 150);
}

TEST(CheckSchedule, LaterProbesAreSpreadOverTheInterval) {
  CheckSchedule schedule(42);
  schedule.set_users(users_of(1000, 2000), 0);
  const auto starts = run(schedule, 0, 60'000, 3);
  std::map<std::int64_t, int> buckets;  // 100 ms each, after the first intervals
  for (const auto& [target, times] : starts) {
    EXPECT_NEAR(static_cast<double>(times.size()), 30, 3);
    for (const std::int64_t time : times) {
      if (time >= 10'000) ++buckets[time / 100];
    }
  }
  for (const auto& [bucket, count] : buckets) EXPECT_NEAR(count, 50, 40) << "in bucket " << bucket;
}

TEST(CheckSchedule, JitterStaysWithinItsBounds) {
  CheckSchedule schedule(3);
  schedule.set_users(users_of(1, 1000, 20), 0);
  const auto starts = run(schedule, 0, 300'000, 1).at(target_number(0));
  std::int64_t shortest = 10'000;
  std::int64_t longest = 0;
  for (std::size_t i = 2; i < starts.size(); ++i) {
    shortest = std::min(shortest, starts[i] - starts[i - 1]);
    longest = std::max(longest, starts[i] - starts[i - 1]);
  }
  EXPECT_GE(shortest, 800);
  EXPECT_LE(longest, 1201);
  EXPECT_LT(shortest, 850) << "jitter is used";
  EXPECT_GT(longest, 1150);

  CheckSchedule steady(3);
  steady.set_users(users_of(1, 1000, 0), 0);
  const auto regular = run(steady, 0, 60'000, 1).at(target_number(0));
  for (std::size_t i = 3; i < regular.size(); ++i) EXPECT_EQ(regular[i] - regular[i - 1], 1000);
}

TEST(CheckSchedule, SlowProbesNeverOverlap) {
  CheckSchedule schedule(5);
  schedule.set_users(users_of(20, 100, 50), 0);
  const auto starts = run(schedule, 0, 20'000, 350);  // run() itself judges
  for (const auto& [target, times] : starts) EXPECT_GT(times.size(), 50u) << "the next one follows at once";
}

TEST(CheckSchedule, TheSameSeedGivesTheSamePlan) {
  CheckSchedule one(9);
  CheckSchedule two(9);
  CheckSchedule other(10);
  for (CheckSchedule* schedule : {&one, &two, &other}) schedule->set_users(users_of(50, 2000), 0);
  const auto plan = run(one, 0, 20'000, 5);
  EXPECT_EQ(plan, run(two, 0, 20'000, 5));
  EXPECT_NE(plan, run(other, 0, 20'000, 5));
}

TEST(CheckSchedule, AChangeDisturbsNobodyElse) {
  CheckSchedule changed(11);
  CheckSchedule untouched(11);
  changed.set_users(users_of(10, 2000, 0), 0);
  untouched.set_users(users_of(10, 2000, 0), 0);
  run(changed, 0, 10'000, 5);
  run(untouched, 0, 10'000, 5);
  auto users = users_of(10, 2000, 0);
  users.erase(users.begin() + 4);
  users.push_back(user(99, 99, 2000, 0));
  EXPECT_EQ(changed.set_users(users, 10'000).size(), 1u);
  auto after = run(changed, 10'000, 20'000, 5);
  auto expected = run(untouched, 10'000, 20'000, 5);
  EXPECT_TRUE(after.contains(target_number(99)));
  EXPECT_FALSE(after.contains(target_number(4)));
  after.erase(target_number(99));
  expected.erase(target_number(4));
  EXPECT_EQ(after, expected);
}

TEST(CheckSchedule, ATargetThatReturnsIsANewOne) {
  CheckSchedule schedule(1);
  schedule.set_users(users_of(1, 2000), 0);
  const auto due = schedule.take_due(3000, 10);
  ASSERT_EQ(due.size(), 1u);
  const auto gone = schedule.set_users({}, 3001);
  ASSERT_EQ(gone.size(), 1u);
  EXPECT_EQ(gone.front(), due.front().id);
  schedule.set_users(users_of(1, 2000), 3002);
  EXPECT_TRUE(schedule.finished(due.front().id, 3003).empty()) << "the old probe tells nobody";
  const auto again = schedule.take_due(9000, 10);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_NE(again.front().id, due.front().id);
}

TEST(CheckSchedule, AShorterIntervalTakesEffectAtOnce) {
  CheckSchedule schedule(1);
  schedule.set_users(users_of(1, 600'000, 0), 0);
  run(schedule, 0, 1000, 1);
  schedule.set_users(users_of(1, 1000, 0), 1000);
  EXPECT_GE(run(schedule, 1000, 11'000, 1).at(target_number(0)).size(), 9u);
}

TEST(CheckSchedule, TakesNoMoreThanAsked) {
  CheckSchedule schedule(1);
  schedule.set_users(users_of(10, 100), 0);
  EXPECT_EQ(schedule.take_due(1000, 4).size(), 4u);
  EXPECT_EQ(schedule.take_due(1000, 0).size(), 0u);
  EXPECT_EQ(schedule.take_due(1000, 100).size(), 6u);
}

TEST(CheckTarget, IgnoresWhatCannotMatter) {
  CheckConfig tcp;
  CheckConfig other = tcp;
  other.path = "/health";
  other.host = "example.org";
  other.rise = 9;
  other.interval_ms = 17;
  const IpAddress address = *IpAddress::parse("192.0.2.1");
  EXPECT_EQ(CheckTarget::of(address, 80, tcp), CheckTarget::of(address, 80, other));
  other.kind = CheckKind::http;
  EXPECT_NE(CheckTarget::of(address, 80, tcp), CheckTarget::of(address, 80, other));
  EXPECT_NE(CheckTarget::of(address, 80, tcp), CheckTarget::of(address, 81, tcp));
  tcp.port = 443;
  EXPECT_EQ(CheckTarget::of(address, 80, tcp).port, 443) << "the check's own port wins";
}

TEST(CheckTarget, NamesTheHost) {
  CheckConfig http;
  http.kind = CheckKind::http;
  EXPECT_EQ(CheckTarget::of(*IpAddress::parse("192.0.2.1"), 80, http).host, "192.0.2.1");
  EXPECT_EQ(CheckTarget::of(*IpAddress::parse("192.0.2.1"), 8080, http).host, "192.0.2.1:8080");
  EXPECT_EQ(CheckTarget::of(*IpAddress::parse("2001:db8::1"), 80, http).host, "[2001:db8::1]");
  EXPECT_EQ(CheckTarget::of(*IpAddress::parse("2001:db8::1"), 8080, http).host, "[2001:db8::1]:8080");
  http.host = "example.org";
  EXPECT_EQ(CheckTarget::of(*IpAddress::parse("192.0.2.1"), 8080, http).host, "example.org");
}

constexpr CheckIntervals paces{10'000, 500, 60'000};

TEST(CheckSchedule, AFasterPacePullsTheNextProbeIn) {
  CheckSchedule schedule(5);
  schedule.set_users({{1, target_number(0), paces, 0}}, 0);
  run(schedule, 0, 100'000, 1);
  schedule.set_pace(1, CheckPace::fast, 100'000);
  const auto soon = run(schedule, 100'000, 110'000, 1).at(target_number(0));
  EXPECT_LE(soon.front(), 100'500);
  EXPECT_NEAR(static_cast<double>(soon.size()), 20, 1);
}

TEST(CheckSchedule, ASlowerPaceCountsFromTheProbeAfterTheNext) {
  CheckSchedule schedule(5);
  schedule.set_users({{1, target_number(0), paces, 0}}, 0);
  run(schedule, 0, 100'000, 1);
  schedule.set_pace(1, CheckPace::down, 100'000);
  const auto starts = run(schedule, 100'000, 400'000, 1).at(target_number(0));
  EXPECT_LE(starts.front(), 110'000) << "what was planned is not put off";
  EXPECT_NEAR(static_cast<double>(starts.size()), 5, 1);
}

TEST(CheckSchedule, OfUsersAtDifferentPacesTheShortestIntervalCounts) {
  CheckSchedule schedule(5);
  const std::vector<CheckUser> both{{1, target_number(0), paces, 0}, {2, target_number(0), paces, 0}};
  schedule.set_users(both, 0);
  run(schedule, 0, 100'000, 1);
  schedule.set_pace(1, CheckPace::down, 100'000);
  EXPECT_NEAR(static_cast<double>(run(schedule, 100'000, 200'000, 1).at(target_number(0)).size()), 10, 1);
  schedule.set_pace(2, CheckPace::fast, 200'000);
  EXPECT_NEAR(static_cast<double>(run(schedule, 200'000, 210'000, 1).at(target_number(0)).size()), 20, 1);
  schedule.set_users(both, 210'000);
  EXPECT_NEAR(static_cast<double>(run(schedule, 210'000, 220'000, 1).at(target_number(0)).size()), 20, 1)
      << "a pace outlives a change of the set";
  schedule.set_users({both[0]}, 220'000);
  EXPECT_NEAR(static_cast<double>(run(schedule, 220'000, 460'000, 1).at(target_number(0)).size()), 5, 1);
}

TEST(CheckSchedule, APaceOfNobodyIsNothing) {
  CheckSchedule schedule(5);
  schedule.set_pace(7, CheckPace::fast, 0);
  EXPECT_EQ(schedule.next_due_ms(), std::nullopt);
}

}  // namespace
}  // namespace guideway
