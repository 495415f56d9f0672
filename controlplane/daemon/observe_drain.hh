// SPDX-License-Identifier: Apache-2.0
// How far a drain is, as the API shows it.
#pragma once

#include <cstdint>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "controlplane/compile/ledger.hh"
#include "controlplane/daemon/drain_watch.hh"
#include "controlplane/model/edit.hh"

namespace guideway {

struct Clocks {
  std::int64_t steady_ms = 0;
  std::int64_t lasting_ms = 0;
};

// "quiet_ms": null until it is known; "ends_in_ms" and "then": null for a drain without an end.
[[nodiscard]] nlohmann::json drain_json(const DrainWatch& drains, const std::vector<Edit>& edits, const BackendKey& key,
                                        std::uint32_t index, const Clocks& now);

}  // namespace guideway
