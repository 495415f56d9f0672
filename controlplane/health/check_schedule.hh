// SPDX-License-Identifier: Apache-2.0
// Who is probed when, as a pure value: no clock, no sockets, a seeded generator. One probe per distinct target
// however many users it has; probes of one target never overlap; targets that appear together are spread over the
// interval (their first probe comes early, at up to a thousand a second, since a backend is down until its first
// success). If users of one target ask for different intervals, or are at different paces, the smallest counts, and the
// largest jitter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "controlplane/health/check_pace.hh"
#include "controlplane/health/check_target.hh"

namespace guideway {

struct CheckUser {
  std::uint32_t id = 0;
  CheckTarget target;
  CheckIntervals intervals;
  std::uint32_t jitter_percent = 10;
};

class CheckSchedule {
 public:
  using TargetId = std::uint64_t;  // never given out twice

  explicit CheckSchedule(std::uint64_t seed) : random_(seed) {}

  // Replaces all users. Targets that stay keep their place in time. Returns the targets that went away; a probe of
  // theirs that is still running is the caller's to cancel.
  // Users that stay keep their pace; new ones are steady.
  std::vector<TargetId> set_users(const std::vector<CheckUser>& users, std::int64_t now_ms);

  struct Due {
    TargetId id = 0;
    CheckTarget target;
  };
  // Up to `count_max` targets whose time has come, the longest overdue first. They are running from now on.
  [[nodiscard]] std::vector<Due> take_due(std::int64_t now_ms, std::size_t count_max);
  // The probe of a running target ended: plans its next one. Returns the users to tell; none if it went away.
  std::vector<std::uint32_t> finished(TargetId id, std::int64_t now_ms);

  // A faster pace pulls the next probe in; a slower one counts from the probe after that.
  void set_pace(std::uint32_t user, CheckPace pace, std::int64_t now_ms);

  // When take_due() will next have something; nothing while all targets are running.
  [[nodiscard]] std::optional<std::int64_t> next_due_ms() const;
  [[nodiscard]] std::size_t target_count() const noexcept { return targets_.size(); }

 private:
  struct Entry {
    CheckTarget target;
    std::vector<CheckUser> users;
    std::uint32_t interval_ms = 0;  // the smallest of the users' at their paces
    std::uint32_t jitter_percent = 0;
    std::int64_t due_ms = 0;
    bool running = false;
    bool spread = false;  // its first probe is over and its place in the interval drawn
  };

  [[nodiscard]] std::uint32_t interval_ms_of(const std::vector<CheckUser>& users) const;
  void place(TargetId id, Entry& entry, std::int64_t due_ms);
  [[nodiscard]] std::int64_t draw(std::int64_t lowest, std::int64_t highest);

  std::mt19937_64 random_;
  TargetId last_id_ = 0;
  std::map<TargetId, Entry> targets_;
  std::map<CheckTarget, TargetId> ids_;
  struct Place {
    TargetId target = 0;
    CheckPace pace = CheckPace::steady;
  };
  std::map<std::uint32_t, Place> places_;            // of every user
  std::set<std::pair<std::int64_t, TargetId>> due_;  // those that are not running
};

}  // namespace guideway
