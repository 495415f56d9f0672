// SPDX-License-Identifier: Apache-2.0
#include "controlplane/daemon/meters.hh"

#include <map>
#include <utility>

#include <boost/asio/post.hpp>

#include "controlplane/daemon/backup_choice.hh"
#include "controlplane/daemon/clock.hh"
#include "controlplane/daemon/population.hh"
#include "controlplane/daemon/version.hh"
#include "controlplane/metrics/exposition.hh"

namespace guideway {
namespace {

BackendMetrics backend_metrics(const Observed& observed, const BackendKey& key, const BackendRecord& record) {
  const HealthState health = HealthState::of_word(observed.board.word(record.index));
  BackendMetrics backend;
  backend.key = key;
  backend.state = name_of(health.state);
  backend.reason = name_of(health.reason);
  backend.is_up = health.state == GW_HEALTH_UP;
  backend.share = static_cast<double>(health.share) / GW_SHARE_FULL;
  backend.weight = record.config.weight;
  backend.is_leaving = record.leaving;
  const HealthBoard::Entry* entry = observed.board.find(record.index);
  if (entry != nullptr && entry->last_check && entry->last_check->outcome != ProbeOutcome::inconclusive)
    backend.check_latency_s = static_cast<double>(entry->last_check->latency_us) / 1e6;
  return backend;
}

void add_workers(const CounterTotals& totals, const CountersView& counters, MetricFacts& to) {
  for (std::uint32_t number = 0; number < counters.worker_count(); ++number) {
    const CounterTotals::Worker& worker = totals.workers().at(number);
    to.workers.push_back({worker.counters.total(), counters.worker(number).flows_remembered, worker.flows_highest});
  }
}

}  // namespace

Meters::Meters(boost::asio::io_context& io) : io_(io), started_at_s_(static_cast<double>(wall_ms()) / 1000.0) {}

Meters::~Meters() { writer_.join(); }

void Meters::follow(const Ledger& ledger, const Config& config, const CountersView* counters) {
  totals_.follow(ledger, config.services, counters);
  checks_.follow(ledger.backends());
}

void Meters::door_opened(const Ledger& ledger, const Config& config, const CountersView& counters) {
  ++connections_;
  follow(ledger, config, &counters);
}

void Meters::every_second(const CountersView* counters) {
  if (counters != nullptr) totals_.note_occupancy(*counters);
}

void Meters::published(PublishOutcome outcome) {
  if (outcome == PublishOutcome::accepted) ++accepted_;
  if (outcome == PublishOutcome::rejected) ++refused_;
  if (outcome == PublishOutcome::connection_lost) ++lost_;
}

void Meters::checked(const HealthBoard::Entry& entry, std::size_t number, const ProbeResult& result) {
  checks_.add(entry.key, check_at(entry.record.config, number).kind, result);
}

MetricFacts Meters::collect(const Observed& observed) const {
  MetricFacts facts;
  facts.version = version;
  facts.started_at_s = started_at_s_;
  facts.generation = observed.generation;
  facts.snapshots_accepted = accepted_;
  facts.snapshots_refused = refused_;
  facts.snapshots_lost = lost_;
  facts.warnings = observed.warnings.size();
  facts.edits = observed.intent.edits.size();
  facts.moving_slots = observed.ledger.moving_slots();
  facts.connections = connections_;
  facts.checks = checks_.kinds();
  if (const Datapath* datapath = observed.door.datapath(); datapath != nullptr) {
    facts.is_connected = true;
    facts.datapath = datapath->name;
    facts.flows_max = datapath->capacities.flows_max;
  }
  const CountersView* counters = observed.door.counters();
  if (counters != nullptr) {
    facts.cycles_per_second = counters->cycles_per_second();
    add_workers(totals_, *counters, facts);
  }
  std::map<std::string, Population> pools;
  for (const auto& [key, record] : observed.ledger.backends()) {
    BackendMetrics backend = backend_metrics(observed, key, record);
    backend.counters = totals_.backends().at(key).counters.total();
    backend.counters.remembered = counters == nullptr ? 0 : counters->backend(record.index).remembered;
    backend.checks = checks_.of(key);
    pools[key.pool].count(record, backend.is_up);
    facts.backends.push_back(std::move(backend));
  }
  for (const ServiceConfig& service : observed.intent.running.services) {
    const Population pool = pools[service.pool];
    const std::string& server = server_of(observed.ledger.serving(), service.pool);
    facts.services.push_back({service.name, totals_.services().at(service.name).total(), pool.backends, pool.up,
                              server != service.pool, pools[server].up});
  }
  return facts;
}

void Meters::scrape(const Observed& observed, Operations::Respond respond) {
  waiting_.push_back(std::move(respond));
  if (waiting_.size() > 1) return;
  totals_.follow(observed.ledger, observed.intent.running.services, observed.door.counters());
  boost::asio::post(writer_, [this, facts = collect(observed)] {
    boost::asio::post(io_, [this, text = exposition(facts)] { finish(text); });
  });
}

void Meters::finish(const std::string& text) {
  for (const Operations::Respond& respond : std::exchange(waiting_, {})) {
    Reply reply;
    reply.text = text;
    reply.content_type = exposition_type;
    respond(std::move(reply));
  }
}

}  // namespace guideway
