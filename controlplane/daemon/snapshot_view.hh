// SPDX-License-Identifier: Apache-2.0
// A compiled snapshot, read back as the datapath reads it, for whoever explains what it does. The slots stay where they
// are: the view must not outlive what it was made of.
#pragma once

#include <cstdint>
#include <map>

#include "controlplane/compile/ledger.hh"
#include "dataplane/forwarding/access_lists.hh"
#include "dataplane/forwarding/service_table.hh"
#include "ebpf/abi/backend.h"
#include "ebpf/abi/flow_key.h"

namespace guideway {

// How a compiled snapshot hands packets to its backends, by their indexes.
[[nodiscard]] std::map<std::uint32_t, gw_backend> backend_rows(const Compiled& compiled);

class SnapshotView {
 public:
  explicit SnapshotView(const Compiled& compiled);

  [[nodiscard]] const gw_hash_key& hash_key() const noexcept { return hash_key_; }
  [[nodiscard]] const ServiceTable& services() const noexcept { return services_; }
  [[nodiscard]] bool allows(const Service& service, const gw_flow_key& flow) const noexcept;
  [[nodiscard]] std::uint32_t weight(std::uint32_t backend) const noexcept;
  // What the service's scheduler hashes: the flow, or its source alone.
  [[nodiscard]] std::uint64_t choice_hash(const Service& service, const gw_flow_key& flow) const noexcept;

 private:
  gw_hash_key hash_key_{};
  ServiceTable services_;
  AccessLists access_lists_;
  std::map<std::uint32_t, std::uint32_t> weights_;
};

}  // namespace guideway
