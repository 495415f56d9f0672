// SPDX-License-Identifier: Apache-2.0
// One Maglev table through its generations: what every slot's backend is now, what it was for flows that nobody
// remembers (its home), and since when the two differ. A change moves `current` only; `home` follows once the slot
// has been moving for the services' idle timeout, so two tables are always enough, however fast changes come.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "controlplane/compile/moving_slots.hh"
#include "ebpf/abi/slot.h"

namespace guideway {

struct TableMember {
  std::string name;
  std::uint32_t index = 0;  // of the backend
  std::uint32_t weight = 1;
  friend bool operator==(const TableMember&, const TableMember&) = default;
};

class TableLineage {
 public:
  explicit TableLineage(std::uint32_t slot_count);

  // Rebuilds the table where the members or their weights changed; slots that change owner begin to move. The first
  // members ever are at home at once.
  void set_members(std::vector<TableMember> members, std::int64_t now_ms);
  // The same with what build() gave for these members, sorted: whoever has many equal ones builds once.
  void set_members(std::vector<TableMember> sorted, const std::vector<std::uint32_t>& owners, std::int64_t now_ms);
  // For every slot the position of its owner; only names and weights decide.
  [[nodiscard]] static std::vector<std::uint32_t> build(const std::vector<TableMember>& members,
                                                        std::uint32_t slot_count);
  static void sort(std::vector<TableMember>& members);  // by name
  // home = current in slots that have been moving for `idle_timeout_ms`, and where home is not alive. True if any did.
  bool retire(std::int64_t now_ms, std::int64_t idle_timeout_ms, const MovingSlots::IsAlive& alive);

  [[nodiscard]] bool has_members(const std::vector<TableMember>& sorted) const { return sorted == members_; }
  [[nodiscard]] bool is_due(std::int64_t now_ms, std::int64_t idle_timeout_ms,
                            const MovingSlots::IsAlive& alive) const {  // retire() would change something
    return moving_.any_due(now_ms, idle_timeout_ms, alive);
  }
  [[nodiscard]] bool names(std::uint32_t backend) const;  // as current or home of any slot
  [[nodiscard]] std::uint32_t moving_slots() const noexcept { return moving_.count(); }
  [[nodiscard]] std::uint32_t slot_count() const noexcept { return slot_count_; }
  [[nodiscard]] std::span<const gw_slot> slots() const noexcept;
  [[nodiscard]] const std::vector<TableMember>& members() const noexcept { return members_; }

  // The table as it goes through the door, and the id that names exactly these bytes (a hash of what they are made
  // from, never 0).
  // The only copy of the slots: a thousand tables of the default size are half a gigabyte. Both come with the first
  // members, be they none.
  [[nodiscard]] std::shared_ptr<const std::vector<std::byte>> wire() const noexcept { return wire_; }
  [[nodiscard]] std::uint64_t id() const noexcept { return id_; }

  // What a restart must not forget: the slots that move, in rising order.
  struct Moving {
    std::uint32_t slot = 0;
    std::uint32_t home = 0;
    std::int64_t since_ms = 0;
  };
  [[nodiscard]] std::vector<Moving> moving() const;
  void restore(std::vector<TableMember> members, const std::vector<Moving>& moving);
  // Where all that moves began in one change and none was retired since, what was before the change says the same: a
  // new lineage that is given these members at this time, and members() then, is equal.
  struct OneChange {
    std::vector<TableMember> members_before;
    std::int64_t since_ms = 0;
  };
  [[nodiscard]] const std::optional<OneChange>& one_change() const noexcept { return one_change_; }

 private:
  using Wire = std::shared_ptr<std::vector<std::byte>>;
  // A new copy to be changed (zeroes, before there is anything to copy), and what makes it the lineage's own.
  [[nodiscard]] Wire copied() const;
  [[nodiscard]] static std::span<gw_slot> slots_of(const Wire& wire) noexcept;
  void take(const Wire& wire);
  [[nodiscard]] std::uint64_t new_id() const;
  // The backend of every slot, by build().
  [[nodiscard]] std::vector<std::uint32_t> backends_of(const std::vector<std::uint32_t>& owners) const;

  std::uint32_t slot_count_;
  std::vector<TableMember> members_;  // sorted by name
  MovingSlots moving_;
  std::optional<OneChange> one_change_;
  bool ever_had_members_ = false;
  std::shared_ptr<const std::vector<std::byte>> wire_;
  std::uint64_t id_ = 0;
};

}  // namespace guideway
