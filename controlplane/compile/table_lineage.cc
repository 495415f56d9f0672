// SPDX-License-Identifier: Apache-2.0
#include "controlplane/compile/table_lineage.hh"

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

#include "controlplane/maglev/build.hh"
#include "ebpf/abi/snapshot.h"

namespace guideway {
namespace {

// Names contents, not secrets: a fixed key.
constexpr gw_hash_key content_key{0x7961776564697567ULL, 0x656c6261742d2d2dULL};

void add_members(const std::vector<TableMember>& members, std::uint32_t slot_count, std::vector<__u64>& words) {
  words.push_back(members.size());
  for (const TableMember& member : members) {
    const MaglevPermutation permutation = maglev_permutation(member.name, slot_count);
    words.push_back(__u64{permutation.offset} << 32U | permutation.skip);
    words.push_back(__u64{member.index} << 32U | member.weight);
  }
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

// Of what the slots are made from, which is far less than they are: the members in the order of their turns, each by
// the permutation that its name gives it, and where home is not current.
std::uint64_t TableLineage::new_id() const {
  std::vector<__u64> words{slot_count_};
  add_members(members_, slot_count_, words);
  if (one_change_) {
    words.push_back(UINT64_MAX);  // no slot is called that
    add_members(one_change_->members_before, slot_count_, words);
  } else {
    for (const MovingSlots::OfChange& change : moving_.changes()) {
      for (const std::uint32_t slot : change.slots) words.push_back(__u64{slot} << 32U | slots()[slot].home_backend);
    }
  }
  const std::uint64_t id =
      gw_siphash13(&content_key, words.data(), static_cast<unsigned>(words.size()), words.size(), 0);
  return id == 0 ? 1 : id;
}

void TableLineage::take(const Wire& wire) {
  wire_ = wire;
  id_ = new_id();
  gw_table_header header{};
  header.magic = GW_TABLE_MAGIC;
  header.abi_version = GW_ABI_VERSION;
  header.table_id = id_;
  header.slot_count = slot_count_;
  std::memcpy(wire->data(), &header, sizeof header);
}

std::vector<std::uint32_t> TableLineage::backends_of(const std::vector<std::uint32_t>& owners) const {
  std::vector<std::uint32_t> indexes;
  indexes.reserve(members_.size());
  for (const TableMember& member : members_) indexes.push_back(member.index);
  std::vector<std::uint32_t> backends(owners.size());
  std::transform(owners.begin(), owners.end(), backends.begin(),
                 [&](std::uint32_t owner) { return owner == no_member ? GW_NO_BACKEND : indexes[owner]; });
  return backends;
}

void TableLineage::set_members(std::vector<TableMember> members, std::int64_t now_ms) {
  sort(members);
  if (id_ != 0 && members == members_) return;
  const std::vector<std::uint32_t> owners = build(members, slot_count_);
  set_members(std::move(members), owners, now_ms);
}

void TableLineage::set_members(std::vector<TableMember> sorted, const std::vector<std::uint32_t>& owners,
                               std::int64_t now_ms) {
  OneChange change{std::exchange(members_, std::move(sorted)), now_ms};
  const std::vector<std::uint32_t> backends = backends_of(owners);
  const Wire wire = copied();
  const std::span<gw_slot> slots = slots_of(wire);
  // Without branches: which slots move is chance.
  std::vector<std::uint32_t> beginning(slot_count_);
  std::size_t count = 0;
  for (std::uint32_t i = 0; i < slot_count_; ++i) {
    const gw_slot before = slots[i];
    // A slot that nobody owned has no flows that could call it home.
    const bool is_new = !ever_had_members_ || before.home_backend == GW_NO_BACKEND;
    const std::uint32_t home = is_new ? backends[i] : before.home_backend;
    slots[i] = {backends[i], home};
    beginning[count] = i;
    count += std::size_t{home != backends[i]} & std::size_t{before.home_backend == before.current_backend};
  }
  beginning.resize(count);
  const bool was_still = moving_.empty();
  moving_.settle(slots);
  moving_.begin(std::move(beginning), slots, now_ms);
  one_change_.reset();
  if (was_still && !moving_.empty()) one_change_ = std::move(change);
  ever_had_members_ = ever_had_members_ || !members_.empty();
  take(wire);
}

bool TableLineage::retire(std::int64_t now_ms, std::int64_t idle_timeout_ms, const MovingSlots::IsAlive& alive) {
  const std::vector<std::uint32_t> due = moving_.due(this->slots(), now_ms, idle_timeout_ms, alive);
  if (due.empty()) return false;
  const Wire wire = copied();
  const std::span<gw_slot> slots = slots_of(wire);
  for (const std::uint32_t slot : due) slots[slot].home_backend = slots[slot].current_backend;
  moving_.settle(slots);
  one_change_.reset();
  take(wire);
  return true;
}

bool TableLineage::names(std::uint32_t backend) const {
  return moving_.has_home(backend) || std::any_of(members_.begin(), members_.end(), [&](const TableMember& member) {
           return member.index == backend && member.weight != 0;
         });
}

std::vector<TableLineage::Moving> TableLineage::moving() const {
  std::vector<Moving> all;
  all.reserve(moving_.count());
  for (const MovingSlots::OfChange& change : moving_.changes()) {
    for (const std::uint32_t slot : change.slots) all.push_back({slot, slots()[slot].home_backend, change.since_ms});
  }
  std::sort(all.begin(), all.end(), [](const Moving& a, const Moving& b) { return a.slot < b.slot; });
  return all;
}

void TableLineage::restore(std::vector<TableMember> members, const std::vector<Moving>& moving) {
  members_ = std::move(members);
  ever_had_members_ = !members_.empty() || !moving.empty();
  const std::vector<std::uint32_t> backends = backends_of(build(members_, slot_count_));
  const Wire wire = copied();
  const std::span<gw_slot> slots = slots_of(wire);
  for (std::uint32_t i = 0; i < slot_count_; ++i) slots[i] = {backends[i], backends[i]};
  std::map<std::int64_t, std::vector<std::uint32_t>> by_change;
  for (const Moving& each : moving) {
    slots[each.slot].home_backend = each.home;
    if (each.home != backends[each.slot]) by_change[each.since_ms].push_back(each.slot);
  }
  for (auto& [since_ms, beginning] : by_change) moving_.begin(std::move(beginning), slots, since_ms);
  take(wire);
}

}  // namespace guideway
