// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/worker.hh"

#include <sys/prctl.h>

#include <ctime>

#include "dataplane/base/check.hh"
#include "dataplane/pipeline/exits.hh"
#include "ebpf/abi/limits.h"

namespace guideway {
namespace {

void sleep_us(std::uint32_t duration_us) noexcept {
  const timespec duration{0, static_cast<long>(duration_us) * 1000};
  ::nanosleep(&duration, nullptr);  // a signal may end it early: then there is one more poll
}

}  // namespace

std::uint32_t monotonic_ticks() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);  // answered in user space
  constexpr std::int64_t nanoseconds_per_tick = 1'000'000'000 / GW_TICKS_PER_SECOND;
  return static_cast<std::uint32_t>(now.tv_sec * GW_TICKS_PER_SECOND + now.tv_nsec / nanoseconds_per_tick);
}

Worker::Worker(std::uint32_t index, SnapshotCell& snapshots, Pipeline pipeline, WorkerCounters counters,
               std::vector<WorkerPort> ports, const IdleSettings& idle, std::uint64_t cycles_per_second,
               const Capture& capture)
    : index_(index),
      snapshots_(snapshots),
      pipeline_(std::move(pipeline)),
      counters_(counters),
      ports_(std::move(ports)),
      idle_(idle),
      telemetry_(counters.worker, cycles_per_second),
      capture_(capture),
      to_port_(ports_.size()) {
  for (const WorkerPort& port : ports_) check(port.queue != nullptr, "every port has a queue");
  telemetry_.begin(read_cycles());
}

void Worker::run(const std::atomic<bool>& stop) noexcept {
  ::prctl(PR_SET_TIMERSLACK, 1000UL, 0UL, 0UL, 0UL);  // the default of 50 us would be most of a short sleep
  snapshots_.join(index_);
  telemetry_.begin(read_cycles());
  while (!stop.load(std::memory_order_relaxed)) {
    const std::uint32_t duration_us = idle_.sleep_us_after(poll(monotonic_ticks()));
    if (duration_us == 0) continue;
    snapshots_.leave(index_);  // nobody waits for a sleeper
    sleep_us(duration_us);
    telemetry_.count_time(false, read_cycles());
    snapshots_.join(index_);
  }
  snapshots_.leave(index_);
}

bool Worker::poll(std::uint32_t now_ticks) noexcept {
  const Snapshot& snapshot = snapshots_.enter(index_);
  bool found = false;
  for (std::size_t number = 0; number < ports_.size(); ++number) {
    WorkerPort& port = ports_[number];
    port.queue->receive(burst_);
    if (burst_.count != 0) {
      found = true;
      run_burst(number, snapshot, now_ticks);
    }
    if (port.kernel_face == nullptr) continue;
    port.kernel_face->receive(burst_);
    if (burst_.count == 0) continue;
    found = true;
    pass_on_from_kernel(port);
  }
  pipeline_.sweep(now_ticks);
  send_released(snapshot, now_ticks);
  answer_question(now_ticks);
  add_to(counters_.worker.loops, 1);
  if (found) add_to(counters_.worker.busy_loops, 1);
  telemetry_.count_time(found, read_cycles());
  return found;
}

void Worker::run_burst(std::size_t port_number, const Snapshot& snapshot, std::uint32_t now_ticks) noexcept {
  const std::uint64_t timed_from = telemetry_.count_burst(burst_.count) ? read_cycles() : 0;
  for (std::uint32_t i = 0; i < burst_.count; ++i)
    burst_.packets[i].ingress_port = static_cast<std::uint8_t>(port_number);
  const bool captures = capture_.is_wished(now_ticks);
  if (captures) [[unlikely]] {
    // What a former packet left in its place would look like this one's.
    for (std::uint32_t i = 0; i < burst_.count; ++i) burst_.packets[i].service = nullptr;
    capture_.take_received(burst_);
  }
  pipeline_.run(burst_, snapshot, now_ticks);
  dispatch(ports_[port_number], captures);
  if (timed_from != 0) telemetry_.count_latency(read_cycles() - timed_from);
  pipeline_.count(burst_);
  send_released(snapshot, now_ticks);
}

void Worker::send_released(const Snapshot& snapshot, std::uint32_t now_ticks) noexcept {
  while (pipeline_.take_released(burst_, snapshot, now_ticks)) {
    dispatch(ports_[burst_.packets[0].ingress_port], capture_.is_wished(now_ticks));
    pipeline_.count(burst_);
  }
}

void Worker::dispatch(WorkerPort& from, bool captures) noexcept {
  if (captures) [[unlikely]]
    capture_.take_leaving(burst_);
  sort_by_exit(from.kernel_face != nullptr);
  for (std::size_t number = 0; number < ports_.size(); ++number)
    hand_over(to_port_[number], *ports_[number].queue, *from.queue, GW_EXIT_DROP_TX_FULL);
  if (to_kernel_.count != 0) hand_over(to_kernel_, *from.kernel_face, *from.queue, GW_EXIT_DROP_KERNEL_FULL);
  if (dropped_.count != 0) from.queue->release(dropped_.all());
  dropped_.count = 0;
  // Now exits are certain: a queue that is full has turned some.
  if (captures) [[unlikely]]
    capture_.publish(burst_);
}

void Worker::sort_by_exit(bool has_kernel_face) noexcept {
  for (std::uint32_t i = 0; i < burst_.count; ++i) {
    Packet& packet = burst_.packets[i];
    if (packet.exit == GW_EXIT_HELD) continue;  // the pipeline has its buffer
    const ExitKind kind = kind_of(packet.exit);
    if (kind == ExitKind::sent || kind == ExitKind::answered) {
      if (packet.egress_port < to_port_.size()) {
        to_port_[packet.egress_port].add(packet);
        continue;
      }
      // The snapshot names a port that this datapath does not have: as good as no next hop.
      packet.exit = GW_EXIT_DROP_UNRESOLVED;
    } else if (kind == ExitKind::kernel) {
      if (has_kernel_face) {
        to_kernel_.add(packet);
        continue;
      }
      packet.exit = GW_EXIT_DROP_KERNEL_FULL;
    }
    dropped_.add(packet);
  }
}

void Worker::hand_over(PacketList& list, PortQueue& to, PortQueue& from, std::uint8_t exit_if_full) noexcept {
  if (list.count == 0) return;
  const std::uint32_t taken = to.send(list.all());
  const std::span<Packet* const> left = list.all().subspan(taken);
  for (Packet* packet : left) packet->exit = exit_if_full;
  if (!left.empty()) from.release(left);
  list.count = 0;
}

void Worker::pass_on_from_kernel(WorkerPort& port) noexcept {
  for (std::uint32_t i = 0; i < burst_.count; ++i) to_kernel_.add(burst_.packets[i]);
  const std::uint32_t taken = port.queue->send(to_kernel_.all());
  const std::span<Packet* const> left = to_kernel_.all().subspan(taken);
  if (!left.empty()) port.kernel_face->release(left);
  add_to(counters_.worker.from_kernel_packets, taken);
  add_to(counters_.worker.from_kernel_dropped, left.size());
  to_kernel_.count = 0;
}

void Worker::answer_question(std::uint32_t now_ticks) noexcept {
  FlowQuestion* question = mailbox_.look();
  if (question == nullptr) return;
  std::optional<RememberedFlow> found;
  if (const gw_flow_entry* entry = pipeline_.flows().peek(question->hash); entry != nullptr) {
    const std::uint32_t remaining_ticks = FlowTable::remaining_ticks(*entry, now_ticks);
    if (remaining_ticks != 0)
      found = RememberedFlow{FlowTable::backend_of(*entry), FlowTable::state_of(*entry), remaining_ticks};
  }
  FlowMailbox::answer(*question, found);
}

}  // namespace guideway
