// SPDX-License-Identifier: Apache-2.0
// A probe's findings, for people and for programs.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "controlplane/datapath/facts.hh"
#include "controlplane/datapath/verdict.hh"

namespace guideway {

struct Probed {
  NicFacts nic;
  Verdict verdict;
};

[[nodiscard]] std::string probe_text(const HostFacts& host, const std::vector<Probed>& all);
[[nodiscard]] nlohmann::json probe_json(const HostFacts& host, const std::vector<Probed>& all);

}  // namespace guideway
