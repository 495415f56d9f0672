// SPDX-License-Identifier: Apache-2.0
// One side of the maps that packets are matched in: services, their addresses, ranges and prefixes, access lists. What
// was put there is remembered, so that it can be taken away again.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/base/result.hh"
#include "dataplane/xdp/program.hh"
#include "ebpf/abi/snapshot.h"
#include "ebpf/layout.h"

namespace guideway {

class SideMaps {
 public:
  SideMaps(const SnapshotMapFds& maps, std::uint32_t side) noexcept : maps_(maps), side_(side) {}

  // Under its key: its address, its range of ports and its prefix too.
  [[nodiscard]] Result<void> add(const gw_xdp_service& service);
  [[nodiscard]] Result<void> add(std::span<const gw_access_prefix> prefixes);
  // Counts what the maps hold on this side already as put there by this one.
  void adopt();
  void clear();

  // enum gw_xdp_features of what was added.
  [[nodiscard]] std::uint32_t features() const noexcept { return features_; }

 private:
  [[nodiscard]] Result<void> add_address(const gw_service_key& key);
  [[nodiscard]] Result<void> add_range(const gw_service& row);
  [[nodiscard]] gw_xdp_service_key key_of(const gw_service_key& row) const noexcept;
  [[nodiscard]] gw_xdp_prefix_key prefix_key(const __u8* address, __u8 family, __u32 bits, __u32 list) const noexcept;

  SnapshotMapFds maps_;
  std::uint32_t side_;
  std::uint32_t features_ = 0;
  std::vector<gw_xdp_service_key> services_;
  std::vector<gw_xdp_service_key> addresses_;
  std::vector<gw_xdp_service_key> ranges_;
  std::vector<gw_xdp_prefix_key> service_prefixes_;
  std::vector<gw_xdp_prefix_key> access_prefixes_;
};

}  // namespace guideway
