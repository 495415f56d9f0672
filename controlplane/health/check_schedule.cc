// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/check_schedule.hh"

#include <algorithm>

namespace guideway {
namespace {

// First probes of targets that appear together: a thousand a second, the first of them within this.
constexpr std::int64_t first_window_ms = 100;

std::map<CheckTarget, std::vector<CheckUser>> grouped(const std::vector<CheckUser>& users) {
  std::map<CheckTarget, std::vector<CheckUser>> groups;
  for (const CheckUser& user : users) groups[user.target].push_back(user);
  return groups;
}

std::uint32_t jitter_percent_of(const std::vector<CheckUser>& users) {
  std::uint32_t largest = 0;
  for (const CheckUser& user : users) largest = std::max(largest, std::min(user.jitter_percent, 100u));
  return largest;
}

}  // namespace

std::vector<CheckSchedule::TargetId> CheckSchedule::set_users(const std::vector<CheckUser>& users,
                                                              std::int64_t now_ms) {
  std::map<CheckTarget, std::vector<CheckUser>> groups = grouped(users);
  const std::map<std::uint32_t, Place> places_before = std::exchange(places_, {});
  for (const CheckUser& user : users) {
    const auto before = places_before.find(user.id);
    places_[user.id].pace = before == places_before.end() ? CheckPace::steady : before->second.pace;
  }
  std::vector<TargetId> gone;
  for (auto known = ids_.begin(); known != ids_.end();) {
    if (groups.contains(known->first)) {
      ++known;
      continue;
    }
    const auto entry = targets_.find(known->second);
    due_.erase({entry->second.due_ms, entry->first});
    targets_.erase(entry);
    gone.push_back(known->second);
    known = ids_.erase(known);
  }
  const auto added = static_cast<std::int64_t>(groups.size() - ids_.size());
  for (auto& [target, group] : groups) {
    const auto [known, is_new] = ids_.try_emplace(target, last_id_ + 1);
    if (is_new) ++last_id_;
    for (const CheckUser& user : group) places_[user.id].target = known->second;
    Entry& entry = targets_[known->second];
    entry.interval_ms = interval_ms_of(group);
    entry.jitter_percent = jitter_percent_of(group);
    entry.users = std::move(group);
    const std::int64_t interval_ms = entry.interval_ms;
    if (is_new) {
      entry.target = target;
      place(known->second, entry, now_ms + draw(0, std::min<std::int64_t>(first_window_ms + added, interval_ms)));
    } else if (!entry.running && entry.due_ms > now_ms + 2 * interval_ms) {
      place(known->second, entry, now_ms + draw(0, interval_ms));  // the interval was made shorter
    }
  }
  return gone;
}

std::vector<CheckSchedule::Due> CheckSchedule::take_due(std::int64_t now_ms, std::size_t count_max) {
  std::vector<Due> taken;
  while (taken.size() < count_max && !due_.empty() && due_.begin()->first <= now_ms) {
    const TargetId id = due_.begin()->second;
    due_.erase(due_.begin());
    Entry& entry = targets_.at(id);
    entry.running = true;
    taken.push_back({id, entry.target});
  }
  return taken;
}

std::vector<std::uint32_t> CheckSchedule::finished(TargetId id, std::int64_t now_ms) {
  const auto found = targets_.find(id);
  if (found == targets_.end() || !found->second.running) return {};
  Entry& entry = found->second;
  entry.running = false;
  const std::int64_t interval_ms = entry.interval_ms;
  std::int64_t next_ms = 0;
  if (!entry.spread) {
    // Uniform over one interval's length, so that targets which began together do not stay together.
    next_ms = now_ms + interval_ms / 4 + draw(0, interval_ms);
    entry.spread = true;
  } else {
    const std::int64_t jitter_ms = interval_ms * entry.jitter_percent / 100;
    next_ms = entry.due_ms + interval_ms + draw(-jitter_ms, jitter_ms);
  }
  place(id, entry, std::max(next_ms, now_ms + 1));
  std::vector<std::uint32_t> told;
  told.reserve(entry.users.size());
  for (const CheckUser& user : entry.users) told.push_back(user.id);
  return told;
}

void CheckSchedule::set_pace(std::uint32_t user, CheckPace pace, std::int64_t now_ms) {
  const auto found = places_.find(user);
  if (found == places_.end() || found->second.pace == pace) return;
  found->second.pace = pace;
  const TargetId id = found->second.target;
  Entry& entry = targets_.at(id);
  entry.interval_ms = interval_ms_of(entry.users);
  const std::int64_t next_ms = now_ms + entry.interval_ms;
  if (!entry.running && entry.due_ms > next_ms) place(id, entry, next_ms);
}

std::uint32_t CheckSchedule::interval_ms_of(const std::vector<CheckUser>& users) const {
  std::uint32_t smallest = UINT32_MAX;
  for (const CheckUser& user : users) {
    const std::uint32_t interval_ms = user.intervals.at(places_.at(user.id).pace);
    smallest = std::min(smallest, std::max(interval_ms, 1u));
  }
  return smallest;
}

std::optional<std::int64_t> CheckSchedule::next_due_ms() const {
  if (due_.empty()) return std::nullopt;
  return due_.begin()->first;
}

void CheckSchedule::place(TargetId id, Entry& entry, std::int64_t due_ms) {
  due_.erase({entry.due_ms, id});
  entry.due_ms = due_ms;
  due_.insert({due_ms, id});
}

std::int64_t CheckSchedule::draw(std::int64_t lowest, std::int64_t highest) {
  return std::uniform_int_distribution<std::int64_t>(lowest, highest)(random_);
}

}  // namespace guideway
