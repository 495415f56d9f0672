// SPDX-License-Identifier: Apache-2.0
// The driver (driver.bpf.c) in the kernel: runs a program on many packets and tells the time of one.
#pragma once

#include <cstdint>
#include <memory>

#include "dataplane/base/result.hh"
#include "tests/bench/xdp/plan.h"

struct gw_bench_driver;

namespace guideway::bench {

class Driver {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Driver>> load();
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;
  ~Driver();

  // Programs that do nothing, the second but to make room in front of the frame.
  [[nodiscard]] int pass_fd() const noexcept;
  [[nodiscard]] int move_head_fd() const noexcept;

  // Nanoseconds a packet, driver included. At least `packets` of them go through the program; it fails if one of them
  // gets another action or another length than planned.
  [[nodiscard]] Result<double> run(int program_fd, const gw_bench_plan& plan, std::uint64_t packets);
  // How many packets the last run was.
  [[nodiscard]] std::uint64_t packets() const noexcept { return packets_; }

 private:
  explicit Driver(gw_bench_driver* skeleton) noexcept : skeleton_(skeleton) {}
  [[nodiscard]] Result<void> aim(int program_fd) const;
  [[nodiscard]] Result<void> check(const gw_bench_plan& plan) const;

  gw_bench_driver* skeleton_;
  std::uint64_t packets_ = 0;
};

}  // namespace guideway::bench
