// SPDX-License-Identifier: Apache-2.0
// What was measured, for people and for programs.
#pragma once

#include <string>
#include <vector>

#include "tests/bench/xdp/measurement.hh"

namespace guideway::bench {

// A line a row, in Markdown, so that it can be put into docs/datapath-xdp.md as it is.
[[nodiscard]] std::string table_of(const std::vector<Measured>& all);
[[nodiscard]] std::string json_of(const std::vector<Measured>& all, const Effort& effort);

}  // namespace guideway::bench
