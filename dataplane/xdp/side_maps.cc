// SPDX-License-Identifier: Apache-2.0
#include "dataplane/xdp/side_maps.hh"

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "dataplane/net/endian.hh"

namespace guideway {
namespace {

// Adds an element and remembers its key. BPF_ANY for what several services share.
template <typename Key, typename Value>
Result<void> put(int map, std::vector<Key>& keys, const Key& key, const Value& value, const char* what,
                 std::uint64_t flags) {
  if (bpf_map_update_elem(map, &key, &value, flags) != 0)
    return failure(std::string("cannot add ") + what + ": " + std::strerror(errno));
  keys.push_back(key);
  return {};
}

// What is shared stands among the keys more than once: that it is gone already is no error.
template <typename Key>
void take_away(int map, std::vector<Key>& keys) {
  for (const Key& key : keys) (void)bpf_map_delete_elem(map, &key);
  keys.clear();
}

template <typename Key>
void collect(int map, std::uint32_t side, std::vector<Key>& keys) {
  Key key{};
  for (bool has_next = bpf_map_get_next_key(map, nullptr, &key) == 0; has_next;) {
    if (key.side == side) keys.push_back(key);
    const Key before = key;
    has_next = bpf_map_get_next_key(map, &before, &key) == 0;
  }
}

}  // namespace

gw_xdp_service_key SideMaps::key_of(const gw_service_key& row) const noexcept {
  gw_xdp_service_key key{};
  std::memcpy(key.address, row.address, sizeof key.address);
  key.port_be16 = row.port_be16;
  key.protocol = row.protocol;
  key.family = row.family;
  key.prefix_bits = row.prefix_bits;
  key.side = static_cast<__u8>(side_);
  return key;
}

gw_xdp_prefix_key SideMaps::prefix_key(const __u8* address, __u8 family, __u32 bits, __u32 list) const noexcept {
  gw_xdp_prefix_key key{};
  key.bits = GW_XDP_PREFIX_BITS_BEFORE + bits;
  key.side = static_cast<__u8>(side_);
  key.family = family;
  key.list = static_cast<__u16>(list);
  std::memcpy(key.address, address, sizeof key.address);
  return key;
}

Result<void> SideMaps::add(const gw_xdp_service& service) {
  const gw_service& row = service.row;
  gw_xdp_service_key key = key_of(row.key);
  key.is_range = row.port_last != 0 ? 1 : 0;
  if (auto added = put(maps_.services, services_, key, service, "a service", BPF_NOEXIST); !added) return added;
  if (row.port_last != 0) {
    if (auto added = add_range(row); !added) return added;
  } else if (row.key.port_be16 == 0) {
    features_ |= GW_XDP_HAS_ANY_PORT;
  }
  return add_address(row.key);
}

Result<void> SideMaps::add_address(const gw_service_key& key) {
  if (key.prefix_bits < gw_address_bits(key.family)) {
    features_ |= GW_XDP_HAS_PREFIXES;
    return put(maps_.service_prefixes, service_prefixes_, prefix_key(key.address, key.family, key.prefix_bits, 0),
               __u32{key.prefix_bits}, "a service's prefix", BPF_ANY);
  }
  gw_xdp_service_key address = key_of(key);
  address.port_be16 = 0;
  address.protocol = 0;
  return put(maps_.service_addresses, addresses_, address, __u32{1}, "a service's address", BPF_ANY);
}

Result<void> SideMaps::add_range(const gw_service& row) {
  features_ |= GW_XDP_HAS_RANGES;
  gw_xdp_service_key key = key_of(row.key);
  key.port_be16 = 0;
  gw_xdp_port_ranges ranges{};
  (void)bpf_map_lookup_elem(maps_.port_ranges, &key, &ranges);  // others of that address and protocol
  if (ranges.count >= GW_PORT_RANGES_MAX)
    return failure("cannot add a service: more than " + std::to_string(GW_PORT_RANGES_MAX) + " ranges of its address");
  ranges.ranges[ranges.count++] = {be16::from_raw(row.key.port_be16).host(), row.port_last};
  return put(maps_.port_ranges, ranges_, key, ranges, "a range of ports", BPF_ANY);
}

Result<void> SideMaps::add(std::span<const gw_access_prefix> prefixes) {
  for (const gw_access_prefix& prefix : prefixes) {
    const auto key = prefix_key(prefix.address, prefix.family, prefix.bits, prefix.list);
    if (auto added = put(maps_.access_prefixes, access_prefixes_, key, __u32{prefix.allows},
                         "a prefix of an access list", BPF_ANY);
        !added)
      return added;
  }
  return {};
}

void SideMaps::adopt() {
  collect(maps_.services, side_, services_);
  collect(maps_.service_addresses, side_, addresses_);
  collect(maps_.port_ranges, side_, ranges_);
  collect(maps_.service_prefixes, side_, service_prefixes_);
  collect(maps_.access_prefixes, side_, access_prefixes_);
}

void SideMaps::clear() {
  take_away(maps_.services, services_);
  take_away(maps_.service_addresses, addresses_);
  take_away(maps_.port_ranges, ranges_);
  take_away(maps_.service_prefixes, service_prefixes_);
  take_away(maps_.access_prefixes, access_prefixes_);
  features_ = 0;
}

}  // namespace guideway
