// SPDX-License-Identifier: Apache-2.0
#include "dataplane/door/offered_tables.hh"

#include <algorithm>
#include <string>

#include "dataplane/base/number.hh"
#include "dataplane/door/messages.hh"
#include "dataplane/forwarding/table_header.hh"

namespace guideway::door {
namespace {

Result<void> expect_each_once(std::span<const OfferedTable> tables) {
  std::vector<std::uint64_t> ids;
  ids.reserve(tables.size());
  for (const OfferedTable& table : tables) ids.push_back(table.id);
  std::sort(ids.begin(), ids.end());
  const auto twice = std::adjacent_find(ids.begin(), ids.end());
  if (twice != ids.end()) return failure("table " + number(*twice) + ": the memory holds it twice");
  return {};
}

}  // namespace

Result<std::vector<OfferedTable>> tell_tables_apart(std::span<const std::byte> memory, std::uint32_t table_count) {
  if (table_count == 0 || table_count > tables_an_offer_max)
    return failure("table_count is " + number(table_count) + ", expected 1 to " + number(tables_an_offer_max));
  std::vector<OfferedTable> tables;
  tables.reserve(table_count);
  std::size_t end = 0;
  for (std::uint32_t i = 0; i < table_count; ++i) {
    const auto rest = memory.subspan(std::min(next_table_at(end), memory.size()));
    const std::string name = "table " + number(i + 1) + " of the memory's " + number(table_count);
    const auto header = read_table_header(rest);
    if (!header) return failure(name + ": " + header.error().message);
    const std::size_t length_bytes = table_length_bytes(header->slot_count);
    if (length_bytes > rest.size())
      return failure(name + ": table length is " + number(rest.size()) + ", expected " + number(length_bytes) +
                     " bytes by its slot_count");
    tables.push_back({header->table_id, rest.first(length_bytes)});
    end = next_table_at(end) + length_bytes;
  }
  if (end != memory.size())
    return failure("memory has " + number(memory.size() - end) + " bytes behind the last of its " +
                   number(table_count) + " tables");
  if (auto once = expect_each_once(tables); !once) return failure_of(once);
  return tables;
}

}  // namespace guideway::door
