// SPDX-License-Identifier: Apache-2.0
// From the decision that a backend is down to the first packet that obeys: a worker's pipeline at full load on one
// thread, the health board of guidewayd on another. Prints JSON; times are in microseconds.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <thread>
#include <vector>

#include "controlplane/daemon/health_board.hh"
#include "tests/bench/pipeline_rig.hh"

namespace guideway {
namespace {

using Clock = std::chrono::steady_clock;

std::int64_t now_ns() { return Clock::now().time_since_epoch().count(); }

// What the worker did, and when.
struct Watch {
  std::atomic<std::int64_t> last_sent_ns{0};  // the end of the newest burst of which a packet went to backend 0
  std::atomic<std::int64_t> obeyed_ns{0};     // the end of the first without one, once this was set to `awaited`
  std::atomic<bool> stop{false};
};
constexpr std::int64_t awaited = -1;

void work(PipelineRig& rig, Watch& watch) {
  while (!watch.stop.load(std::memory_order_relaxed)) {
    const bool is_asked = watch.obeyed_ns.load(std::memory_order_acquire) == awaited;
    rig.run_burst();
    const Burst& burst = rig.burst();
    const bool sent = std::any_of(burst.packets.begin(), burst.packets.begin() + burst.count,
                                  [](const Packet& packet) { return packet.backend == 0; });
    if (sent) watch.last_sent_ns.store(now_ns(), std::memory_order_release);
    if (!sent && is_asked) watch.obeyed_ns.store(now_ns(), std::memory_order_release);
  }
}

ProbeResult result(ProbeOutcome outcome) {
  ProbeResult result;
  result.outcome = outcome;
  result.latency_us = 1;
  return result;
}

// Microseconds from before the board hears of the failed check to the end of the first burst that obeys.
double flip_us(HealthBoard& board, Watch& watch, std::int64_t now_ms) {
  board.check_result(0, result(ProbeOutcome::ok), now_ms);
  const std::int64_t up_ns = now_ns();
  while (watch.last_sent_ns.load(std::memory_order_acquire) <= up_ns) std::this_thread::yield();
  watch.obeyed_ns.store(awaited, std::memory_order_release);
  const std::int64_t began_ns = now_ns();
  board.check_result(0, result(ProbeOutcome::failed), now_ms);
  std::int64_t obeyed_ns = awaited;
  while ((obeyed_ns = watch.obeyed_ns.load(std::memory_order_acquire)) == awaited) std::this_thread::yield();
  return static_cast<double>(obeyed_ns - began_ns) / 1000.0;
}

int run(std::uint32_t flips) {
  // Two backends, so that every burst has packets of either.
  PipelineRig rig({.backends = 2});
  Config config;
  PoolConfig pool;
  pool.name = "pool";
  std::map<BackendKey, BackendRecord> records;
  for (std::uint32_t i = 0; i < 2; ++i) {
    BackendRecord record;
    record.index = i;
    record.generation = 1;
    record.config.name = std::to_string(i);
    record.config.check.kind = CheckKind::tcp;
    record.config.check.port = 80;
    record.config.check.fall = record.config.check.rise = 1;
    pool.backends.push_back(record.config);
    pool.health.flap_hold_ms = 0;
    records[{"pool", record.config.name}] = record;
  }
  config.pools = {pool};
  HealthBoard board([](const HealthBoard::Entry&, const HealthState&) {});
  board.sync(records, config, 0);
  board.attach(rig.datapath().health());
  for (const std::uint32_t index : {0U, 1U}) {
    board.set_resolved(index, true, 0);
    board.check_result(index, result(ProbeOutcome::ok), 0);
  }
  Watch watch;
  std::vector<double> times;
  {
    std::jthread worker([&] { work(rig, watch); });
    for (std::uint32_t i = 0; i < flips; ++i) times.push_back(flip_us(board, watch, 1000 + i));
    watch.stop = true;
  }
  std::sort(times.begin(), times.end());
  std::printf("{\"flips\": %u, \"us\": {\"median\": %.2f, \"p99\": %.2f, \"worst\": %.2f}}\n", flips,
              times[times.size() / 2], times[times.size() * 99 / 100], times.back());
  return 0;
}

}  // namespace
}  // namespace guideway

int main(int argc, char** argv) {
  const long flips = argc > 1 ? std::strtol(argv[1], nullptr, 10) : 1000;
  return guideway::run(static_cast<std::uint32_t>(flips > 0 ? flips : 1));
}
