// SPDX-License-Identifier: Apache-2.0
#include "dataplane/forwarding/service_table.hh"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace guideway {
namespace {

std::uint32_t hash_of(const gw_service_key& key) noexcept {
  // Keys are the operator's own, so a plain mix serves; the addresses that packets bring only decide which cell is
  // read first, and at a quarter full a walk is short.
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::uint32_t rest = 0;
  std::memcpy(&high, key.address, 8);
  std::memcpy(&low, key.address + 8, 8);
  std::memcpy(&rest, &key.port_be16, 4);
  return static_cast<std::uint32_t>(gw_mix(high ^ gw_mix(low) ^ (std::uint64_t{rest} << 32U)));
}

bool same(const gw_service_key& a, const gw_service_key& b) noexcept { return std::memcmp(&a, &b, sizeof a) == 0; }

gw_service_key destination_key(const gw_flow_key& flow, __be16 port_be16, std::uint8_t protocol) noexcept {
  gw_service_key key;
  std::memcpy(key.address, flow.destination, sizeof key.address);
  key.port_be16 = port_be16;
  key.protocol = protocol;
  key.family = flow.family;
  return key;
}

std::vector<gw_service_key> keys_of(std::span<const Service> services) {
  std::vector<gw_service_key> keys;
  keys.reserve(services.size());
  for (const Service& service : services) keys.push_back(service.row.key);
  return keys;
}

std::vector<gw_service_key> addresses_of(std::span<const Service> services) {
  std::vector<gw_service_key> keys = keys_of(services);
  for (gw_service_key& key : keys) {
    key.port_be16 = 0;
    key.protocol = 0;
  }
  const auto before = [](const gw_service_key& a, const gw_service_key& b) {
    return std::memcmp(&a, &b, sizeof a) < 0;
  };
  std::sort(keys.begin(), keys.end(), before);
  keys.erase(std::unique(keys.begin(), keys.end(), same), keys.end());
  return keys;
}

}  // namespace

ServiceKeyIndex::ServiceKeyIndex(std::span<const gw_service_key> keys)
    : cells_(std::bit_ceil(keys.size() * 4 + 1), Cell{{}, absent}),
      mask_(static_cast<std::uint32_t>(cells_.size()) - 1) {
  std::uint32_t position = 0;
  for (const gw_service_key& key : keys) {
    std::uint32_t cell = hash_of(key) & mask_;
    while (cells_[cell].position != absent) cell = (cell + 1) & mask_;
    cells_[cell] = {key, position++};
  }
}

std::uint32_t ServiceKeyIndex::find(const gw_service_key& key) const noexcept {
  std::uint32_t cell = hash_of(key) & mask_;
  while (cells_[cell].position != absent && !same(cells_[cell].key, key)) cell = (cell + 1) & mask_;
  return cells_[cell].position;
}

ServiceTable::ServiceTable(std::vector<Service> services)
    : services_(std::move(services)),
      by_key_(keys_of(services_)),
      by_address_(addresses_of(services_)),
      any_port_exists_(std::any_of(services_.begin(), services_.end(),
                                   [](const Service& service) { return service.row.key.port_be16 == 0; })) {}

const Service* ServiceTable::match(const gw_flow_key& flow) const noexcept {
  gw_service_key key = destination_key(flow, flow.destination_port_be16, flow.protocol);
  std::uint32_t position = by_key_.find(key);
  if (position == ServiceKeyIndex::absent && any_port_exists_) {
    key.port_be16 = 0;
    position = by_key_.find(key);
  }
  return position == ServiceKeyIndex::absent ? nullptr : &services_[position];
}

bool ServiceTable::has_address(const gw_flow_key& flow) const noexcept {
  return by_address_.find(destination_key(flow, 0, 0)) != ServiceKeyIndex::absent;
}

}  // namespace guideway
