// SPDX-License-Identifier: Apache-2.0
// Edits that are short for several, and drains that end.
#include <algorithm>

#include "controlplane/model/edit.hh"

namespace guideway {
namespace {

DrainEnd lasting(DrainEnd end, std::int64_t now_ms) {
  if (end.timeout_ms == 0) return end;
  return {0, now_ms + std::int64_t{end.timeout_ms}, end.removes};
}

Result<std::vector<Edit>> each_of(const Config& config, const ServiceState& edit, std::int64_t now_ms) {
  const auto service = std::find_if(config.services.begin(), config.services.end(),
                                    [&](const ServiceConfig& one) { return one.name == edit.name; });
  if (service == config.services.end()) return failure("there is no service \"" + edit.name + "\"");
  std::vector<Edit> result;
  for (const PoolConfig& pool : config.pools) {
    if (pool.name != service->pool) continue;
    for (const BackendConfig& backend : pool.backends)
      result.emplace_back(BackendState{pool.name, backend.name, edit.state, lasting(edit.end, now_ms)});
  }
  if (result.empty()) return failure("service \"" + edit.name + "\" has no backends");
  return result;
}

Result<std::vector<Edit>> each_of(const Config& config, const HostState& edit, std::int64_t now_ms) {
  const auto address = IpAddress::parse(edit.address);
  if (!address) return failure("\"" + edit.address + "\" is not an address; give the host's, such as 10.0.0.1");
  std::vector<Edit> result;
  for (const PoolConfig& pool : config.pools) {
    for (const BackendConfig& backend : pool.backends) {
      if (backend.address == *address)
        result.emplace_back(BackendState{pool.name, backend.name, edit.state, lasting(edit.end, now_ms)});
    }
  }
  if (result.empty()) return failure("no pool has a backend with the address " + address->text());
  return result;
}

}  // namespace

Result<std::vector<Edit>> spelled_out(const Config& config, const std::vector<Edit>& edits, std::int64_t now_ms) {
  std::vector<Edit> result;
  for (const Edit& edit : edits) {
    if (const auto* state = std::get_if<BackendState>(&edit)) {
      result.emplace_back(BackendState{state->pool, state->name, state->state, lasting(state->end, now_ms)});
      continue;
    }
    const auto* service = std::get_if<ServiceState>(&edit);
    const auto* host = std::get_if<HostState>(&edit);
    if (service == nullptr && host == nullptr) {
      result.push_back(edit);
      continue;
    }
    // Those before it in the list may have added or removed somebody.
    auto reached = result.empty() ? Result<Config>(config) : apply_edits(config, result);
    if (!reached) return failure_of(reached);
    auto each = service != nullptr ? each_of(*reached, *service, now_ms) : each_of(*reached, *host, now_ms);
    if (!each) return failure_of(each);
    result.insert(result.end(), each->begin(), each->end());
  }
  return result;
}

std::vector<Edit> ended_drains(const std::vector<Edit>& edits, std::int64_t now_ms) {
  std::vector<Edit> result;
  for (const Edit& edit : edits) {
    const auto* drain = std::get_if<BackendState>(&edit);
    if (drain == nullptr || drain->state != Administrative::draining) continue;
    if (drain->end.until_ms == 0 || drain->end.until_ms > now_ms) continue;
    if (drain->end.removes)
      result.emplace_back(BackendRemove{drain->pool, drain->name, true});
    else
      result.emplace_back(BackendState{drain->pool, drain->name, Administrative::disabled});
  }
  return result;
}

}  // namespace guideway
