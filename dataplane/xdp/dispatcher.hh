// SPDX-License-Identifier: Apache-2.0
// libxdp's dispatcher: a small program on the interface that calls ours and others', one after the other. It needs
// programs that replace functions of another (freplace), which some kernels refuse.
#pragma once

#include "dataplane/base/result.hh"

namespace guideway {

// Whether this kernel takes it: loads libxdp's own dispatcher, and a program in one of its places. Attaches nothing.
// Fails with one sentence.
[[nodiscard]] Result<void> check_dispatcher();

}  // namespace guideway
