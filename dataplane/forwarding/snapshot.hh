// SPDX-License-Identifier: Apache-2.0
// One immutable, validated generation of services, backends and tables, in the form that workers read.
// It is made from the bytes that came through the door (ebpf/abi/snapshot.h); every count, index and enumerator is
// checked first, and whatever fails is refused with a sentence that names the field. Nothing is shared with the bytes.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "dataplane/base/mapping.hh"
#include "dataplane/base/result.hh"
#include "dataplane/forwarding/access_lists.hh"
#include "dataplane/forwarding/capacities.hh"
#include "dataplane/forwarding/outer_headers.hh"
#include "dataplane/forwarding/service_table.hh"
#include "dataplane/forwarding/table_memory.hh"
#include "ebpf/abi/snapshot.h"

namespace guideway {

// A Maglev table: checked, immutable, on huge pages where there are any. Shared by every snapshot that names it.
class Table {
 public:
  // `wire` is gw_table_header and its slots. Refuses backend indexes at or above backends_max. Whoever loads many
  // tables gives them a memory to share.
  [[nodiscard]] static Result<std::shared_ptr<const Table>> load(std::span<const std::byte> wire,
                                                                 const Capacities& capacities,
                                                                 TableMemory* memory = nullptr);

  [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
  [[nodiscard]] std::span<const gw_slot> slots() const noexcept { return slots_; }

 private:
  Table(std::uint64_t id, TableMemory::Block memory, std::span<const gw_slot> slots) noexcept
      : id_(id), memory_(std::move(memory)), slots_(slots) {}
  std::uint64_t id_;
  TableMemory::Block memory_;
  std::span<const gw_slot> slots_;
};

// The tables that a datapath holds, by id.
using TableStore = std::map<std::uint64_t, std::shared_ptr<const Table>>;

// The rows of backends, up to the highest index there is. For loops: it stays in registers where a Snapshot would be
// read again for every packet.
class BackendRows {
 public:
  explicit BackendRows(std::span<const gw_backend> rows) noexcept : rows_(rows) {}
  // Its `family` is 0 where there is no such backend, whatever the index.
  [[nodiscard]] const gw_backend& operator[](std::uint32_t index) const noexcept {
    if (index < rows_.size()) [[likely]]
      return rows_[index];
    return none;
  }
  [[nodiscard]] std::span<const gw_backend> all() const noexcept { return rows_; }

 private:
  static constexpr gw_backend none{};
  std::span<const gw_backend> rows_;
};

class Snapshot {
 public:
  // All or nothing. `tables` must hold every table that the snapshot names, and those that `before` does: the one in
  // use, of which most are named again.
  [[nodiscard]] static Result<std::unique_ptr<const Snapshot>> load(std::span<const std::byte> wire,
                                                                    const TableStore& tables,
                                                                    const Capacities& capacities,
                                                                    const Snapshot* before = nullptr);
  // The generation 0 that a datapath starts with: no services, so everything goes to the kernel.
  [[nodiscard]] static std::unique_ptr<const Snapshot> empty();

  [[nodiscard]] std::uint64_t generation() const noexcept { return generation_; }
  [[nodiscard]] const gw_hash_key& hash_key() const noexcept { return hash_key_; }
  [[nodiscard]] const ServiceTable& services() const noexcept { return services_; }
  [[nodiscard]] BackendRows backends() const noexcept { return BackendRows(backends_); }
  [[nodiscard]] const gw_backend& backend(std::uint32_t index) const noexcept { return backends()[index]; }
  // By backend index, up to the highest there is; empty if no backend has a plain tunnel.
  [[nodiscard]] std::span<const OuterHeaders> outer_headers() const noexcept { return outer_headers_; }
  [[nodiscard]] const AccessLists& access_lists() const noexcept { return access_lists_; }
  // Whether any service has an access list or limits new flows: most have neither.
  [[nodiscard]] bool admits_everything() const noexcept { return admits_everything_; }
  [[nodiscard]] const gw_answer_rates& answer_rates() const noexcept { return answer_rates_; }
  [[nodiscard]] bool answers_echo() const noexcept { return answers_echo_; }
  // The lines of all access lists, as they came.
  [[nodiscard]] std::span<const gw_access_prefix> access_prefixes() const noexcept { return access_prefixes_; }
  // Ids of the tables in use.
  [[nodiscard]] std::vector<std::uint64_t> table_ids() const;

 private:
  Snapshot() = default;
  std::uint64_t generation_ = 0;
  gw_hash_key hash_key_{};
  ServiceTable services_;
  std::vector<gw_backend> backends_;  // up to the highest index there is
  std::vector<OuterHeaders> outer_headers_;
  std::vector<std::shared_ptr<const Table>> tables_;
  std::vector<gw_access_prefix> access_prefixes_;
  AccessLists access_lists_;
  gw_answer_rates answer_rates_{};
  bool answers_echo_ = true;
  bool admits_everything_ = true;
};

}  // namespace guideway
