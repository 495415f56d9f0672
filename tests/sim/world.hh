// SPDX-License-Identifier: Apache-2.0
// A world to test "remember only the exceptions" in: the real ledger and the real pipeline under a simulated clock,
// with clients whose flows open, talk, pause and close, and an operator and failures that change everything in between.
// A run is its seed. The truth of a flow is the backend that got its first packet: as long as that backend has been
// neither down nor removed by force, every later packet must go there.
#pragma once

#include <cstdint>
#include <deque>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "controlplane/compile/ledger.hh"
#include "controlplane/replay/memory_datapath.hh"

namespace guideway::sim {

struct WorldOptions {
  std::uint64_t seed = 1;
  Protocol protocol = Protocol::tcp;
  Scheduler scheduler = Scheduler::maglev;
  std::uint32_t backends = 8;
  std::uint32_t backends_max = 14;
  std::uint32_t opens_per_tick = 2;
  std::uint32_t table_slots = 251;
  std::uint32_t idle_ticks = 400;        // after which a silent flow may be forgotten
  std::uint32_t service_idle_ticks = 0;  // what the service is told instead, if not 0: a canary that must be caught
  std::string trace;                     // JSON lines for the independent model; empty: none
};

class World {
 public:
  explicit World(const WorldOptions& options);

  // One tick of 1/16 s: perhaps an event, then the flows' packets.
  void tick(bool with_events);
  // Ends faults: everybody up with full share, nobody draining.
  void calm();
  // Single events, for scenarios.
  void fail(const std::string& backend);
  void recover(const std::string& backend, double share = 1.0);

  [[nodiscard]] std::uint64_t violations() const noexcept { return violations_; }
  [[nodiscard]] const std::string& first_violation() const noexcept { return first_violation_; }
  [[nodiscard]] std::uint32_t remembered() const noexcept { return datapath_->flows().held(); }
  [[nodiscard]] std::uint32_t remembered_max() const noexcept { return remembered_max_; }
  [[nodiscard]] std::uint32_t moving_slots() const { return ledger_.moving_slots(); }
  [[nodiscard]] const gw_worker_counters& counters() const noexcept { return datapath_->counters(); }
  [[nodiscard]] std::uint64_t opened() const noexcept { return opened_; }
  [[nodiscard]] std::size_t live_flows() const noexcept { return flows_.size(); }
  // Openers that found their slot's backend not accepting since the world began.
  [[nodiscard]] std::uint64_t opened_elsewhere() const noexcept { return opened_elsewhere_; }
  [[nodiscard]] std::string backend_name(std::uint32_t number) const;

 private:
  struct Backend {
    std::uint32_t weight = 1;
    std::uint32_t state = GW_HEALTH_UP;
    double share = 1.0;
    std::uint32_t epoch = 0;  // raised whenever its flows may be lost
    bool leaving = false;
  };
  struct Flow {
    gw_flow_key key{};
    std::string backend;  // the truth
    std::uint32_t epoch = 0;
    std::uint32_t ends_at = 0;
    std::uint32_t last_packet_at = 0;
  };

  void event();
  void publish();
  void write_health();
  void retire();
  void open_flows();
  void talk();  // every flow speaks now and then, and at the latest just before it would be forgotten
  bool speak(Flow& flow);
  // The backend that a packet of the flow was sent to; empty if it was dropped.
  std::string send(const gw_flow_key& key, std::uint8_t tcp_flags);
  void trace_start();
  void trace_tables(const Compiled& compiled);
  void trace_packet(const gw_flow_key& key, std::uint8_t tcp_flags, const Packet& packet);
  [[nodiscard]] std::vector<std::string> names_in(std::uint32_t state) const;
  [[nodiscard]] double chance() { return std::uniform_real_distribution<double>(0, 1)(random_); }
  [[nodiscard]] std::uint32_t below(std::size_t limit) { return static_cast<std::uint32_t>(random_() % limit); }
  [[nodiscard]] std::int64_t now_ms() const noexcept { return std::int64_t{now_ticks_} * 1000 / GW_TICKS_PER_SECOND; }

  WorldOptions options_;
  std::mt19937_64 random_;
  std::ofstream trace_;
  Config config_;
  Ledger ledger_;
  std::unique_ptr<MemoryDatapath> datapath_;
  std::map<std::string, Backend> backends_;
  std::map<std::uint32_t, std::string> name_of_index_;
  std::map<std::uint32_t, std::uint64_t> traced_health_;
  std::deque<Flow> flows_;
  std::vector<std::byte> frame_;
  std::uint32_t now_ticks_ = 1;
  std::uint32_t next_backend_ = 0;
  std::uint64_t next_client_ = 0;
  std::uint64_t generation_ = 0;
  std::uint64_t opened_ = 0;
  std::uint64_t opened_elsewhere_ = 0;
  std::uint64_t violations_ = 0;
  std::uint32_t remembered_max_ = 0;
  std::string first_violation_;
};

}  // namespace guideway::sim
