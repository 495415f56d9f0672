// SPDX-License-Identifier: Apache-2.0
// [api_tls]: the API on a TCP port of this machine, with certificates both ways.
#pragma once

#include <optional>

#include "controlplane/config/schema.hh"
#include "controlplane/config/table_reader.hh"

namespace guideway {

void read_api_tls(TableReader& top, std::optional<ApiTlsConfig>& tls);

}  // namespace guideway
