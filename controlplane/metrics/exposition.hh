// SPDX-License-Identifier: Apache-2.0
// Facts as Prometheus reads them: the text format, version 0.0.4. Pure, and safe on any thread.
#pragma once

#include <string>

#include "controlplane/metrics/facts.hh"

namespace guideway {

inline constexpr const char* exposition_type = "text/plain; version=0.0.4; charset=utf-8";

[[nodiscard]] std::string exposition(const MetricFacts& facts);

}  // namespace guideway
