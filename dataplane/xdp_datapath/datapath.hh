// SPDX-License-Identifier: Apache-2.0
// Everything that guideway-xdp holds, in the order in which it is built up, and the side of it that the door sees.
// start() either gives a datapath whose program is at work on every interface, or one sentence. What is pinned stays at
// work when this ends, unless detach() was called.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/door/datapath.hh"
#include "dataplane/xdp/attachment.hh"
#include "dataplane/xdp/held_fragments.hh"
#include "dataplane/xdp/pins.hh"
#include "dataplane/xdp/snapshot_maps.hh"
#include "dataplane/xdp_datapath/options.hh"
#include "dataplane/xdp_datapath/sweeper.hh"

namespace guideway {

class XdpDatapath final : public door::Datapath {
 public:
  [[nodiscard]] static Result<std::unique_ptr<XdpDatapath>> start(const XdpDatapathOptions& options);

  // Serves fragments that wait for their first one, and forgets expired flows; for the main thread, again and again.
  // Returns after 50 ms or a signal at the latest.
  void keep_house();
  // Whatever waits goes back to the program: before the end, whichever it is.
  void stop_holding() { held_fragments_->give_up(); }
  // Takes the program off and everything away.
  [[nodiscard]] Result<void> detach();

  void describe(door::Welcome& welcome) const override;
  [[nodiscard]] door::SharedMemory shared_memory() const override;
  [[nodiscard]] std::optional<door::LentMemory> capture_memory() const override {
    return door::LentMemory{program_->captures_fd(), program_->captures_bytes()};
  }
  [[nodiscard]] Capacities capacities() const override { return program_->capacities(); }
  [[nodiscard]] const Snapshot& newest() const override { return *newest_; }
  [[nodiscard]] Result<void> publish(std::unique_ptr<const Snapshot> next) override;
  [[nodiscard]] Result<std::optional<door::FoundFlow>> find_flow(std::uint64_t hash) override;
  [[nodiscard]] Result<FlowScan> read_flows(std::uint32_t worker, std::uint32_t first_bucket,
                                            std::span<gw_flow_entry> room) override;
  [[nodiscard]] std::uint32_t now_ticks() const override;

 private:
  [[nodiscard]] static Result<std::unique_ptr<XdpDatapath>> start_with(const XdpDatapathOptions& options,
                                                                       std::uint32_t worker_count, Pins pins);
  XdpDatapath(const XdpDatapathOptions& options, Pins pins, std::unique_ptr<XdpProgram> program, SnapshotMaps maps);
  [[nodiscard]] Result<void> attach(XdpMode mode);
  // Behind libxdp's dispatcher if that is wished and can be, else alone; says which.
  [[nodiscard]] Result<Attachment> attach_port(std::uint32_t number, XdpMode mode, bool& is_dispatched) const;
  void tell_of(const std::string& interface, const Attachment& attachment) const;

  std::vector<std::string> interfaces_;  // by port number
  Pins pins_;
  std::unique_ptr<XdpProgram> program_;
  SnapshotMaps maps_;
  std::unique_ptr<HeldFragments> held_fragments_;
  std::unique_ptr<const Snapshot> newest_;
  std::vector<Attachment> attachments_;  // by port number
  Sweeper sweeper_;
  bool can_sweep_ = true;
  std::chrono::steady_clock::time_point next_sweep_;
};

}  // namespace guideway
