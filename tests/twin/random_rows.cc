// SPDX-License-Identifier: Apache-2.0
#include "tests/twin/random_rows.hh"

#include <algorithm>
#include <array>
#include <cstring>

#include "dataplane/net/endian.hh"
#include "ebpf/abi/source.h"

namespace guideway::twin {
namespace {

constexpr std::uint32_t tables = 3;
constexpr std::uint32_t access_lists = 3;

std::uint8_t address_bits(std::uint8_t family) { return family == GW_FAMILY_IPV4 ? 32 : 128; }

void mask(std::uint8_t* address, std::uint8_t family, std::uint32_t bits) {
  const gw_source masked = gw_mask_source(address, family, bits);
  std::memcpy(address, masked.words, 16);
}

}  // namespace

Compiled RandomRows::next() {
  rows_ = {};
  rows_.generation = ++generation_;
  rows_.hash_key = {random_(), random_()};
  for (std::uint8_t host = 0; host < 4; ++host) {
    if (!one_in(4)) add_address(GW_FAMILY_IPV4, {10, 1, 0, host}, 32);
    if (!one_in(4)) add_address(GW_FAMILY_IPV6, {0xfd, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, host}, 128);
  }
  if (!one_in(3)) {
    add_address(GW_FAMILY_IPV4, {10, 2}, 16);
    add_address(GW_FAMILY_IPV4, {10, 2, 1}, 24);
    add_address(GW_FAMILY_IPV6, {0xfd, 0, 0, 2}, 48);
    add_address(GW_FAMILY_IPV6, {0xfd, 0, 0, 2, 0, 0, 0, 1}, 64);
    if (one_in(4)) add_address(GW_FAMILY_IPV4, {}, 0);
  }
  for (std::uint32_t i = 0; i < rows_backends_max; ++i) {
    if (!one_in(8)) add_backend(i);
  }
  for (std::uint32_t list = 1; list <= access_lists; ++list) add_access_list(list);
  constexpr std::array<std::uint32_t, 4> rates{0, 1, 30, 100000};
  rows_.answers = {rates[below(4)], rates[below(4)], rates[below(4)]};
  rows_.flags = one_in(4) ? GW_SNAPSHOT_ECHO_TO_KERNEL : 0;

  Compiled compiled;
  compiled.generation = rows_.generation;
  for (std::uint32_t i = 0; i < tables; ++i) {
    const std::uint64_t id = ++tables_made_;
    rows_.tables.push_back(id);
    compiled.tables.push_back(
        {id, std::make_shared<const std::vector<std::byte>>(testing_support::table_bytes(id, slots()))});
  }
  compiled.snapshot = testing_support::snapshot_bytes(rows_);
  return compiled;
}

void RandomRows::add_address(std::uint8_t family, const std::vector<std::uint8_t>& address, std::uint8_t bits) {
  gw_service_key key{};
  std::copy(address.begin(), address.end(), key.address);
  key.family = family;
  key.prefix_bits = bits;
  for (const std::uint8_t protocol : {std::uint8_t{6}, std::uint8_t{17}}) {
    key.protocol = protocol;
    for (const std::uint16_t port : std::array<std::uint16_t, 4>{80, 53, 8000, 8050}) {
      if (one_in(2)) add_service(key, port, 0);
    }
    if (one_in(2)) add_service(key, 8000, one_in(2) ? 8049 : 8100);
    if (rows_.services.empty() || rows_.services.back().port_last == 8049) add_service(key, 8055, 8100);
    if (one_in(3)) add_service(key, 0, 0);
  }
}

void RandomRows::add_service(const gw_service_key& key, std::uint16_t port, std::uint16_t port_last) {
  gw_service row{};
  row.key = key;
  row.key.port_be16 = be16(port).raw();
  row.port_last = port_last;
  row.id = static_cast<std::uint32_t>(rows_.services.size());
  row.table = below(tables);
  row.policy = static_cast<std::uint8_t>(below(GW_POLICY_COUNT));
  row.idle_ticks = 16 + below(200);
  row.opening_ticks = 1 + below(100);
  row.closing_ticks = 1 + below(50);
  row.dscp = static_cast<std::uint8_t>(below(64));
  choose_scheduler(row);
  choose_guards(row);
  if (row.id < rows_services_max) rows_.services.push_back(row);
}

void RandomRows::choose_scheduler(gw_service& row) {
  row.scheduler = static_cast<std::uint8_t>(one_in(2) ? 0 : below(GW_SCHEDULER_COUNT));
  row.source_bits = static_cast<std::uint8_t>(1 + below(address_bits(row.key.family)));
  const bool is_consistent = gw_scheduler_is_consistent(row.scheduler) != 0;
  if (row.key.protocol == 17) {
    constexpr std::array<std::uint16_t, 3> modes{GW_SERVICE_FOLLOWS_EVERY_FLOW, GW_SERVICE_REMEMBERS_NOTHING,
                                                 GW_SERVICE_REMEMBERS_NOTHING | GW_SERVICE_PER_PACKET};
    row.flags = modes[below(3)];
  } else if (!is_consistent || one_in(4)) {
    row.flags = GW_SERVICE_FOLLOWS_EVERY_FLOW;
  }
}

void RandomRows::choose_guards(gw_service& row) {
  if (one_in(3)) {
    row.access_list = 1 + below(access_lists + 1);  // the last list has no lines
    if (one_in(2)) row.flags |= GW_SERVICE_DENIES_BY_DEFAULT;
  }
  if (one_in(4)) {
    row.flow_rate = 1 + below(200);
    row.flow_burst = 1 + below(50);
  }
  if (one_in(4)) {
    row.source_flow_rate = 1 + below(50);
    row.source_flow_burst = 1 + below(20);
    row.limit_source_bits = static_cast<std::uint8_t>(1 + below(address_bits(row.key.family)));
  }
}

void RandomRows::add_backend(std::uint32_t index) {
  const bool is_ipv4 = one_in(2);
  gw_backend row = testing_support::backend_row(index, 0, static_cast<gw_forward>(below(GW_FORWARD_COUNT)));
  row.family = is_ipv4 ? GW_FAMILY_IPV4 : GW_FAMILY_IPV6;
  row.flags = static_cast<std::uint8_t>(below(8));
  if (!one_in(8)) row.flags |= GW_BACKEND_RESOLVED;
  constexpr std::array<std::uint16_t, 5> mtus{1500, 1500, 1400, 120, 30};
  row.mtu_bytes = mtus[below(5)];
  row.vlan = static_cast<std::uint16_t>(one_in(2) ? 1 + below(4094) : 0);
  row.weight = static_cast<std::uint16_t>(1 + below(5));
  row.tunnel_id = 1 + below(65535);
  if (row.forward == GW_FORWARD_GRE) row.tunnel_id = static_cast<std::uint32_t>(random_());
  for (std::uint32_t i = 0; i < (is_ipv4 ? 4U : 16U); ++i) {
    row.address[i] = static_cast<std::uint8_t>(random_());
    row.outer_source[i] = static_cast<std::uint8_t>(random_());
  }
  // A packet to its own destination: a checksum that stays what it is.
  if (is_ipv4 && one_in(4)) std::memcpy(row.address, std::array<std::uint8_t, 4>{10, 1, 0, 1}.data(), 4);
  row.outer_source_bits = static_cast<std::uint8_t>(is_ipv4 ? below(33) : 64 + below(65));
  mask(row.outer_source, row.family, row.outer_source_bits);
  rows_.backends.push_back(row);
}

void RandomRows::add_access_list(std::uint32_t list) {
  for (std::uint32_t left = below(6); left > 0; --left) {
    gw_access_prefix row{};
    const bool is_ipv4 = one_in(2);
    const std::array<std::uint8_t, 4> ipv4{172, 16, static_cast<std::uint8_t>(below(2)),
                                           static_cast<std::uint8_t>(below(7))};
    std::array<std::uint8_t, 16> ipv6{0xfd, 1};
    ipv6[7] = static_cast<std::uint8_t>(below(2));
    ipv6[15] = static_cast<std::uint8_t>(below(7));
    if (is_ipv4) {
      std::copy(ipv4.begin(), ipv4.end(), row.address);
    } else {
      std::copy(ipv6.begin(), ipv6.end(), row.address);
    }
    row.list = list;
    row.family = is_ipv4 ? GW_FAMILY_IPV4 : GW_FAMILY_IPV6;
    row.bits = static_cast<std::uint8_t>(one_in(2) ? address_bits(row.family) : below(address_bits(row.family) + 1U));
    row.allows = static_cast<std::uint8_t>(below(2));
    mask(row.address, row.family, row.bits);
    const bool is_there =
        std::any_of(rows_.access_prefixes.begin(), rows_.access_prefixes.end(), [&](const auto& other) {
          return other.list == row.list && other.family == row.family && other.bits == row.bits &&
                 std::memcmp(other.address, row.address, sizeof row.address) == 0;
        });
    if (!is_there) rows_.access_prefixes.push_back(row);
  }
}

std::vector<gw_slot> RandomRows::slots() {
  const std::uint32_t first = below(rows_backends_max);
  const std::uint32_t count = 1 + below(6);
  std::vector<gw_slot> made(one_in(2) ? 251 : 509);
  for (gw_slot& slot : made) {
    slot.current_backend = one_in(30) ? GW_NO_BACKEND : (first + below(count)) % rows_backends_max;
    slot.home_backend = one_in(4) ? (first + below(count)) % rows_backends_max : slot.current_backend;
    if (one_in(40)) slot.home_backend = GW_NO_BACKEND;
  }
  if (one_in(10)) std::fill(made.begin(), made.end(), gw_slot{GW_NO_BACKEND, GW_NO_BACKEND});
  return made;
}

}  // namespace guideway::twin
