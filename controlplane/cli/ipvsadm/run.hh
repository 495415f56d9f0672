// SPDX-License-Identifier: Apache-2.0
// ipvsadm's command line, run against guidewayd: looks, lets the table make edits of changes, sends them as one
// transaction.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "controlplane/cli/api_address.hh"

namespace guideway::ipvsadm {

// `words` without the program's name, `api` where the daemon is asked. Returns the exit status, as docs/cli.md lists
// them.
[[nodiscard]] int run(const std::vector<std::string>& words, const ApiAddress& api, std::istream& input,
                      std::ostream& output, std::ostream& error);

}  // namespace guideway::ipvsadm
