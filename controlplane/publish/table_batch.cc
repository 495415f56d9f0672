// SPDX-License-Identifier: Apache-2.0
#include "controlplane/publish/table_batch.hh"

#include "dataplane/door/messages.hh"

namespace guideway {

static_assert(staged_tables_bytes_goal <= door::staged_tables_bytes_max);
static_assert(staged_tables_bytes_goal / table_length_bytes(GW_TABLE_SLOTS_MIN) <= door::tables_an_offer_max);

TableBatch batch_tables(std::span<const CompiledTable> tables, std::size_t first,
                        const std::function<bool(std::uint64_t id)>& is_held) {
  TableBatch batch;
  std::size_t length_bytes = 0;
  for (batch.end = first; batch.end < tables.size(); ++batch.end) {
    const CompiledTable& table = tables[batch.end];
    if (is_held(table.id)) continue;
    const std::size_t at = door::next_table_at(length_bytes);
    if (!batch.ids.empty() && at + table.bytes->size() > staged_tables_bytes_goal) break;
    batch.ids.push_back(table.id);
    batch.parts.push_back({at, *table.bytes});
    length_bytes = at + table.bytes->size();
  }
  return batch;
}

}  // namespace guideway
