// SPDX-License-Identifier: Apache-2.0
// DPDK's environment: memory, pinned threads and devices. Started once, with nothing left behind in the file system.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/base/result.hh"
#include "dataplane/ports/port_spec.hh"
#include "dataplane/worker/core_plan.hh"

namespace guideway {

class Worker;

struct EalSettings {
  CorePlan cores;
  bool huge_pages = true;
  std::uint32_t memory_mb = 512;
  std::vector<PortSpec> devices;  // ports and members of ports
};

class Eal {
 public:
  // Pins the calling thread to the main core. Virtual devices are not made yet: see attach().
  [[nodiscard]] static Result<Eal> start(const EalSettings& settings);
  Eal(Eal&& other) noexcept;
  Eal& operator=(Eal&&) = delete;
  Eal(const Eal&) = delete;
  Eal& operator=(const Eal&) = delete;
  ~Eal();

  // Makes the device, if it is a virtual one, and gives its number.
  [[nodiscard]] Result<std::uint16_t> attach(const PortSpec& spec);
  // Runs the worker on its own pinned thread until `stop`.
  [[nodiscard]] Result<void> launch(Worker& worker, const std::atomic<bool>& stop);
  // Waits until all launched workers have returned.
  void wait_for_workers();

 private:
  Eal() = default;
  using Launch = std::pair<Worker*, const std::atomic<bool>*>;
  std::vector<std::unique_ptr<Launch>> launches_;
  bool owned_ = true;
};

}  // namespace guideway
