// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/pipeline.hh"

#include "dataplane/pipeline/exits.hh"
#include "dataplane/pipeline/steps.hh"

namespace guideway {
namespace {

// Two buckets a poll go round a table of a million entries in some 65,000 polls: fractions of a second when busy.
constexpr std::uint32_t buckets_swept_per_poll = 2;

void reset(Burst& burst) noexcept {
  burst.active_count = burst.count;
  for (std::uint32_t i = 0; i < burst.count; ++i) {
    burst.active[i] = static_cast<std::uint8_t>(i);
    __builtin_prefetch(burst.packets[i].data);
  }
}

// Packets of one service tend to come together: their sums are written once for all of them.
class ServiceSum {
 public:
  void add(const Packet& packet, std::span<gw_service_counters> counters) noexcept {
    if (packet.service_id != service_id_) {
      write(counters);
      service_id_ = packet.service_id;
      packets_ = bytes_ = 0;
    }
    ++packets_;
    bytes_ += packet.ip_length_bytes;
  }
  void write(std::span<gw_service_counters> counters) const noexcept {
    if (packets_ == 0) return;
    add_to(counters[service_id_].packets, packets_);
    add_to(counters[service_id_].bytes, bytes_);
  }

 private:
  std::uint32_t service_id_ = 0;
  std::uint64_t packets_ = 0;
  std::uint64_t bytes_ = 0;
};

// Section 6: echo requests to service addresses, which parse set aside.
void answer_echoes(Burst& burst, const Snapshot& snapshot, Answers& answers) noexcept {
  if (!snapshot.answers_echo()) return;
  for (std::uint32_t i = 0; i < burst.count; ++i) {
    Packet& packet = burst.packets[i];
    if (packet.kind == PacketKind::echo) packet.exit = static_cast<std::uint8_t>(answers.echo(packet));
  }
}

}  // namespace

Pipeline::Pipeline(const Capacities& capacities, const HealthTable& health, Crew& crew, Crew::Member& own,
                   Fragments fragments, std::uint64_t random_seed)
    : crew_(crew),
      own_(own),
      health_(health),
      fragments_(std::move(fragments)),
      service_buckets_(capacities.services_max, gw_bucket{}),
      source_buckets_(GW_LIMIT_CELLS, gw_bucket{}),
      round_robin_cursors_(capacities.services_max, 0),
      random_state_(random_seed) {}

Result<Pipeline> Pipeline::create(const Capacities& capacities, const HealthTable& health, Crew& crew,
                                  WorkerCounters counters, std::uint64_t random_seed) {
  auto flows = FlowTable::create(capacities.flows_max, counters.backends, crew.wanderers());
  if (!flows) return failure_of(flows);
  auto fragments = Fragments::create();
  if (!fragments) return failure_of(fragments);
  Crew::Member& own = crew.join(std::move(*flows), counters);
  return Pipeline(capacities, health, crew, own, std::move(*fragments), random_seed);
}

Answers Pipeline::answers_for(const Snapshot& snapshot, std::uint32_t now_ticks) noexcept {
  return {answer_buckets_, snapshot.answer_rates(), crew_.worker_count(), now_ticks};
}

void Pipeline::run(Burst& burst, const Snapshot& snapshot, std::uint32_t now_ticks) noexcept {
  reset(burst);
  burst.received_bytes = 0;
  for (std::uint32_t i = 0; i < burst.count; ++i) burst.received_bytes += burst.packets[i].length_bytes;
  fragments_.expire(now_ticks);
  Answers answers = answers_for(snapshot, now_ticks);
  const Admission admission{snapshot, service_buckets_, source_buckets_, crew_.worker_count(), now_ticks};
  ChooseState choosing{own_.flows,           crew_,     health_, round_robin_cursors_, random_state_,
                       own_.counters.worker, admission, answers};

  parse(burst, snapshot.services());
  if (burst.echo_count != 0) answer_echoes(burst, snapshot, answers);
  match_service(burst, snapshot, hasher_);
  if (!snapshot.admits_everything()) admit(burst, admission);
  choose_backend(burst, choosing);
  forward(burst, snapshot, answers);
  if (burst.fragment_count != 0) fragments_.settle(burst, snapshot, health_, answers, now_ticks);
}

bool Pipeline::take_released(Burst& burst, const Snapshot& snapshot, std::uint32_t now_ticks) noexcept {
  Answers answers = answers_for(snapshot, now_ticks);
  return fragments_.take_released(burst, snapshot, health_, answers);
}

void Pipeline::give_up_held() noexcept { fragments_.give_up(); }

void Pipeline::count(const Burst& burst) noexcept {
  const WorkerCounters& counters = own_.counters;
  std::uint64_t sent_bytes = 0;
  std::uint32_t sent = 0;
  std::uint32_t held = 0;
  ServiceSum of_service;
  for (std::uint32_t i = 0; i < burst.count; ++i) {
    const Packet& packet = burst.packets[i];
    if (packet.exit != GW_EXIT_SENT) {
      if (packet.exit == GW_EXIT_HELD) {
        ++held;
        continue;
      }
      add_to(counters.worker.exits[packet.exit], 1);
      if (kind_of(packet.exit) == ExitKind::answered) sent_bytes += packet.length_bytes;
      continue;
    }
    ++sent;
    sent_bytes += packet.length_bytes;
    of_service.add(packet, counters.services);
    gw_backend_counters& backend = counters.backends[packet.backend];
    add_to(backend.packets, 1);
    add_to(backend.bytes, packet.ip_length_bytes);
    add_to(backend.opened, packet.opens_flow ? 1 : 0);  // in a flood it would be chance
  }
  of_service.write(counters.services);
  add_to(counters.worker.exits[GW_EXIT_SENT], sent);
  add_to(counters.worker.received_packets, burst.count - held);
  add_to(counters.worker.received_bytes, burst.received_bytes);
  add_to(counters.worker.sent_bytes, sent_bytes);
  __atomic_store_n(&counters.worker.flows_remembered, own_.flows.held(), __ATOMIC_RELAXED);
}

void Pipeline::sweep(std::uint32_t now_ticks) noexcept {
  fragments_.expire(now_ticks);
  add_to(own_.counters.worker.flows_expired, own_.flows.sweep(buckets_swept_per_poll, now_ticks));
  __atomic_store_n(&own_.counters.worker.flows_remembered, own_.flows.held(), __ATOMIC_RELAXED);
}

}  // namespace guideway
