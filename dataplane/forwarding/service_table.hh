// SPDX-License-Identifier: Apache-2.0
// Address, port and protocol -> service. Built once per snapshot, read by every worker, never changed.
// Open addressing at a load of at most one quarter; a service for any port is a second look-up under port 0.
#pragma once

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
  // Keys must differ from each other.
  explicit ServiceTable(std::vector<Service> services);

  // The service that a flow is addressed to: its exact port first, then any port. Null if there is none.
  [[nodiscard]] const Service* match(const gw_flow_key& flow) const noexcept;
  // Whether any service has the flow's destination address, whatever its port: for what has no port (fragments).
  [[nodiscard]] bool has_address(const gw_flow_key& flow) const noexcept;
  [[nodiscard]] std::span<const Service> all() const noexcept { return services_; }

 private:
  std::vector<Service> services_;
  ServiceKeyIndex by_key_;
  ServiceKeyIndex by_address_;  // keys with port and protocol 0
  bool any_port_exists_;
};

}  // namespace guideway
