// SPDX-License-Identifier: Apache-2.0
#include "controlplane/compile/table_lineage.hh"

#include <algorithm>
#include <cstring>

#include "controlplane/maglev/build.hh"
#include "ebpf/abi/snapshot.h"

namespace guideway {
namespace {

// Names contents, not secrets: a fixed key.
constexpr gw_hash_key content_key{0x7961776564697567ULL, 0x656c6261742d2d2dULL};

std::uint64_t id_of(const std::vector<gw_slot>& slots) {
  static_assert(sizeof(gw_slot) == sizeof(__u64));
  std::vector<__u64> words(slots.size());
  std::memcpy(words.data(), slots.data(), slots.size() * sizeof(gw_slot));
  const std::uint64_t id =
      gw_siphash13(&content_key, words.data(), static_cast<unsigned>(words.size()), slots.size(), 0);
  return id == 0 ? 1 : id;
}

void sort_by_name(std::vector<TableMember>& members) {
  std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
}

}  // namespace

TableLineage::TableLineage(std::uint32_t slot_count) : slots_(slot_count, gw_slot{GW_NO_BACKEND, GW_NO_BACKEND}) {}

void TableLineage::rebuild_current() {
  std::vector<MaglevMember> turns;
  turns.reserve(members_.size());
  for (const TableMember& member : members_) turns.push_back({member.name, member.weight});
  const std::vector<std::uint32_t> owners = build_maglev(turns, slot_count());
  for (std::size_t i = 0; i < slots_.size(); ++i)
    slots_[i].current_backend = owners[i] == no_member ? GW_NO_BACKEND : members_[owners[i]].index;
  wire_.reset();
}

bool TableLineage::has_members(std::vector<TableMember> members) const {
  sort_by_name(members);
  return members == members_;
}

void TableLineage::set_members(std::vector<TableMember> members, std::int64_t now_ms) {
  sort_by_name(members);
  if (members == members_) return;
  members_ = std::move(members);
  rebuild_current();

  std::vector<Moving> still_moving;
  auto before = moving_.begin();
  for (std::uint32_t i = 0; i < slot_count(); ++i) {
    const bool was_moving = before != moving_.end() && before->slot == i;
    const std::int64_t since_ms = was_moving ? before->since_ms : now_ms;
    if (was_moving) ++before;
    gw_slot& slot = slots_[i];
    // A slot that nobody owned has no flows that could call it home.
    if (!ever_had_members_ || slot.home_backend == GW_NO_BACKEND) slot.home_backend = slot.current_backend;
    if (slot.home_backend != slot.current_backend) still_moving.push_back({i, slot.home_backend, since_ms});
  }
  moving_ = std::move(still_moving);
  ever_had_members_ = ever_had_members_ || !members_.empty();
}

bool TableLineage::is_due(std::int64_t now_ms, std::int64_t idle_timeout_ms,
                          const std::function<bool(std::uint32_t)>& alive) const {
  return std::any_of(moving_.begin(), moving_.end(), [&](const Moving& moving) {
    return now_ms - moving.since_ms >= idle_timeout_ms || !alive(moving.home);
  });
}

bool TableLineage::retire(std::int64_t now_ms, std::int64_t idle_timeout_ms,
                          const std::function<bool(std::uint32_t)>& alive) {
  const auto retired = [&](const Moving& moving) {
    if (now_ms - moving.since_ms < idle_timeout_ms && alive(moving.home)) return false;
    slots_[moving.slot].home_backend = slots_[moving.slot].current_backend;
    return true;
  };
  const auto rest = std::remove_if(moving_.begin(), moving_.end(), retired);
  if (rest == moving_.end()) return false;
  moving_.erase(rest, moving_.end());
  wire_.reset();
  return true;
}

bool TableLineage::names(std::uint32_t backend) const {
  const auto is_member = [&](const TableMember& member) { return member.index == backend && member.weight != 0; };
  const auto is_home = [&](const Moving& moving) { return moving.home == backend; };
  return std::any_of(members_.begin(), members_.end(), is_member) ||
         std::any_of(moving_.begin(), moving_.end(), is_home);
}

std::shared_ptr<const std::vector<std::byte>> TableLineage::wire() const {
  if (wire_ != nullptr) return wire_;
  id_ = id_of(slots_);
  gw_table_header header{};
  header.magic = GW_TABLE_MAGIC;
  header.abi_version = GW_ABI_VERSION;
  header.table_id = id_;
  header.slot_count = slot_count();
  auto bytes = std::make_shared<std::vector<std::byte>>(sizeof header + slots_.size() * sizeof(gw_slot));
  std::memcpy(bytes->data(), &header, sizeof header);
  std::memcpy(bytes->data() + sizeof header, slots_.data(), slots_.size() * sizeof(gw_slot));
  wire_ = std::move(bytes);
  return wire_;
}

std::uint64_t TableLineage::id() const {
  if (wire_ == nullptr) (void)wire();
  return id_;
}

void TableLineage::restore(std::vector<TableMember> members, std::vector<Moving> moving) {
  members_ = std::move(members);
  moving_ = std::move(moving);
  ever_had_members_ = !members_.empty() || !moving_.empty();
  rebuild_current();
  for (gw_slot& slot : slots_) slot.home_backend = slot.current_backend;
  for (const Moving& each : moving_) slots_[each.slot].home_backend = each.home;
}

}  // namespace guideway
