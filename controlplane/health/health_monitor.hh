// SPDX-License-Identifier: Apache-2.0
// Runs the checks of all backends on one io_context (single-threaded): the schedule decides when, the probes find
// out, and every user of a target hears every result. It keeps no health itself; that is BackendHealth's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "controlplane/config/schema.hh"
#include "controlplane/health/check_pace.hh"
#include "controlplane/health/check_target.hh"
#include "controlplane/health/probe_result.hh"
#include "dataplane/net/address.hh"

namespace boost::asio {
class io_context;
}

namespace guideway {

class HealthMonitor {
 public:
  struct Target {
    std::uint32_t id = 0;  // the caller's own, handed back with each result
    IpAddress address;
    std::uint16_t port = 0;  // where the check names none
    CheckConfig check;       // kind none: never probed
    std::optional<CheckWay> way{};
  };
  // May call set_targets() and stop(), and may destroy the monitor.
  using OnResult = std::function<void(std::uint32_t id, const ProbeResult& result)>;

  // `seed` places probes in time. Probes that would exceed `running_max`, or half of the process' limit of open
  // files, wait for others to end.
  HealthMonitor(boost::asio::io_context& io, OnResult on_result, std::uint64_t seed, std::size_t running_max = 4096);
  HealthMonitor(const HealthMonitor&) = delete;
  HealthMonitor& operator=(const HealthMonitor&) = delete;
  ~HealthMonitor();  // stops

  // Replaces the set. Targets that stay are not disturbed: neither their place in time nor a probe under way.
  // A probe that is under way for a target that went away ends without a result.
  void set_targets(const std::vector<Target>& targets);
  // How closely a target is watched from now on; a target of several users follows the one that wants it most closely.
  void set_pace(std::uint32_t id, CheckPace pace);
  // Ends all probes without a result; nothing is called any more and the io_context has no work of the monitor left.
  void stop();

  [[nodiscard]] std::size_t distinct_targets() const;
  [[nodiscard]] std::size_t running() const;

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace guideway
