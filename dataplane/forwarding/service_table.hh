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
#include "ebpf/abi/limits.h"
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
  // Keys are the operator's own, so nothing secret is needed, only that keys in any order spread like chance: both
  // halves of a product, folded (service_key_index_test.cc). The addresses that packets bring only decide which cell is
  // read first, and at a quarter full a walk is short.
  [[nodiscard]] std::uint64_t hash() const noexcept {
    __extension__ using Product = unsigned __int128;
    const Product product = Product{high ^ 0xff51afd7ed558ccdULL} * (low + rest * 0x9e3779b97f4a7c15ULL);
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
  }
  friend bool operator==(const ServiceKeyWords&, const ServiceKeyWords&) = default;
};

// Key -> position, for keys that are all different. Its size is fixed when it is made. A cell is a position and as much
// of the hash as fits beside it into four bytes, so that the index of 10,000 keys stays in a core's own cache; the key
// itself is compared where it lies.
class ServiceKeyIndex {
 public:
  static constexpr std::uint32_t absent = (1U << 17U) - 1;
  static_assert(GW_SERVICES_MAX < absent);
  // Empty, with room for that many: fewer than `absent`.
  explicit ServiceKeyIndex(std::size_t keys_max);
  explicit ServiceKeyIndex(std::span<const gw_service_key> keys);
  // Gives the key the next position; false, and nothing else, if it has one already.
  [[nodiscard]] bool add(const ServiceKeyWords& key);
  void prefetch(std::uint64_t hash) const noexcept { __builtin_prefetch(&cells_[first_cell(hash)]); }
  // The first position under this hash, not yet compared; for prefetching.
  [[nodiscard]] std::uint32_t guess(std::uint64_t hash) const noexcept { return cells_[first_cell(hash)] & absent; }
  // The position under this hash that `is_it`.
  template <typename IsIt>
  [[nodiscard]] std::uint32_t find(std::uint64_t hash, IsIt is_it) const noexcept {
    for (std::uint32_t cell = first_cell(hash);; cell = behind(cell)) {
      const std::uint32_t position = cells_[cell] ^ kept_of(hash);  // if what is kept there is ours
      if (position < absent && is_it(position)) return position;
      if (cells_[cell] == absent) return absent;
    }
  }
  [[nodiscard]] std::uint32_t find(const gw_service_key& key) const noexcept;
  [[nodiscard]] bool holds(const gw_service_key& key) const noexcept { return find(key) != absent; }
  // The cells that a look-up reads at most, whatever it looks for: a run of full ones, and the empty one behind it.
  [[nodiscard]] std::uint32_t longest_walk() const noexcept;
  [[nodiscard]] std::size_t length_bytes() const noexcept { return cells_.size() * sizeof cells_[0]; }

 private:
  [[nodiscard]] std::uint32_t behind(std::uint32_t cell) const noexcept {
    return cell + 1 == cells_.size() ? 0 : cell + 1;
  }
  // The high bits say the cell, the middle ones are what is kept of the hash.
  [[nodiscard]] std::uint32_t first_cell(std::uint64_t hash) const noexcept {
    return static_cast<std::uint32_t>(hash >> shift_);
  }
  [[nodiscard]] static std::uint32_t kept_of(std::uint64_t hash) noexcept {
    return static_cast<std::uint32_t>(hash >> 24U) << 17U;
  }
  std::vector<std::uint32_t> cells_;  // a power of two of them, two or more
  std::vector<ServiceKeyWords> keys_;
  std::uint32_t shift_;
};

class ServiceTable {
 public:
  ServiceTable() : ServiceTable(std::vector<Service>{}) {}
  // Keys and last ports must differ from each other.
  explicit ServiceTable(std::vector<Service> services);
  // For who has found out that they do: `by_key` has the key_in_index() of each, in their order.
  ServiceTable(ServiceKeyIndex by_key, std::vector<Service> services);
  // Differs where key or last port do. What a packet is addressed to looks like the key of no range.
  [[nodiscard]] static ServiceKeyWords key_in_index(const gw_service& row) noexcept {
    ServiceKeyWords words = ServiceKeyWords::of(row.key);
    words.rest |= std::uint64_t{row.port_last} << 40U;  // where `zero` is
    return words;
  }

  // The service that a flow is addressed to: of its very address, else of the longest prefix that holds it; there the
  // exact port first, then a range, then any port. Null if there is none.
  [[nodiscard]] const Service* match(const gw_flow_key& flow) const noexcept {
    const ServiceKeyWords key = ServiceKeyWords::of(flow);
    return match(flow, key, key.hash());
  }
  // The same for who has made key and hash already.
  [[nodiscard]] const Service* match(const gw_flow_key& flow, const ServiceKeyWords& key,
                                     std::uint64_t hash) const noexcept {
    const std::uint32_t position = by_key_.find(hash, [&](std::uint32_t at) noexcept {
      const gw_service& row = services_[at].row;
      return row.port_last == 0 && ServiceKeyWords::of(row.key) == key;
    });
    return position != ServiceKeyIndex::absent ? &services_[position] : match_widely(flow);
  }
  // What match() reads in two steps, for all packets of a burst at once: the second may be taken when what the first
  // has sent for is there. Few services are near anyway.
  [[nodiscard]] bool is_near() const noexcept { return is_near_; }
  void send_for_cell(std::uint64_t hash) const noexcept { by_key_.prefetch(hash); }
  void send_for_row(std::uint64_t hash) const noexcept {
    const std::uint32_t guess = by_key_.guess(hash);
    __builtin_prefetch(&services_[guess != ServiceKeyIndex::absent ? guess : 0]);
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
  bool is_near_;  // all of it that match() reads fits the first cache, beside other things
};

}  // namespace guideway
