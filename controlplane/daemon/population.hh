// SPDX-License-Identifier: Apache-2.0
// How many backends there are to serve with, and how many of them do: of a pool, or of all. Those that only finish what
// they have are of neither number.
#pragma once

#include <cstddef>

#include "controlplane/compile/ledger.hh"

namespace guideway {

struct Population {
  std::size_t backends = 0;
  std::size_t up = 0;

  void count(const BackendRecord& record, bool is_up) {
    if (record.leaving) return;
    ++backends;
    if (is_up) ++up;
  }
};

}  // namespace guideway
