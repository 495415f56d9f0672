// SPDX-License-Identifier: Apache-2.0
// Runs an invocation: asks the daemon (or, for files, looks itself), prints, and returns the exit status.
#pragma once

#include <iosfwd>

#include "controlplane/cli/invocation.hh"

namespace guideway {

// `replay` is not for this: main.cc hands it on, since it brings the whole packet path with it.
[[nodiscard]] int run(const Invocation& invocation, std::ostream& output, std::ostream& error);

}  // namespace guideway
