// SPDX-License-Identifier: Apache-2.0
// What a row of a snapshot must be before a worker may see it: every index, enumerator and number that the packet path
// relies on. Each refusal is one sentence that names the field.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dataplane/base/result.hh"
#include "dataplane/forwarding/capacities.hh"
#include "ebpf/abi/snapshot.h"

namespace guideway {

// "WHAT is VALUE, expected EXPECTED".
[[nodiscard, gnu::cold]] tl::unexpected<Error> wrong_field(std::string_view what, std::uint64_t value,
                                                           std::string_view expected);

[[nodiscard]] Result<void> check_service(const gw_service& row, std::uint32_t position, std::uint32_t table_count,
                                         const Capacities& capacities);
[[nodiscard]] Result<void> check_backend(const gw_backend& row, std::uint32_t position, const Capacities& capacities);
[[nodiscard]] Result<void> check_access_prefix(const gw_access_prefix& row, std::uint32_t position);

}  // namespace guideway
