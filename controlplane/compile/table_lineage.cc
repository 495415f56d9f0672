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

// Of what the slots are made from, which is far less than they are: the members in the order of their turns, each by
// the permutation that its name gives it, and where home is not current.
std::uint64_t id_of(std::uint32_t slot_count, const std::vector<TableMember>& members,
                    const std::vector<TableLineage::Moving>& moving) {
  std::vector<__u64> words;
  words.reserve(2 + 2 * members.size() + moving.size());
  words.push_back(slot_count);
  words.push_back(members.size());
  for (const TableMember& member : members) {
    const MaglevPermutation permutation = maglev_permutation(member.name, slot_count);
    words.push_back(__u64{permutation.offset} << 32U | permutation.skip);
    words.push_back(__u64{member.index} << 32U | member.weight);
  }
  for (const TableLineage::Moving& each : moving) words.push_back(__u64{each.slot} << 32U | each.home);
  const std::uint64_t id =
      gw_siphash13(&content_key, words.data(), static_cast<unsigned>(words.size()), words.size(), 0);
  return id == 0 ? 1 : id;
}

}  // namespace

TableLineage::TableLineage(std::uint32_t slot_count) : slot_count_(slot_count) {}

void TableLineage::sort(std::vector<TableMember>& members) {
  std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
}

std::vector<std::uint32_t> TableLineage::build(const std::vector<TableMember>& members, std::uint32_t slot_count) {
  std::vector<MaglevMember> turns;
  turns.reserve(members.size());
  for (const TableMember& member : members) turns.push_back({member.name, member.weight});
  return build_maglev(turns, slot_count);
}

std::span<gw_slot> TableLineage::slots_of(const Wire& wire) noexcept {
  return {reinterpret_cast<gw_slot*>(wire->data() + sizeof(gw_table_header)),
          (wire->size() - sizeof(gw_table_header)) / sizeof(gw_slot)};
}

std::span<const gw_slot> TableLineage::slots() const noexcept {
  if (wire_ == nullptr) return {};
  return {reinterpret_cast<const gw_slot*>(wire_->data() + sizeof(gw_table_header)), slot_count_};
}

TableLineage::Wire TableLineage::copied() const {
  if (wire_ != nullptr) return std::make_shared<std::vector<std::byte>>(*wire_);
  return std::make_shared<std::vector<std::byte>>(sizeof(gw_table_header) + slot_count_ * sizeof(gw_slot));
}

void TableLineage::take(const Wire& wire) {
  id_ = id_of(slot_count_, members_, moving_);
  gw_table_header header{};
  header.magic = GW_TABLE_MAGIC;
  header.abi_version = GW_ABI_VERSION;
  header.table_id = id_;
  header.slot_count = slot_count_;
  std::memcpy(wire->data(), &header, sizeof header);
  wire_ = wire;
}

void TableLineage::set_current(std::span<gw_slot> slots, const std::vector<std::uint32_t>& owners) const {
  for (std::size_t i = 0; i < slots.size(); ++i)
    slots[i].current_backend = owners[i] == no_member ? GW_NO_BACKEND : members_[owners[i]].index;
}

void TableLineage::set_members(std::vector<TableMember> members, std::int64_t now_ms) {
  sort(members);
  if (id_ != 0 && members == members_) return;
  const std::vector<std::uint32_t> owners = build(members, slot_count_);
  set_members(std::move(members), owners, now_ms);
}

void TableLineage::set_members(std::vector<TableMember> sorted, const std::vector<std::uint32_t>& owners,
                               std::int64_t now_ms) {
  members_ = std::move(sorted);
  const Wire wire = copied();
  const std::span<gw_slot> slots = slots_of(wire);
  set_current(slots, owners);

  std::vector<Moving> still_moving;
  auto before = moving_.begin();
  for (std::uint32_t i = 0; i < slot_count_; ++i) {
    const bool was_moving = before != moving_.end() && before->slot == i;
    const std::int64_t since_ms = was_moving ? before->since_ms : now_ms;
    if (was_moving) ++before;
    gw_slot& slot = slots[i];
    // A slot that nobody owned has no flows that could call it home.
    if (!ever_had_members_ || slot.home_backend == GW_NO_BACKEND) slot.home_backend = slot.current_backend;
    if (slot.home_backend != slot.current_backend) still_moving.push_back({i, slot.home_backend, since_ms});
  }
  moving_ = std::move(still_moving);
  ever_had_members_ = ever_had_members_ || !members_.empty();
  take(wire);
}

bool TableLineage::is_due(std::int64_t now_ms, std::int64_t idle_timeout_ms,
                          const std::function<bool(std::uint32_t)>& alive) const {
  return std::any_of(moving_.begin(), moving_.end(), [&](const Moving& moving) {
    return now_ms - moving.since_ms >= idle_timeout_ms || !alive(moving.home);
  });
}

bool TableLineage::retire(std::int64_t now_ms, std::int64_t idle_timeout_ms,
                          const std::function<bool(std::uint32_t)>& alive) {
  if (!is_due(now_ms, idle_timeout_ms, alive)) return false;
  const Wire wire = copied();
  const std::span<gw_slot> slots = slots_of(wire);
  const auto retired = [&](const Moving& moving) {
    if (now_ms - moving.since_ms < idle_timeout_ms && alive(moving.home)) return false;
    slots[moving.slot].home_backend = slots[moving.slot].current_backend;
    return true;
  };
  moving_.erase(std::remove_if(moving_.begin(), moving_.end(), retired), moving_.end());
  take(wire);
  return true;
}

bool TableLineage::names(std::uint32_t backend) const {
  const auto is_member = [&](const TableMember& member) { return member.index == backend && member.weight != 0; };
  const auto is_home = [&](const Moving& moving) { return moving.home == backend; };
  return std::any_of(members_.begin(), members_.end(), is_member) ||
         std::any_of(moving_.begin(), moving_.end(), is_home);
}

void TableLineage::restore(std::vector<TableMember> members, std::vector<Moving> moving) {
  members_ = std::move(members);
  moving_ = std::move(moving);
  ever_had_members_ = !members_.empty() || !moving_.empty();
  const Wire wire = copied();
  const std::span<gw_slot> slots = slots_of(wire);
  set_current(slots, build(members_, slot_count_));
  for (gw_slot& slot : slots) slot.home_backend = slot.current_backend;
  for (const Moving& each : moving_) slots[each.slot].home_backend = each.home;
  take(wire);
}

}  // namespace guideway
