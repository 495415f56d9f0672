// SPDX-License-Identifier: Apache-2.0
#include "dataplane/forwarding/service_table.hh"

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>
#include <utility>

#include "dataplane/base/check.hh"
#include "dataplane/net/endian.hh"
#include "ebpf/abi/source.h"

namespace guideway {
namespace {

gw_service_key destination_key(const gw_flow_key& flow) noexcept {
  gw_service_key key{};
  std::memcpy(key.address, flow.destination, sizeof key.address);
  key.port_be16 = flow.destination_port_be16;
  key.protocol = flow.protocol;
  key.family = flow.family;
  key.prefix_bits = gw_address_bits(flow.family);
  return key;
}

gw_service_key without_port(gw_service_key key) noexcept {
  key.port_be16 = 0;
  return key;
}

gw_service_key address_of(gw_service_key key) noexcept {
  key.port_be16 = 0;
  key.protocol = 0;
  return key;
}

bool is_range(const Service& service) noexcept { return service.row.port_last != 0; }

// The first line of its row; and half of the first cache of today's processors.
constexpr std::size_t near_bytes_a_service = 64;
constexpr std::size_t near_bytes_max = 16384;

// Of what `key_of` makes of the services that `counts`, each once.
template <typename Counts, typename KeyOf>
ServiceKeyIndex index_of(std::span<const Service> services, Counts counts, KeyOf key_of) {
  const auto count = static_cast<std::size_t>(std::count_if(services.begin(), services.end(), counts));
  ServiceKeyIndex index(count);
  std::vector<gw_service_key> keys;
  keys.reserve(count);
  for (const Service& service : services) {
    if (!counts(service)) continue;
    const gw_service_key key = key_of(service.row.key);
    if (index.add(ServiceKeyWords::of(key))) keys.push_back(key);
  }
  // Where many share a key, in less room.
  return keys.size() == count ? std::move(index) : ServiceKeyIndex(keys);
}

ServiceKeyIndex index_of(std::span<const Service> services) {
  ServiceKeyIndex index(services.size());
  for (const Service& service : services)
    check(index.add(ServiceTable::key_in_index(service.row)), "keys of services differ");
  return index;
}

}  // namespace

ServiceKeyIndex::ServiceKeyIndex(std::size_t keys_max)
    : cells_(std::bit_ceil(keys_max * 4 + 2), absent),
      shift_(64 - static_cast<std::uint32_t>(std::countr_zero(cells_.size()))) {
  check(keys_max < absent, "no more services than a cell can number");
  keys_.reserve(keys_max);
}

ServiceKeyIndex::ServiceKeyIndex(std::span<const gw_service_key> keys) : ServiceKeyIndex(keys.size()) {
  for (const gw_service_key& key : keys) check(add(ServiceKeyWords::of(key)), "keys differ");
}

bool ServiceKeyIndex::add(const ServiceKeyWords& key) {
  const std::uint64_t hash = key.hash();
  std::uint32_t cell = first_cell(hash);
  for (; cells_[cell] != absent; cell = behind(cell)) {
    const std::uint32_t position = cells_[cell] ^ kept_of(hash);
    if (position < absent && keys_[position] == key) return false;
  }
  cells_[cell] = kept_of(hash) | static_cast<std::uint32_t>(keys_.size());
  keys_.push_back(key);
  return true;
}

std::uint32_t ServiceKeyIndex::find(const gw_service_key& key) const noexcept {
  const ServiceKeyWords words = ServiceKeyWords::of(key);
  return find(words.hash(), [&](std::uint32_t position) noexcept { return keys_[position] == words; });
}

std::uint32_t ServiceKeyIndex::longest_walk() const noexcept {
  std::uint32_t longest = 0;
  std::uint32_t run = 0;
  // Once more round the end, where a run may go on. At a quarter full there is always an empty cell.
  for (std::size_t i = 0; i < 2 * cells_.size(); ++i) {
    run = (cells_[i % cells_.size()] & absent) != absent ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest + 1;
}

// Braces, so that the index is made of the services before they move.
ServiceTable::ServiceTable(std::vector<Service> services) : ServiceTable{index_of(services), std::move(services)} {}

ServiceTable::ServiceTable(ServiceKeyIndex by_key, std::vector<Service> services)
    : services_(std::move(services)),
      by_key_(std::move(by_key)),
      by_address_(index_of(
          services_, [](const Service&) { return true; }, address_of)),
      with_ranges_(index_of(services_, is_range, without_port)),
      any_port_exists_(std::any_of(services_.begin(), services_.end(),
                                   [](const Service& service) { return service.row.key.port_be16 == 0; })),
      is_near_(by_key_.length_bytes() + services_.size() * near_bytes_a_service <= near_bytes_max) {
  for (std::uint32_t position = 0; position < services_.size(); ++position) {
    const gw_service& row = services_[position].row;
    if (row.key.prefix_bits < gw_address_bits(row.key.family))
      prefix_bits_.at(row.key.family == GW_FAMILY_IPV4 ? 0 : 1).push_back(row.key.prefix_bits);
    if (!is_range(services_[position])) continue;
    const std::uint32_t group = with_ranges_.find(without_port(row.key));
    if (ranges_.size() <= group) ranges_.resize(group + 1);
    ranges_[group].push_back({be16::from_raw(row.key.port_be16).host(), row.port_last, position});
  }
  for (auto& lengths : prefix_bits_) {
    std::sort(lengths.begin(), lengths.end(), std::greater<>());
    lengths.erase(std::unique(lengths.begin(), lengths.end()), lengths.end());
  }
}

const Service* ServiceTable::match_range(const gw_service_key& exact) const noexcept {
  const std::uint32_t group = with_ranges_.find(without_port(exact));
  if (group == ServiceKeyIndex::absent) return nullptr;
  const std::uint16_t port = be16::from_raw(exact.port_be16).host();
  for (const PortRange& range : ranges_[group])
    if (range.first <= port && port <= range.last) return &services_[range.position];
  return nullptr;
}

const Service* ServiceTable::match_at(const gw_service_key& exact) const noexcept {
  const std::uint32_t position = by_key_.find(exact);
  if (position != ServiceKeyIndex::absent) return &services_[position];
  if (!ranges_.empty()) {
    if (const Service* service = match_range(exact)) return service;
  }
  if (!any_port_exists_) return nullptr;
  const std::uint32_t of_any_port = by_key_.find(without_port(exact));
  return of_any_port == ServiceKeyIndex::absent ? nullptr : &services_[of_any_port];
}

bool ServiceTable::widen_to_prefix(gw_service_key& key) const noexcept {
  gw_service_key wide = address_of(key);
  for (const std::uint8_t bits : prefix_bits_[key.family == GW_FAMILY_IPV4 ? 0 : 1]) {
    const gw_source masked = gw_mask_source(key.address, key.family, bits);
    std::memcpy(wide.address, masked.words, sizeof wide.address);
    wide.prefix_bits = bits;
    if (!by_address_.holds(wide)) continue;
    std::memcpy(key.address, wide.address, sizeof key.address);
    key.prefix_bits = bits;
    return true;
  }
  return false;
}

const Service* ServiceTable::match_widely(const gw_flow_key& flow) const noexcept {
  gw_service_key key = destination_key(flow);
  if (const Service* service = match_at(key)) return service;
  return widen_to_prefix(key) ? match_at(key) : nullptr;
}

bool ServiceTable::has_address(const gw_flow_key& flow) const noexcept {
  gw_service_key key = destination_key(flow);
  return by_address_.holds(address_of(key)) || widen_to_prefix(key);
}

}  // namespace guideway
