// SPDX-License-Identifier: Apache-2.0
#include "controlplane/replay/load_compiled.hh"

namespace guideway {

Result<std::unique_ptr<const Snapshot>> load_compiled(const Compiled& compiled, TableStore& held,
                                                      const Capacities& capacities) {
  TableStore tables;
  for (const CompiledTable& table : compiled.tables) {
    const auto found = held.find(table.id);
    if (found != held.end()) {
      tables.insert(*found);
      continue;
    }
    auto loaded = Table::load(*table.bytes, capacities);
    if (!loaded) return failure_of(loaded);
    tables[table.id] = std::move(*loaded);
  }
  auto snapshot = Snapshot::load(compiled.snapshot, tables, capacities);
  if (snapshot) held = std::move(tables);
  return snapshot;
}

}  // namespace guideway
