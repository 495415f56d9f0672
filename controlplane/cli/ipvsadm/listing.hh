// SPDX-License-Identifier: Apache-2.0
// The tables that ipvsadm 1.31 prints, to the column. docs/ipvsadm.md says what the numbers in them are here.
#pragma once

#include <string>

#include "controlplane/cli/ipvsadm/counters.hh"
#include "controlplane/cli/ipvsadm/request.hh"
#include "controlplane/cli/ipvsadm/virtual_table.hh"
#include "dataplane/base/result.hh"

namespace guideway::ipvsadm {

[[nodiscard]] Result<std::string> list_text(const VirtualTable& table, const Counters& counters, const List& list);

// A number in nine columns: exact, or cut to K, M, G or T (powers of 1000).
[[nodiscard]] std::string large_number(std::uint64_t number, bool is_exact);

}  // namespace guideway::ipvsadm
