// SPDX-License-Identifier: Apache-2.0
// Fragments (docs/packet-path.md, section 5): what became of a first one is remembered, later ones follow it, early
// ones wait for it. One worker's.
#pragma once

#include <cstdint>

#include "dataplane/base/result.hh"
#include "dataplane/forwarding/fragment_table.hh"
#include "dataplane/pipeline/fragment_hold.hh"
#include "dataplane/pipeline/steps.hh"

namespace guideway {

class Fragments {
 public:
  [[nodiscard]] static Result<Fragments> create();

  // Lets go what has waited too long; see take_released().
  void expire(std::uint32_t now_ticks) noexcept {
    if (!hold_.is_empty()) hold_.expire(now_ticks);
  }
  // Lets go everything.
  void give_up() noexcept { hold_.give_up(); }
  // Goes through a burst whose other packets have their exits, in order: learns from first fragments, and gives later
  // ones an exit or holds them (GW_EXIT_HELD: the buffer is ours until take_released()).
  void settle(Burst& burst, const Snapshot& snapshot, const HealthTable& health, Answers& answers,
              std::uint32_t now_ticks) noexcept;
  // Fills the burst with fragments that were held and now have their exits, all of one ingress port. False if there is
  // none.
  [[nodiscard]] bool take_released(Burst& burst, const Snapshot& snapshot, const HealthTable& health,
                                   Answers& answers) noexcept;

 private:
  explicit Fragments(FragmentTable table) noexcept : table_(std::move(table)) {}
  gw_fragment_entry learn(const Packet& first, std::uint64_t key, const HealthTable& health,
                          std::uint32_t now_ticks) noexcept;
  [[nodiscard]] static gw_exit follow(Packet& packet, const gw_fragment_entry& entry, const Snapshot& snapshot,
                                      const HealthTable& health, Answers& answers) noexcept;

  FragmentTable table_;
  FragmentHold hold_;
};

}  // namespace guideway
