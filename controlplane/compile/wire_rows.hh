// SPDX-License-Identifier: Apache-2.0
// One row of a snapshot each (ebpf/abi/snapshot.h), from what is configured and known: the only place that knows how.
#pragma once

#include <cstdint>

#include "controlplane/compile/ledger.hh"
#include "controlplane/config/schema.hh"
#include "ebpf/abi/snapshot.h"

namespace guideway {

// All but id, table and access list.
[[nodiscard]] gw_service wire_row(const ServiceConfig& service, const AddressPrefix& address, Protocol protocol);
// `found`: how it is reached; null: nobody knows.
[[nodiscard]] gw_backend wire_row(const BackendRecord& record, const Reachability* found);
[[nodiscard]] gw_access_prefix wire_row(const AddressPrefix& prefix, std::uint32_t list, bool allows);
// All but the counts.
[[nodiscard]] gw_snapshot_header wire_header(const Config& config, std::uint64_t generation);

}  // namespace guideway
