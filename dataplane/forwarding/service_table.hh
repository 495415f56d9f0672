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

class ServiceTable {
 public:
  ServiceTable() : ServiceTable(std::vector<Service>{}) {}
  // Keys must differ from each other.
  explicit ServiceTable(std::vector<Service> services);

  // The service that a flow is addressed to: its exact port first, then any port. Null if there is none.
  [[nodiscard]] const Service* match(const gw_flow_key& flow) const noexcept;
  [[nodiscard]] std::span<const Service> all() const noexcept { return services_; }

 private:
  [[nodiscard]] const Service* find(const gw_service_key& key) const noexcept;
  std::vector<Service> services_;
  std::vector<std::uint32_t> cells_;  // index into services_ plus one; 0 is free; size a power of two
  std::uint32_t mask_ = 0;
  bool any_port_exists_ = false;
};

}  // namespace guideway
