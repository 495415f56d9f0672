// SPDX-License-Identifier: Apache-2.0
// A check of a kind, and of all else what the configuration says if it says nothing.
#pragma once

#include "controlplane/config/schema.hh"

namespace guideway {

inline CheckConfig check_of(CheckKind kind) {
  CheckConfig check;
  check.kind = kind;
  return check;
}

}  // namespace guideway
