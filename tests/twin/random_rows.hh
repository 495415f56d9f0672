// SPDX-License-Identifier: Apache-2.0
// Random snapshots with everything that a row can say: all modes, schedulers, policies and flags, ranges and prefixes,
// access lists and limits. Addresses and ports are those of tests/twin/frame_maker.hh.
#pragma once

#include <cstdint>
#include <random>

#include "controlplane/compile/ledger.hh"
#include "tests/support/snapshot_bytes.hh"

namespace guideway::twin {

inline constexpr std::uint32_t rows_services_max = 256;
inline constexpr std::uint32_t rows_backends_max = 16;

class RandomRows {
 public:
  explicit RandomRows(std::mt19937& random) : random_(random) {}
  // Another world each time. Table ids are never used twice.
  [[nodiscard]] Compiled next();

 private:
  std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(random_()) % limit; }
  bool one_in(std::uint32_t count) { return below(count) == 0; }

  void add_address(std::uint8_t family, const std::vector<std::uint8_t>& address, std::uint8_t bits);
  void add_service(const gw_service_key& key, std::uint16_t port, std::uint16_t port_last);
  void choose_scheduler(gw_service& row);
  void choose_guards(gw_service& row);
  void add_backend(std::uint32_t index);
  void add_access_list(std::uint32_t list);
  [[nodiscard]] std::vector<gw_slot> slots();

  std::mt19937& random_;
  testing_support::SnapshotRows rows_;
  std::uint64_t generation_ = 0;
  std::uint64_t tables_made_ = 0;
};

}  // namespace guideway::twin
