// SPDX-License-Identifier: Apache-2.0
// Services, pools and backends with some of their keys changed, and all else as it was. `keys` are a JSON object with
// keys as in a file; null takes a key back to what it is if nobody says it. A check refines the one that was there, as
// it would in a file; a list of checks replaces it. Names, backends and whose pool it is do not change so.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "controlplane/config/json.hh"
#include "controlplane/config/schema.hh"
#include "dataplane/base/result.hh"

namespace guideway {

// Whether a service's pool came with it: of its name, and used by no other.
[[nodiscard]] bool has_own_pool(const Config& config, const ServiceConfig& service);

// The keys of its own pool are a service's, too. None looks at what else `config` holds: put the result in, and
// validate.
[[nodiscard]] Result<ServiceAndPool> edited_service(const nlohmann::json& keys, const std::string& name,
                                                    const Config& config);
[[nodiscard]] Result<PoolConfig> edited_pool(const nlohmann::json& keys, const std::string& name, const Config& config);
[[nodiscard]] Result<BackendConfig> edited_backend(const nlohmann::json& keys, const std::string& pool,
                                                   const std::string& name, const Config& config);

}  // namespace guideway
