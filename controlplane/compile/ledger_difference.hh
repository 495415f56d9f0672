// SPDX-License-Identifier: Apache-2.0
// What a new configuration changes for a ledger, so that only that is worked on.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "controlplane/compile/ledger.hh"

namespace guideway {

struct Ledger::Difference {
  std::vector<const PoolConfig*> pools;  // new or changed, of the new configuration
  std::set<std::string> all_new;         // those whose backends all count as changed
  std::vector<std::string> gone_pools;
  bool services = false;
  bool serving = false;               // any table may have another pool's members now
  std::set<ServiceKey> service_keys;  // of the new configuration, if services differ
};

}  // namespace guideway
