// SPDX-License-Identifier: Apache-2.0
#include "controlplane/daemon/control_plane.hh"

#include <random>
#include <utility>

#include <fmt/core.h>
#include <spdlog/spdlog.h>

#include "controlplane/daemon/change_event.hh"
#include "controlplane/daemon/clock.hh"
#include "controlplane/daemon/log_value.hh"
#include "controlplane/daemon/version.hh"

namespace guideway {
namespace {

// So many snapshots may be made between two saves of the state; the number that a restart goes on from.
constexpr std::uint64_t generations_reserved = 1000;
// Time for the kernel faces of a datapath that came back to have their addresses, routes and neighbours again.
constexpr std::int64_t blind_after_return_ms = 3000;

}  // namespace

Result<std::unique_ptr<ControlPlane>> ControlPlane::create(boost::asio::io_context& io, const std::string& config_file,
                                                           const Config& file_config) {
  auto store = IntentStore::open(file_config.state_directory);
  if (!store) return failure_of(store);
  auto audit = AuditLog::open(file_config.state_directory);
  if (!audit) return failure_of(audit);
  std::vector<std::string> warnings;
  IntentStore::Loaded loaded = store->load();
  if (!loaded.warning.empty()) warnings.push_back(loaded.warning);
  std::vector<Edit> dropped;
  Intent intent = start_from(loaded.intent, config_file, file_config, dropped);
  for (const Edit& edit : dropped) {
    warnings.push_back("the configuration file has changed, so this edit was dropped: " + summary_of(edit));
  }
  auto history = History::open(store->directory(), loaded.intent ? loaded.intent->change : 0, {});
  if (!history) return failure_of(history);
  const bool is_news = !loaded.intent || loaded.intent->running != intent.running || history->changes().empty();
  const Capacities capacities{GW_SERVICES_MAX, GW_BACKENDS_MAX, 0};
  Ledger ledger(capacities);
  if (!intent.ledger.empty()) {
    auto restored = Ledger::load(intent.ledger, capacities);
    if (restored) {
      ledger = std::move(*restored);
    } else {
      warnings.push_back(store->set_aside(restored.error().message));
    }
  }
  // What ran before is told first: backends that the file has no more leave with all that is known of them.
  auto adopted = loaded.intent ? ledger.adopt(loaded.intent->running, {}, lasting_ms()) : Result<void>();
  if (adopted) adopted = ledger.adopt(intent.running, {}, lasting_ms());
  if (!adopted) return failure_of(adopted);
  for (const std::string& warning : warnings) spdlog::warn("start warning={}", log_value(warning));
  return std::unique_ptr<ControlPlane>(
      new ControlPlane(io, {std::move(*store), std::move(*audit), std::move(*history), std::move(intent),
                            std::move(ledger), std::move(warnings), is_news}));
}

ControlPlane::ControlPlane(boost::asio::io_context& io, Restored restored)
    : io_(io),
      store_(std::move(restored.store)),
      audit_(std::move(restored.audit)),
      history_(std::move(restored.history)),
      intent_(std::move(restored.intent)),
      events_(store_.directory(), {}),
      ledger_(std::move(restored.ledger)),
      capacities_{GW_SERVICES_MAX, GW_BACKENDS_MAX, 0},
      board_([this](const HealthBoard::Entry& entry, const HealthState& before) { health_changed(entry, before); },
             [this](const std::string& name, const HealthBoard::Pool& pool) { pool_changed(name, pool); }),
      monitor_(
          io, [this](std::uint32_t id, const ProbeResult& result) { checked(id, result); }, std::random_device{}()),
      carrier_(io, [this](std::uint32_t index) { return way_to(index); }),
      hooks_(io, [this](const QuorumNews& news, bool is_success,
                        const std::string& text) { hook_ended(news, is_success, text); }),
      meters_(io),
      door_(io, intent_.running.door,
            {[this] { door_opened(); }, [this](const std::string& why) { door_closed(why); },
             [this] { meters_.follow(ledger_, intent_.running, door_.counters()); }}),
      publisher_(io, door_,
                 {[this] { return make_publication(); }, [this] { return may_publish(); },
                  [this](const std::shared_ptr<const Publication>& publication, const PublishReport& report) {
                    publication_finished(publication, report);
                  }}),
      second_timer_(io),
      tick_timer_(io),
      start_warnings_(std::move(restored.warnings)),
      is_news_(restored.is_news),
      generation_(intent_.generation),
      started_ms_(steady_ms()) {
  set_check_carrier(io, &carrier_);
}

ControlPlane::~ControlPlane() { set_check_carrier(io_, nullptr); }

Result<void> ControlPlane::start() {
  auto watcher = NeighbourWatcher::open(io_, [this](const std::vector<IpAddress>&) {
    refresh_reachability();
    publisher_.soon();
  });
  if (!watcher) return failure_of(watcher);
  watcher_ = std::move(*watcher);
  ConfigTexts texts;
  const PastChange started{0, 0, "guidewayd started with " + intent_.config_file, 0, to_json(Actor{}), 0};
  auto saved = is_news_ ? archive({}, note(started, intent_, texts), texts) : save(texts);
  // With a full disk, what was acknowledged goes on; but nothing new may begin that a restart would not know.
  if (!saved && is_news_) return saved;
  if (!saved) start_warnings_.push_back(saved.error().message);
  record("daemon", "guidewayd " + std::string(version) + " has started with " + intent_.config_file);
  for (const std::string& warning : start_warnings_) record("warning", warning);
  follow_ledger();
  door_.start();
  every_second();
  every_tick();
  return {};
}

void ControlPlane::stop() {
  second_timer_.cancel();
  tick_timer_.cancel();
  monitor_.stop();
  carrier_.stop();
  hooks_.stop();
  watcher_->stop();
  auto saved = save();
  if (!saved) spdlog::error("state error={}", log_value(saved.error().message));
  record("daemon", "guidewayd is leaving; the datapath goes on");
  door_.stop();
}

std::string ControlPlane::summary() const {
  std::size_t up = 0;
  for (const auto& [index, entry] : board_.entries()) up += entry.health.state().state == GW_HEALTH_UP ? 1 : 0;
  const Datapath* datapath = door_.datapath();
  return std::to_string(up) + " of " + std::to_string(board_.entries().size()) + " backends up, " +
         (datapath == nullptr ? "no datapath" : datapath->name + " connected") + ", generation " +
         std::to_string(generation_);
}

Result<void> ControlPlane::save() {
  ConfigTexts texts;
  return save(texts);
}

Result<void> ControlPlane::save(ConfigTexts& texts) {
  intent_.ledger = ledger_.save();
  intent_.generation = generation_ + generations_reserved;
  auto saved = store_.save(intent_, texts);
  if (saved) generation_reserved_ = intent_.generation;
  return saved;
}

void ControlPlane::follow_ledger() {
  const LedgerNews news = ledger_.take_news();
  board_.follow(ledger_.backends(), news, intent_.running, steady_ms());
  if (news.checks) monitor_.set_targets(board_.check_targets());
  if (news.pools) hooks_.follow(intent_.running.pools);
  if (news.population) meters_.follow(ledger_, intent_.running, door_.counters());
  if (!news.population && !news.ways) return;
  std::set<IpAddress> wanted;
  for (const auto& [key, record] : ledger_.backends()) wanted.insert(record.config.address);
  watcher_->set_wanted(wanted);
  for (auto each = last_hops_.begin(); each != last_hops_.end();) {
    each = wanted.count(each->first) == 0 ? last_hops_.erase(each) : std::next(each);
  }
  const auto ways_before = ways_;
  refresh_reachability();
  // A backend with another address is new to the board. Its way may be what it was, and yet must be told again.
  if (ways_ == ways_before) ways_ = std::make_shared<const ReachabilityByIndex>(*ways_);
}

bool ControlPlane::is_blind() const {
  return attached_before_ && (door_.datapath() == nullptr || steady_ms() < sighted_at_ms_);
}

void ControlPlane::checked(std::uint32_t check_id, const ProbeResult& result) {
  if (result.outcome == ProbeOutcome::failed && is_blind()) return;
  const std::uint32_t index = HealthBoard::index_of(check_id);
  const std::size_t number = HealthBoard::number_of(check_id);
  board_.check_result(index, result, steady_ms(), number);
  const HealthBoard::Entry* entry = board_.find(index);
  if (entry == nullptr) return;
  if (number >= entry->results.size()) return;
  monitor_.set_pace(check_id, entry->health.checks().of(number).pace());
  meters_.checked(*entry, number, result);
  if (result.outcome == ProbeOutcome::inconclusive) note_unmade(*entry, number, result);
  if (result.outcome == ProbeOutcome::failed) watcher_->verify(entry->record.config.address);
}

void ControlPlane::refresh_reachability() {
  ReachabilityInputs inputs;
  inputs.ports = ports_;
  inputs.tunnel_source_ipv4 = intent_.running.tunnel_source_ipv4;
  inputs.tunnel_source_ipv6 = intent_.running.tunnel_source_ipv6;
  inputs.next_hop = [this](const IpAddress& address) -> std::optional<NextHop> {
    if (auto hop = watcher_->find(address)) {
      last_hops_[address] = *hop;
      return hop;
    }
    auto last = last_hops_.find(address);
    return is_blind() && last != last_hops_.end() ? std::optional(last->second) : std::nullopt;
  };
  inputs.why_unresolved = [this](const IpAddress& address) { return watcher_->why_unresolved(address); };
  const ReachabilityOutcome before = std::exchange(reachability_, find_reachability(ledger_.backends(), inputs));
  // Who holds the same ways has nothing to do.
  if (before.resolved != reachability_.resolved) {
    next_hops_changed(before);
    ways_ = std::make_shared<const ReachabilityByIndex>(reachability_.resolved);
  }
  const std::int64_t now_ms = steady_ms();
  for (const auto& [index, why] : reachability_.unresolved) {
    // Shortly after a start the kernel may not know yet; a backend that was up is left alone meanwhile.
    const HealthBoard::Entry* entry = board_.find(index);
    if (entry == nullptr || ports_.empty() || watcher_->undecided(entry->record.config.address)) continue;
    board_.set_resolved(index, false, now_ms);
  }
}

void ControlPlane::door_opened() {
  const Datapath& datapath = *door_.datapath();
  const HealthTable words = *door_.health();
  spdlog::info("door event=opened datapath={} process={} workers={} generation={}", log_value(datapath.name),
               datapath.process_id, datapath.worker_count, datapath.generation);
  record("datapath", fmt::format("datapath {} (process {}) is connected with generation {}", datapath.name,
                                 datapath.process_id, datapath.generation));
  door_trouble_.clear();
  ports_ = datapath.ports;
  generation_ = std::max(generation_, datapath.generation);
  fit_ledger_to(datapath.capacities);
  meters_.door_opened(ledger_, intent_.running, *door_.counters());
  is_restoring_ = true;
  if (!attached_before_ && datapath.generation != 0) board_.restore(words, steady_ms());
  is_restoring_ = false;
  sighted_at_ms_ = attached_before_ ? steady_ms() + blind_after_return_ms : 0;
  attached_before_ = true;
  was_blind_ = is_blind();
  refresh_reachability();
  // Before any snapshot names them.
  board_.attach(words);
  publisher_.now({});
}

void ControlPlane::door_closed(const std::string& why) {
  spdlog::warn("door event=closed why={}", log_value(why));
  // The door tells again and again why it is shut.
  if (door_trouble_ != why) record("datapath", "no datapath is connected: " + why);
  door_trouble_ = why;
  datapath_watch_.forget();
  board_.detach();
}

}  // namespace guideway
