// SPDX-License-Identifier: Apache-2.0
// The rows of the table: which packets, to which service, what must become of them, and how long that may take.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ebpf/abi/exits.h"
#include "tests/bench/xdp/bed.hh"
#include "tests/bench/xdp/plan.h"

namespace guideway::bench {

inline constexpr std::uint64_t every_flow = std::uint64_t{1} << 32U;

enum class Traffic { established, syn, udp };

struct Row {
  std::string name;
  ServiceKind service = ServiceKind::ipip;
  Traffic traffic = Traffic::established;
  std::uint64_t flows = 1;
  double target = 0;  // multiples of the floor with head adjustment; 0: none is set
  bool is_ipv6 = false;
  bool has_service = true;
  bool is_remembered = false;            // each flow is opened and established before
  std::uint32_t room_flows = 1U << 20U;  // the flow table's
};

// In an order in which no row needs an empty flow table behind one that fills it, but for those whose flows are
// remembered: each of them does. At most `flows_max` flows a row.
[[nodiscard]] std::vector<Row> rows(std::uint64_t flows_max);

[[nodiscard]] gw_bench_plan plan_of(const Row& row);
// By which it must leave.
[[nodiscard]] inline gw_exit exit_of(const Row& row) {
  return row.has_service ? GW_EXIT_SENT : GW_EXIT_KERNEL_NO_SERVICE;
}
// Whether the flow table must be asked for each packet, instead of none.
[[nodiscard]] inline bool asks_flow_table(const Row& row) {
  return row.service == ServiceKind::followed || row.service == ServiceKind::udp;
}

}  // namespace guideway::bench
