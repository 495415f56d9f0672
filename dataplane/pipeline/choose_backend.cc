// SPDX-License-Identifier: Apache-2.0
// Section 3 of docs/packet-path.md: remember only the exceptions.
//
// A burst is sorted first and then decided kind by kind (packets of plain slots, those of flows that are remembered,
// all others), since a processor that cannot guess which kind comes next loses more by that than a decision costs. What
// comes of it is what would come of one packet after the other: all that packets can disturb each other in is a bucket
// of the flow table, so one that is remembered but shares its bucket with one of the others waits for its turn too.
#include <array>
#include <bit>

#include "dataplane/pipeline/choose_asking.hh"
#include "dataplane/pipeline/remembered_flow.hh"
#include "dataplane/pipeline/steps.hh"

namespace guideway {
namespace {

// A bit a packet, by its place in the burst.
using PacketSet = std::uint32_t;
static_assert(burst_packets_max <= 32);

[[nodiscard]] PacketSet bit_if(bool is_in, unsigned at) noexcept { return static_cast<PacketSet>(is_in) << at; }

// In the order in which they came.
template <typename Do>
void for_each_in(PacketSet set, Do do_with) noexcept {
  for (; set != 0; set &= set - 1) do_with(static_cast<unsigned>(std::countr_zero(set)));
}

// Buckets that somebody is about to change. Two that share a bit only lose time.
class BucketMarks {
 public:
  [[nodiscard]] bool has(std::uint32_t bucket) const noexcept { return (word(bucket) >> bucket % 64 & 1U) != 0; }
  void add(std::uint32_t bucket) noexcept { word(bucket) |= std::uint64_t{1} << bucket % 64; }

 private:
  [[nodiscard]] const std::uint64_t& word(std::uint32_t bucket) const noexcept { return words_[bucket / 64 % 16]; }
  [[nodiscard]] std::uint64_t& word(std::uint32_t bucket) noexcept { return words_[bucket / 64 % 16]; }
  std::array<std::uint64_t, 16> words_{};
};

class BackendChoice {
 public:
  BackendChoice(Burst& burst, ChooseState& state) noexcept
      : burst_(burst), state_(state), key_(state.admission.snapshot.hash_key()) {}

  void run() noexcept {
    send_for_lines();
    choose_plainly(active_ & ~following_);
    if (asking_ != 0) {
      seek(asking_ & near_);
      if (waiting_ != 0) mark_waiting();
      follow_known();
      choose_in_turn();
      if (has_left_) keep_active();
    }
    const auto asked = static_cast<std::uint32_t>(std::popcount(asking_));
    add_to(state_.counters.plain, static_cast<std::uint32_t>(std::popcount(active_)) - asked);
    add_to(state_.counters.asked, asked);
  }

 private:
  // What each packet will be decided by: the bucket if the flow may be remembered, and the slot if not all flows are.
  void send_for_lines() noexcept {
    PacketSet active = 0;
    PacketSet following = 0;
    PacketSet near = 0;
    for (std::uint32_t i = 0; i < burst_.active_count; ++i) {
      const unsigned at = burst_.active[i];
      const Packet& packet = burst_.packets[at];
      const bool follows = follows_every_flow(packet);
      const bool is_near = follows || state_.flows.may_hold(packet.hash);
      active |= bit_if(true, at);
      following |= bit_if(follows, at);
      near |= bit_if(is_near, at);
      const gw_slot* slot = packet.service->slots;
      if (!follows) {
        slot = slots_[at] = &OwnSlot::of(packet, key_).in(*packet.service);
        __builtin_prefetch(slot);
      }
      state_.flows.prefetch(packet.hash, is_near, slot);
    }
    active_ = active;
    asking_ = following_ = following;
    near_ = near;
  }

  void choose_plainly(PacketSet packets) noexcept {
    PacketSet asking = 0;
    for_each_in(packets, [&](unsigned at) noexcept {
      Packet& packet = burst_.packets[at];
      const gw_slot& slot = *slots_[at];
      packet.backend = slot.current_backend;
      asking |= bit_if(!is_plain(packet, slot), at);
    });
    asking_ |= asking;
  }
  [[nodiscard]] bool is_plain(const Packet& packet, const gw_slot& slot) const noexcept {
    const std::uint16_t flags = packet.service->row.flags;
    if (packet.kind == PacketKind::about_flow || (flags & GW_SERVICE_PER_PACKET) != 0) return false;
    const bool is_free = (flags & GW_SERVICE_REMEMBERS_NOTHING) != 0 || nobody_remembers(packet, state_);
    return static_cast<unsigned>(is_plain_slot(slot, state_.health)) & static_cast<unsigned>(is_free);
  }

  // Finds out to which packets an entry belongs, and changes nothing yet.
  void seek(PacketSet packets) noexcept {
    PacketSet missing = 0;
    for_each_in(packets, [&](unsigned at) noexcept {
      const FlowTable::Sought sought = state_.flows.seek<0>(burst_.packets[at].hash);
      entries_[at] = sought.entry;
      missing |= bit_if(!sought.is_there, at);
    });
    PacketSet unknown = 0;
    for_each_in(missing, [&](unsigned at) noexcept {
      const FlowTable::Sought sought = state_.flows.seek<1>(burst_.packets[at].hash);
      entries_[at] = sought.entry;
      unknown |= bit_if(!sought.is_there, at);
    });
    known_ = packets & ~unknown;
    waiting_ = asking_ & ~known_;
    unknown_ = unknown;
  }

  // Those that wait mark their buckets, and send for the slots of new flows. `unknown_` shrinks to the first of each
  // bucket: what was not found there is not there when its turn comes.
  void mark_waiting() noexcept {
    PacketSet first = 0;
    for_each_in(waiting_, [&](unsigned at) noexcept {
      const Packet& packet = burst_.packets[at];
      const Service& service = *packet.service;
      if (begins_at_own_slot(service.row))
        __builtin_prefetch(&service.slots[gw_scale(packet.hash, service.slot_count)]);
      const std::uint32_t bucket = state_.flows.bucket_number(packet.hash);
      first |= bit_if(!marks_.has(bucket), at);
      marks_.add(bucket);
    });
    unknown_ &= first;
  }

  void follow_known() noexcept {
    PacketSet waiting = waiting_;
    for_each_in(known_, [&](unsigned at) noexcept {
      Packet& packet = burst_.packets[at];
      gw_flow_entry& entry = *entries_[at];
      if (waiting == 0 || !marks_.has(state_.flows.bucket_number(packet.hash))) {
        if (may_follow(packet, entry)) return follow_entry(entry, packet, state_.admission.now_ticks);
        marks_.add(state_.flows.bucket_number(packet.hash));
      }
      waiting |= bit_if(true, at);
    });
    waiting_ = waiting;
  }
  [[nodiscard]] bool may_follow(const Packet& packet, const gw_flow_entry& entry) const noexcept {
    return packet.kind != PacketKind::about_flow && (packet.service->row.flags & GW_SERVICE_REMEMBERS_NOTHING) == 0 &&
           FlowTable::remaining_ticks(entry, state_.admission.now_ticks) != 0 &&
           keeps_its_backend(entry, packet, state_.health);
  }

  // One after the other, as everything is by now.
  void choose_in_turn() noexcept {
    for (PacketSet waiting = waiting_; waiting != 0;) {
      const auto at = static_cast<unsigned>(std::countr_zero(waiting));
      waiting &= waiting - 1;
      const std::uint64_t inserted_before = state_.counters.flows_inserted;
      choose(burst_.packets[at], bit_if(true, at));
      if (state_.counters.flows_inserted != inserted_before) waiting |= no_longer_plain(at);
    }
  }
  void choose(Packet& packet, PacketSet itself) noexcept {
    const OwnSlot own = OwnSlot::of(packet, key_);
    if (!follows_every_flow(packet) && is_plain(packet, own.in(*packet.service))) {
      packet.backend = own.in(*packet.service).current_backend;
      asking_ &= ~itself;
      return;
    }
    asking_ |= itself;
    const gw_exit exit = packet.kind == PacketKind::about_flow
                             ? choose_about_flow(packet, own, state_)
                             : choose_asking(packet, own, (unknown_ & itself) != 0, state_);
    packet.exit = static_cast<std::uint8_t>(exit);
    has_left_ |= exit != GW_EXIT_SENT;
  }
  // Of the packets behind one whose flow is remembered from now on: those that must be chosen for once more, since the
  // filter says that they may be of that flow.
  [[nodiscard]] PacketSet no_longer_plain(unsigned remembered) const noexcept {
    PacketSet doubtful = 0;
    for_each_in(active_ & ~asking_ & ~PacketSet{1} << remembered, [&](unsigned at) noexcept {
      doubtful |= bit_if(
          gw_flow_filter_cell(burst_.packets[at].hash) == gw_flow_filter_cell(burst_.packets[remembered].hash), at);
    });
    return doubtful;
  }

  void keep_active() noexcept {
    std::uint32_t kept = 0;
    for (std::uint32_t i = 0; i < burst_.active_count; ++i) {
      burst_.active[kept] = burst_.active[i];
      kept += burst_.packets[burst_.active[i]].exit == GW_EXIT_SENT ? 1 : 0;
    }
    burst_.active_count = kept;
  }

  Burst& burst_;
  ChooseState& state_;
  const gw_hash_key key_;
  PacketSet active_ = 0;
  PacketSet following_ = 0;  // of services that follow every flow
  PacketSet near_ = 0;       // whose bucket is on its way
  PacketSet asking_ = 0;     // that are not plain
  PacketSet known_ = 0;      // that an entry was found for
  PacketSet unknown_ = 0;    // that none was found for, and none can have come since
  PacketSet waiting_ = 0;    // to be chosen for in turn
  bool has_left_ = false;
  BucketMarks marks_;
  std::array<gw_flow_entry*, burst_packets_max> entries_;  // of known_
  std::array<const gw_slot*, burst_packets_max> slots_;    // of active_ without following_: its own
};

}  // namespace

void choose_backend(Burst& burst, ChooseState& state) noexcept { BackendChoice(burst, state).run(); }

}  // namespace guideway
