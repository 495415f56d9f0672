// SPDX-License-Identifier: Apache-2.0
// Of several checks of a backend, the one that tells why it is taken for up or down. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/config/schema.hh"
#include "controlplane/health/probe_result.hh"

namespace guideway {

// The last result of each check; nothing before the first.
using CheckResults = std::vector<std::optional<ProbeResult>>;

// With all: one that fails, else one that could not be made, else the newest. With any: one that passes, the newest if
// that does, else one that fails. `newest` has a result.
[[nodiscard]] std::size_t decisive_check(CheckRule rule, const CheckResults& results, std::size_t newest);

// "http 80"; of several of one kind and port the number too, "http 80 (2)".
[[nodiscard]] std::string check_label(const BackendConfig& backend, std::size_t number);

// What the backend's checks say together: the decisive one's result, by its name if it is one of several, with what any
// of them warns of.
[[nodiscard]] ProbeResult combined_result(const BackendConfig& backend, const CheckResults& results,
                                          std::size_t newest);

}  // namespace guideway
