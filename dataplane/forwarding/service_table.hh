// SPDX-License-Identifier: Apache-2.0
// Address, port and protocol -> service. Built once per snapshot, read by every worker, never changed.
// Open addressing at a load of at most one quarter. What a snapshot does not have (ranges of ports, services for any
// port, prefixes) is not looked for.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "ebpf/abi/flow_key.h"
#include "ebpf/abi/service.h"
#include "ebpf/abi/slot.h"

namespace guideway {

// A service row beside the slots of its table.
struct Service {
  gw_service row{};
  const gw_slot* slots = nullptr;
  std::uint32_t slot_count = 0;
};

// Key -> position, for keys that are all different. Size and load are fixed when it is built.
class ServiceKeyIndex {
 public:
  static constexpr std::uint32_t absent = 0xffffffffU;
  explicit ServiceKeyIndex(std::span<const gw_service_key> keys);
  [[nodiscard]] std::uint32_t find(const gw_service_key& key) const noexcept;
  [[nodiscard]] bool holds(const gw_service_key& key) const noexcept { return find(key) != absent; }

 private:
  struct Cell {
    gw_service_key key;
    std::uint32_t position;  // absent: the cell is free
  };
  std::vector<Cell> cells_;  // a power of two of them
  std::uint32_t mask_;
};

class ServiceTable {
 public:
  ServiceTable() : ServiceTable(std::vector<Service>{}) {}
  // Keys and last ports must differ from each other.
  explicit ServiceTable(std::vector<Service> services);

  // The service that a flow is addressed to: of its very address, else of the longest prefix that holds it; there the
  // exact port first, then a range, then any port. Null if there is none.
  [[nodiscard]] const Service* match(const gw_flow_key& flow) const noexcept;
  // Whether any service has the flow's destination address, alone or in a prefix, whatever its port: for what has no
  // port.
  [[nodiscard]] bool has_address(const gw_flow_key& flow) const noexcept;
  [[nodiscard]] std::span<const Service> all() const noexcept { return services_; }

 private:
  struct PortRange {
    std::uint16_t first;
    std::uint16_t last;
    std::uint32_t position;
  };
  [[nodiscard]] const Service* match_at(const gw_service_key& exact) const noexcept;
  [[nodiscard]] const Service* match_range(const gw_service_key& exact) const noexcept;
  // Turns the address of `key` into the longest prefix that holds it; false if none does.
  [[nodiscard]] bool widen_to_prefix(gw_service_key& key) const noexcept;

  std::vector<Service> services_;
  ServiceKeyIndex by_key_;       // all but ranges
  ServiceKeyIndex by_address_;   // keys with port and protocol 0, prefixes included
  ServiceKeyIndex with_ranges_;  // keys with port 0 -> place in ranges_
  std::vector<std::vector<PortRange>> ranges_;
  std::array<std::vector<std::uint8_t>, 2> prefix_bits_;  // of IPv4, of IPv6: the lengths there are, longest first
  bool any_port_exists_;
};

}  // namespace guideway
