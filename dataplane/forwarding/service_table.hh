// SPDX-License-Identifier: Apache-2.0
// Address, port and protocol -> service. Built once per snapshot, read by every worker, never changed.
// Open addressing at a load of at most one quarter. What a snapshot does not have (ranges of ports, services for any
// port, prefixes) is not looked for.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "ebpf/abi/flow_key.h"
#include "ebpf/abi/service.h"
#include "ebpf/abi/slot.h"

namespace guideway {

// A service row beside the slots of its table. What a packet of a plain slot needs (slots, key, id, flags, DSCP) lies
// in one cache line.
struct alignas(64) Service {
  const gw_slot* slots = nullptr;
  std::uint32_t slot_count = 0;
  gw_service row{};
};
static_assert(offsetof(Service, row) + offsetof(gw_service, dscp) < 64);

// A service key as three words, which is how it is compared and hashed: put together in registers, never read back in
// another width than it was written.
struct ServiceKeyWords {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::uint64_t rest = 0;  // port, protocol, family, prefix_bits, zero

  [[nodiscard]] static ServiceKeyWords of(const gw_service_key& key) noexcept {
    return std::bit_cast<ServiceKeyWords>(key);
  }
  // Of the very address, port and protocol that a flow is addressed to.
  [[nodiscard]] static ServiceKeyWords of(const gw_flow_key& flow) noexcept {
    ServiceKeyWords words;
    std::memcpy(&words.high, flow.destination, 8);
    std::memcpy(&words.low, flow.destination + 8, 8);
    words.rest = flow.destination_port_be16 | std::uint64_t{flow.protocol} << 16U | std::uint64_t{flow.family} << 24U |
                 std::uint64_t{gw_address_bits(flow.family)} << 32U;
    return words;
  }
  // Keys are the operator's own, so a plain mix serves; the addresses that packets bring only decide which cell is
  // read first, and at a quarter full a walk is short.
  [[nodiscard]] std::uint64_t hash() const noexcept { return gw_mix(high ^ gw_mix(low + rest)); }
  friend bool operator==(const ServiceKeyWords&, const ServiceKeyWords&) = default;
};

// Key -> position, for keys that are all different. Size and load are fixed when it is built. A cell is a position and
// as much of the hash as fits beside it, so that the index of 10,000 keys stays in a core's own cache; the key itself
// is compared where it lies.
class ServiceKeyIndex {
 public:
  static constexpr std::uint32_t absent = 0xffffffffU;
  explicit ServiceKeyIndex(std::span<const gw_service_key> keys);
  void prefetch(std::uint64_t hash) const noexcept { __builtin_prefetch(&cells_[first_cell(hash)]); }
  // The first position under this hash, not yet compared; for prefetching.
  [[nodiscard]] std::uint32_t guess(std::uint64_t hash) const noexcept { return cells_[first_cell(hash)].position; }
  // The position under this hash that `is_it`.
  template <typename IsIt>
  [[nodiscard]] std::uint32_t find(std::uint64_t hash, IsIt is_it) const noexcept {
    for (std::uint32_t cell = first_cell(hash);; cell = (cell + 1) & mask_) {
      const Cell& seen = cells_[cell];
      if (seen.position == absent || (seen.tag == tag_of(hash) && is_it(seen.position))) return seen.position;
    }
  }
  [[nodiscard]] std::uint32_t find(const gw_service_key& key) const noexcept;
  [[nodiscard]] bool holds(const gw_service_key& key) const noexcept { return find(key) != absent; }

 private:
  struct Cell {
    std::uint32_t tag;
    std::uint32_t position;  // absent: the cell is free
  };
  [[nodiscard]] std::uint32_t first_cell(std::uint64_t hash) const noexcept {
    return static_cast<std::uint32_t>(hash) & mask_;
  }
  [[nodiscard]] static std::uint32_t tag_of(std::uint64_t hash) noexcept {
    return static_cast<std::uint32_t>(hash >> 32U);
  }
  std::vector<Cell> cells_;  // a power of two of them
  std::vector<ServiceKeyWords> keys_;
  std::uint32_t mask_;
};

class ServiceTable {
 public:
  ServiceTable() : ServiceTable(std::vector<Service>{}) {}
  // Keys and last ports must differ from each other.
  explicit ServiceTable(std::vector<Service> services);

  // The service that a flow is addressed to: of its very address, else of the longest prefix that holds it; there the
  // exact port first, then a range, then any port. Null if there is none.
  [[nodiscard]] const Service* match(const gw_flow_key& flow) const noexcept { return match(flow, ask(flow)); }

  // The same in three stages, so that what each reads is on its way for all packets of a burst at once.
  struct Question {
    ServiceKeyWords key;
    std::uint64_t hash;
  };
  [[nodiscard]] Question ask(const gw_flow_key& flow) const noexcept {
    const ServiceKeyWords key = ServiceKeyWords::of(flow);
    const Question question{key, key.hash()};
    by_key_.prefetch(question.hash);
    return question;
  }
  void approach(const Question& question) const noexcept {
    const std::uint32_t guess = by_key_.guess(question.hash);
    if (guess != ServiceKeyIndex::absent) __builtin_prefetch(&services_[guess]);
  }
  [[nodiscard]] const Service* match(const gw_flow_key& flow, const Question& question) const noexcept {
    const std::uint32_t position = by_key_.find(question.hash, [&](std::uint32_t at) noexcept {
      const gw_service& row = services_[at].row;
      return row.port_last == 0 && ServiceKeyWords::of(row.key) == question.key;
    });
    return position != ServiceKeyIndex::absent ? &services_[position] : match_widely(flow);
  }
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
  // What no service of the very address, port and protocol claims.
  [[nodiscard]] const Service* match_widely(const gw_flow_key& flow) const noexcept;
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
