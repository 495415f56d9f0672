// SPDX-License-Identifier: Apache-2.0
// ControlPlane as time passes: what happens though nobody asked for it.
#include <map>
#include <utility>

#include <spdlog/spdlog.h>

#include "controlplane/daemon/backup_choice.hh"
#include "controlplane/daemon/clock.hh"
#include "controlplane/daemon/control_plane.hh"
#include "controlplane/daemon/log_value.hh"

namespace guideway {
namespace {

constexpr std::chrono::milliseconds tick_interval{200};

}  // namespace

void ControlPlane::retire() {
  const CountersView* counters = door_.counters();
  // Without a datapath nobody knows what it remembers, and before the first one what is up.
  if (counters == nullptr || published_ == nullptr) return;
  const BackendFacts facts{[this](std::uint32_t index) {
                             const std::uint64_t word = board_.word(index);
                             const std::uint32_t reason = gw_health_reason_of(word);
                             // What is merely not known yet may be alive.
                             return gw_health_is_alive(word) != 0 || reason == GW_REASON_NOT_CHECKED ||
                                    reason == GW_REASON_UNRESOLVED;
                           },
                           [counters](std::uint32_t index) { return counters->backend(index).remembered; }};
  if (!ledger_.retire(lasting_ms(), facts)) return;
  // Saved before it is published: a home that was given up must not come back with a restart.
  auto saved = save();
  if (!saved) spdlog::error("state error={}", log_value(saved.error().message));
  follow_ledger();
  publisher_.soon();
}

void ControlPlane::choose_backups() {
  const auto serving = choose_serving(intent_.running.pools, ledger_.serving(), [this](const std::string& name) {
    const HealthBoard::Pool* pool = board_.find_pool(name);
    return pool == nullptr ? std::nullopt : pool->health.quorum();
  });
  const auto before = ledger_.serving();
  if (serving == before || !ledger_.set_serving(serving, lasting_ms())) return;
  for (const PoolConfig& pool : intent_.running.pools) {
    const std::string& now = server_of(serving, pool.name);
    if (now != server_of(before, pool.name)) served_by_another(pool.name, now);
  }
  // Saved before it is published: a restart must not bring the other table back.
  auto saved = save();
  if (!saved) spdlog::error("state error={}", log_value(saved.error().message));
  publisher_.soon();
}

void ControlPlane::watch_drains() {
  const CountersView* counters = door_.counters();
  std::map<std::uint32_t, std::uint64_t> packets;
  for (const auto& [index, entry] : board_.entries()) {
    if (counters != nullptr && entry.health.state().state == GW_HEALTH_DRAINING)
      packets[index] = counters->backend(index).packets;
  }
  drains_.update(packets, steady_ms());
}

void ControlPlane::every_second() {
  second_timer_.expires_after(std::chrono::seconds(1));
  second_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    if (std::exchange(was_blind_, is_blind()) && !was_blind_) {
      refresh_reachability();
      publisher_.soon();
    }
    watch_drains();
    repair_health();
    tell_made_again();
    // Not while a change waits for the datapath: it may have to be undone.
    if (!is_turn_taken_) {
      retire();
      end_drains();
    }
    meters_.every_second(door_.counters());
    if (const CountersView* counters = door_.counters(); counters != nullptr)
      datapath_watch_.note(steady_ms(), *counters, door_.datapath()->capacities.flows_max);
    every_second();
  });
}

void ControlPlane::every_tick() {
  tick_timer_.expires_after(tick_interval);
  tick_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    board_.tick(steady_ms());
    // Not while a change waits for the datapath: it may have to be undone. Nor while nobody can tell who lives.
    if (!is_turn_taken_ && !is_blind()) choose_backups();
    every_tick();
  });
}

void ControlPlane::end_drains() {
  std::vector<Edit> ended = ended_drains(intent_.edits, lasting_ms());
  if (ended.empty()) return;
  // Asked for by ourselves.
  edits(std::move(ended), {own_actor(), false, std::nullopt}, [](const Reply& reply) {
    if (reply.status != 200)
      spdlog::error("drain event=end_refused error={}", log_value(reply.body.value("error", "")));
  });
}

}  // namespace guideway
