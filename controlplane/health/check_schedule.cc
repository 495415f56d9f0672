// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/check_schedule.hh"

#include <algorithm>

namespace guideway {
namespace {

// First probes of targets that appear together: a thousand a second, the first of them within this.
constexpr std::int64_t first_window_ms = 100;

struct Wish {
  std::vector<std::uint32_t> users;
  std::uint32_t interval_ms = 0;
  std::uint32_t jitter_percent = 0;
};

std::map<CheckTarget, Wish> grouped(const std::vector<CheckUser>& users) {
  std::map<CheckTarget, Wish> wishes;
  for (const CheckUser& user : users) {
    const std::uint32_t interval_ms = std::max(user.interval_ms, 1u);
    Wish& wish = wishes[user.target];
    wish.interval_ms = wish.users.empty() ? interval_ms : std::min(wish.interval_ms, interval_ms);
    wish.jitter_percent = std::max(wish.jitter_percent, std::min(user.jitter_percent, 100u));
    wish.users.push_back(user.id);
  }
  return wishes;
}

}  // namespace

std::vector<CheckSchedule::TargetId> CheckSchedule::set_users(const std::vector<CheckUser>& users,
                                                              std::int64_t now_ms) {
  std::map<CheckTarget, Wish> wishes = grouped(users);
  std::vector<TargetId> gone;
  for (auto known = ids_.begin(); known != ids_.end();) {
    if (wishes.contains(known->first)) {
      ++known;
      continue;
    }
    const auto entry = targets_.find(known->second);
    due_.erase({entry->second.due_ms, entry->first});
    targets_.erase(entry);
    gone.push_back(known->second);
    known = ids_.erase(known);
  }
  const auto added = static_cast<std::int64_t>(wishes.size() - ids_.size());
  for (auto& [target, wish] : wishes) {
    const auto [known, is_new] = ids_.try_emplace(target, last_id_ + 1);
    if (is_new) ++last_id_;
    Entry& entry = targets_[known->second];
    entry.users = std::move(wish.users);
    entry.interval_ms = wish.interval_ms;
    entry.jitter_percent = wish.jitter_percent;
    if (is_new) {
      entry.target = target;
      place(known->second, entry, now_ms + draw(0, std::min<std::int64_t>(first_window_ms + added, wish.interval_ms)));
    } else if (!entry.running && entry.due_ms > now_ms + std::int64_t{2} * wish.interval_ms) {
      place(known->second, entry, now_ms + draw(0, wish.interval_ms));  // the interval was made shorter
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
  return entry.users;
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
