// SPDX-License-Identifier: Apache-2.0
// Two workers on two cores against one: whole workers (worker.cc), each with a port of its own in memory, of one
// datapath. In turns each works alone and both work together; printed are nanoseconds a packet by the processor time
// of the threads and by the clock on the wall, and by how much two are faster than one. Without a second core, only
// that it works.
//
//     workers-bench [TURNS]
#include <sched.h>

#include <algorithm>
#include <array>
#include <barrier>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <thread>
#include <vector>

#include "controlplane/replay/load_compiled.hh"
#include "dataplane/worker/cycles.hh"
#include "dataplane/worker/shared_blocks.hh"
#include "dataplane/worker/worker.hh"
#include "tests/bench/scene.hh"

namespace guideway {
namespace {

constexpr std::uint32_t workers_max = 2;
constexpr double turn_seconds = 0.02;

// Gives the next frames of the ring, and takes everything.
class RingPort final : public PortQueue {
 public:
  RingPort(const RingScene& scene, std::uint32_t first_flow) : ring_(scene, first_flow) {}
  void receive(Burst& burst) noexcept override { ring_.take_burst(burst); }
  [[nodiscard]] std::uint32_t send(std::span<Packet* const> packets) noexcept override {
    return static_cast<std::uint32_t>(packets.size());
  }
  void release(std::span<Packet* const>) noexcept override {}

 private:
  FrameRing ring_;
};

class TwoWorkers {
 public:
  explicit TwoWorkers(const Scene& scene)
      : capacities_(scene.capacities()),
        health_(*HealthBlock::create(capacities_)),
        counters_(*CountersBlock::create(capacities_, workers_max, cycles_per_second)),
        compiled_(scene),
        cell_(std::move(*load_compiled(compiled_.snapshot(), tables_, capacities_)), workers_max) {
    for (std::uint32_t i = 0; i < scene.backends; ++i) health_.table().store(i, compiled_.health_of(i));
    for (std::uint32_t i = 0; i < workers_max; ++i) {
      ports_.at(i) = std::make_unique<RingPort>(scene.ring(), i * scene.flows);
      auto pipeline = Pipeline::create(capacities_, health_.table(), crew_, counters_.worker(i));
      check(pipeline.has_value(), "there is memory for a pipeline");
      workers_.at(i) = std::make_unique<Worker>(i, cell_, std::move(*pipeline), counters_.worker(i),
                                                std::vector<WorkerPort>{{ports_.at(i).get(), nullptr}}, IdleSettings{},
                                                cycles_per_second);
    }
  }

  // Polls until that time has passed.
  void work(std::uint32_t worker, std::uint64_t duration_cycles) noexcept {
    cell_.join(worker);
    const std::uint64_t begin = read_cycles();
    do {
      for (std::uint32_t i = 0; i < 64; ++i) workers_.at(worker)->poll(now_ticks);
    } while (read_cycles() - begin < duration_cycles);
    cell_.leave(worker);
  }
  [[nodiscard]] std::uint64_t sent(std::uint32_t worker) const {
    return counters_.worker(worker).worker.exits[GW_EXIT_SENT];
  }
  [[nodiscard]] bool sent_everything() const {
    for (std::uint32_t i = 0; i < workers_max; ++i)
      if (sent(i) == 0 || sent(i) != counters_.worker(i).worker.received_packets) return false;
    return true;
  }
  static inline const std::uint64_t cycles_per_second = measure_cycles_per_second();

 private:
  static constexpr std::uint32_t now_ticks = 100;
  Capacities capacities_;
  HealthBlock health_;
  CountersBlock counters_;
  CompiledScene compiled_;
  TableStore tables_;
  SnapshotCell cell_;
  Crew crew_{workers_max};
  std::array<std::unique_ptr<RingPort>, workers_max> ports_;
  std::array<std::unique_ptr<Worker>, workers_max> workers_;
};

double seconds_of(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Packets a second of one worker in one turn.
struct Rate {
  double by_processor_time = 0;
  double by_wall = 0;
};

// One turn: worker 0 alone, worker 1 alone, both.
struct Turn {
  std::array<Rate, workers_max> alone;
  std::array<Rate, workers_max> together;
};

Rate rate_of(TwoWorkers& workers, std::uint32_t worker, double seconds) {
  const std::uint64_t sent_before = workers.sent(worker);
  const double processor_before = seconds_of(CLOCK_THREAD_CPUTIME_ID);
  const double wall_before = seconds_of(CLOCK_MONOTONIC);
  workers.work(worker, static_cast<std::uint64_t>(seconds * static_cast<double>(TwoWorkers::cycles_per_second)));
  const double processor = seconds_of(CLOCK_THREAD_CPUTIME_ID) - processor_before;
  const double wall = seconds_of(CLOCK_MONOTONIC) - wall_before;
  const auto packets = static_cast<double>(workers.sent(worker) - sent_before);
  return {packets / processor, packets / wall};
}

std::vector<Turn> take_turns(TwoWorkers& workers, std::size_t count) {
  std::vector<Turn> turns(count);
  std::barrier everybody(workers_max);
  const auto body = [&](std::uint32_t self) {
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(self, &only);
    (void)::sched_setaffinity(0, sizeof only, &only);  // refused: then the kernel chooses
    rate_of(workers, self, 10 * turn_seconds);         // caches and flow tables are as they stay
    for (Turn& turn : turns) {
      for (std::uint32_t other = 0; other < workers_max; ++other) {
        everybody.arrive_and_wait();
        if (other == self) turn.alone.at(self) = rate_of(workers, self, turn_seconds);
      }
      everybody.arrive_and_wait();
      turn.together.at(self) = rate_of(workers, self, turn_seconds);
    }
  };
  std::thread second(body, 1U);
  body(0);
  second.join();
  return turns;
}

template <typename Value>
double median(const std::vector<Turn>& turns, Value value) {
  std::vector<double> values;
  values.reserve(turns.size());
  for (const Turn& turn : turns) values.push_back(value(turn));
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void print(const char* name, const std::vector<Turn>& turns, const char* clock, double Rate::*rate) {
  const auto ns = [&](auto of, std::size_t worker) {
    return median(turns, [&](const Turn& turn) { return 1e9 / ((turn.*of)[worker].*rate); });
  };
  const double ratio = median(turns, [&](const Turn& turn) {
    const double one = (turn.alone[0].*rate + turn.alone[1].*rate) / 2;
    return (turn.together[0].*rate + turn.together[1].*rate) / one;
  });
  std::printf("%-20s %-14s alone %5.1f %5.1f ns, together %5.1f %5.1f ns a packet: two are %.3f times one\n", name,
              clock, ns(&Turn::alone, 0), ns(&Turn::alone, 1), ns(&Turn::together, 0), ns(&Turn::together, 1), ratio);
}

}  // namespace
}  // namespace guideway

int main(int argc, char** argv) {
  using namespace guideway;
  const long wanted = argc > 1 ? std::strtol(argv[1], nullptr, 10) : 50;
  if (wanted < 1) {
    std::fprintf(stderr, "workers-bench: %s is no number of turns\n", argv[1]);
    return 2;
  }
  for (const auto& [name, scene] : {std::pair("maglev/flows:64k", Scene{}),
                                    {"maglev/flows:1M", Scene{.flows = 1U << 20U}},
                                    {"follows/flows:64k", Scene{.scheduler = Scheduler::round_robin}}}) {
    TwoWorkers workers(scene);
    const auto turns = take_turns(workers, static_cast<std::size_t>(wanted));
    print(name, turns, "processor time", &Rate::by_processor_time);
    print(name, turns, "wall", &Rate::by_wall);
    if (!workers.sent_everything()) {
      std::fprintf(stderr, "workers-bench: packets did not go where they belong\n");
      return 1;
    }
  }
  return 0;
}
