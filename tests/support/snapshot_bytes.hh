// SPDX-License-Identifier: Apache-2.0
// Snapshots and tables as they lie in memory that goes through the door, put together row by row. For tests only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "ebpf/abi/flow_key.h"
#include "ebpf/abi/snapshot.h"

namespace guideway::testing_support {

using Bytes = std::vector<std::byte>;

template <typename T>
void append(Bytes& bytes, const T& value) {
  const std::size_t at = bytes.size();
  bytes.resize(at + sizeof value);
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

inline Bytes table_bytes(std::uint64_t table_id, std::span<const gw_slot> slots) {
  Bytes bytes;
  append(bytes, gw_table_header{GW_TABLE_MAGIC, GW_ABI_VERSION, table_id, static_cast<__u32>(slots.size()), 0});
  for (const gw_slot& slot : slots) append(bytes, slot);
  return bytes;
}

// The smallest table there is: backends 0 to backend_count - 1 in turn.
inline std::vector<gw_slot> slots_in_turn(std::uint32_t backend_count) {
  std::vector<gw_slot> slots(GW_TABLE_SLOTS_MIN);
  for (std::uint32_t i = 0; i < slots.size(); ++i) slots[i] = {i % backend_count, i % backend_count};
  return slots;
}

struct SnapshotRows {
  std::uint64_t generation = 1;
  gw_hash_key hash_key{1, 2};
  std::vector<gw_service> services;
  std::vector<gw_backend> backends;
  std::vector<std::uint64_t> tables;
  std::vector<gw_access_prefix> access_prefixes;
  gw_answer_rates answers{1000, 1000, 1000};
  std::uint32_t flags = 0;
};

inline Bytes snapshot_bytes(const SnapshotRows& rows) {
  Bytes bytes;
  append(bytes, gw_snapshot_header{GW_SNAPSHOT_MAGIC, GW_ABI_VERSION, rows.generation, rows.hash_key,
                                   static_cast<__u32>(rows.services.size()), static_cast<__u32>(rows.backends.size()),
                                   static_cast<__u32>(rows.tables.size()),
                                   static_cast<__u32>(rows.access_prefixes.size()), rows.answers, rows.flags});
  for (const gw_service& row : rows.services) append(bytes, row);
  for (const gw_backend& row : rows.backends) append(bytes, row);
  for (const std::uint64_t id : rows.tables) append(bytes, gw_table_ref{id});
  for (const gw_access_prefix& row : rows.access_prefixes) append(bytes, row);
  return bytes;
}

// An IPv4 service 10.0.0.HOST.
inline gw_service service_row(std::uint32_t id, std::uint8_t host, std::uint16_t port, std::uint8_t protocol) {
  gw_service row{};
  const std::uint8_t address[4] = {10, 0, 0, host};
  std::memcpy(row.key.address, address, sizeof address);
  row.key.port_be16 = static_cast<__be16>(port >> 8U | port << 8U);
  row.key.protocol = protocol;
  row.key.family = GW_FAMILY_IPV4;
  row.key.prefix_bits = 32;
  row.id = id;
  row.idle_ticks = 300 * GW_TICKS_PER_SECOND;
  row.opening_ticks = 60 * GW_TICKS_PER_SECOND;
  row.closing_ticks = 10 * GW_TICKS_PER_SECOND;
  return row;
}

// A resolved backend 192.168.0.INDEX.
inline gw_backend backend_row(std::uint32_t index, std::uint8_t port, gw_forward forward = GW_FORWARD_L2) {
  gw_backend row{};
  row.index = index;
  row.forward = static_cast<__u8>(forward);
  row.family = GW_FAMILY_IPV4;
  row.flags = GW_BACKEND_RESOLVED;
  row.port = port;
  const std::uint8_t address[4] = {192, 168, 0, static_cast<std::uint8_t>(index)};
  std::memcpy(row.address, address, sizeof address);
  std::memcpy(row.outer_source, address, sizeof address);
  row.next_hop_mac[0] = row.source_mac[0] = 2;
  row.next_hop_mac[5] = static_cast<__u8>(index);
  row.mtu_bytes = 1500;
  row.weight = 1;
  row.outer_source_bits = 32;
  return row;
}

}  // namespace guideway::testing_support
