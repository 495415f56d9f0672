// SPDX-License-Identifier: Apache-2.0
// What -S prints: lines that -R takes back. Refused where they would not bring back exactly what runs.
#pragma once

#include <string>

#include "controlplane/cli/ipvsadm/virtual_table.hh"
#include "dataplane/base/result.hh"

namespace guideway::ipvsadm {

[[nodiscard]] Result<std::string> save_text(const VirtualTable& table, bool is_numeric);

}  // namespace guideway::ipvsadm
