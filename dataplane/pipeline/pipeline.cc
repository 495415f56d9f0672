// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/pipeline.hh"

#include "dataplane/net/tcp.hh"
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

}  // namespace

Pipeline::Pipeline(FlowTable flows, const HealthTable& health, WorkerCounters counters, std::uint32_t services_max)
    : flows_(std::move(flows)), health_(health), counters_(counters), round_robin_cursors_(services_max, 0) {}

Result<Pipeline> Pipeline::create(const Capacities& capacities, const HealthTable& health, WorkerCounters counters) {
  auto flows = FlowTable::create(capacities.flows_max, counters.backends);
  if (!flows) return failure_of(flows);
  return Pipeline(std::move(*flows), health, counters, capacities.services_max);
}

void Pipeline::run(Burst& burst, const Snapshot& snapshot, std::uint32_t now_ticks) noexcept {
  reset(burst);
  std::uint64_t received_bytes = 0;
  for (std::uint32_t i = 0; i < burst.count; ++i) received_bytes += burst.packets[i].length_bytes;
  add_to(counters_.worker.received_bytes, received_bytes);

  parse(burst, snapshot.services());
  match_service(burst, snapshot);
  choose_backend(burst, {flows_, health_, round_robin_cursors_, counters_.worker}, now_ticks);
  forward(burst, snapshot);
}

void Pipeline::count(const Burst& burst) noexcept {
  add_to(counters_.worker.received_packets, burst.count);
  std::uint64_t sent_bytes = 0;
  for (std::uint32_t i = 0; i < burst.count; ++i) {
    const Packet& packet = burst.packets[i];
    add_to(counters_.worker.exits[packet.exit], 1);
    if (packet.exit != GW_EXIT_SENT) continue;
    sent_bytes += packet.length_bytes;
    gw_service_counters& service = counters_.services[packet.service->row.id];
    add_to(service.packets, 1);
    add_to(service.bytes, packet.ip_length_bytes);
    gw_backend_counters& backend = counters_.backends[packet.backend];
    add_to(backend.packets, 1);
    add_to(backend.bytes, packet.ip_length_bytes);
    if (packet.opens_flow) add_to(backend.opened, 1);
  }
  add_to(counters_.worker.sent_bytes, sent_bytes);
  __atomic_store_n(&counters_.worker.flows_remembered, flows_.held(), __ATOMIC_RELAXED);
}

void Pipeline::sweep(std::uint32_t now_ticks) noexcept {
  add_to(counters_.worker.flows_expired, flows_.sweep(buckets_swept_per_poll, now_ticks));
  __atomic_store_n(&counters_.worker.flows_remembered, flows_.held(), __ATOMIC_RELAXED);
}

}  // namespace guideway
