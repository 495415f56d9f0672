// SPDX-License-Identifier: Apache-2.0
// Which backend a flow has, and why: the datapath's own decision (docs/packet-path.md, section 3) computed again from
// the published snapshot, the live health words and what the datapath says it remembers. Pure.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "controlplane/api/operations.hh"
#include "controlplane/compile/ledger.hh"
#include "dataplane/base/result.hh"
#include "dataplane/door/messages.hh"
#include "dataplane/forwarding/health_table.hh"
#include "ebpf/abi/flow_key.h"

namespace guideway {

struct ExplainInputs {
  const Compiled& compiled;
  HealthTable health;
  std::function<std::string(std::uint32_t backend)> name_of_backend;     // "pool/name"
  std::function<std::string(std::uint32_t service)> name_of_service;     // by the id of its row
  std::function<std::uint64_t(std::uint32_t backend)> flows_of_backend;  // remembered now, by all workers
};

[[nodiscard]] gw_flow_key flow_key_of(const ExplainRequest& request);
// Where the answer is an error the explanation names it and takes the flow for one that nobody remembers.
[[nodiscard]] Reply explain(const ExplainRequest& request, const ExplainInputs& inputs,
                            const Result<door::FlowAnswer>& answer);

}  // namespace guideway
