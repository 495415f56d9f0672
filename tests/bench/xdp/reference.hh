// SPDX-License-Identifier: Apache-2.0
// What the program is compared with (reference.bpf.c): a balancer that keeps every flow in the kernel's LRU hash and
// does the least besides, for the same services over the same number of backends.
#pragma once

#include <cstdint>
#include <memory>

#include "dataplane/base/result.hh"
#include "tests/bench/xdp/rows.hh"

struct gw_bench_reference;

namespace guideway::bench {

class Reference {
 public:
  // `room_flows`: what its hash holds at the most.
  [[nodiscard]] static Result<std::unique_ptr<Reference>> load(std::uint32_t room_flows);
  Reference(const Reference&) = delete;
  Reference& operator=(const Reference&) = delete;
  ~Reference();

  // Whether it knows what such a row needs: IPv4, TCP, IPIP.
  [[nodiscard]] static bool serves(const Row& row) noexcept;

  [[nodiscard]] int program_fd() const noexcept;
  // Since it was loaded.
  [[nodiscard]] std::uint64_t flows_inserted() const noexcept;

 private:
  explicit Reference(gw_bench_reference* skeleton) noexcept : skeleton_(skeleton) {}
  [[nodiscard]] Result<void> fill() const;

  gw_bench_reference* skeleton_;
};

}  // namespace guideway::bench
