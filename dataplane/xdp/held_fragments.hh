// SPDX-License-Identifier: Apache-2.0
// Fragments that came before their first one: the XDP program cannot hold a packet, so it sends them up, and they are
// held here (docs/packet-path.md, section 5), within the same bounds for each worker as in poll mode. They go back as
// frames that the program is run on, on the CPU of their worker and as if they came in by their interface: so that it
// decides and counts them itself.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <vector>

#include "dataplane/base/result.hh"
#include "dataplane/pipeline/fragment_hold.hh"
#include "dataplane/xdp/program.hh"

struct ring_buffer;

namespace guideway {

class HeldFragments {
 public:
  // `program` must have been loaded with listener_holds_fragments, and must outlive this.
  [[nodiscard]] static Result<std::unique_ptr<HeldFragments>> create(const XdpProgram& program);
  HeldFragments(const HeldFragments&) = delete;
  HeldFragments& operator=(const HeldFragments&) = delete;
  ~HeldFragments();

  // Readable when the program has sent something up.
  [[nodiscard]] int fd() const noexcept;
  // Takes what was sent up, and puts back what may go or has waited too long. To be called when fd() is readable, and
  // at least every 60 ms unless is_empty(). Moves the calling thread to other CPUs for moments.
  void serve();
  // Puts everything back now: before the end.
  void give_up();

  [[nodiscard]] bool is_empty() const noexcept { return frames_.empty(); }
  // Frames that the kernel did not take back, uncounted by the program: their interface is gone.
  [[nodiscard]] std::uint64_t lost() const noexcept { return lost_; }

 private:
  // A frame behind its mark (gw_xdp_fragment_event).
  struct Frame {
    std::uint32_t worker;
    std::uint32_t interface_index;
    std::vector<std::byte> bytes;
    std::list<Frame>::iterator self;
  };
  explicit HeldFragments(const XdpProgram& program);
  static int take_event(void* self, void* data, std::size_t length_bytes);
  void take(const gw_xdp_fragment_event& event, const std::byte* frame_bytes);
  void put_back_released(FragmentHold& hold);
  void put_back(Frame& frame, gw_exit without_entry);

  const XdpProgram* program_;
  ring_buffer* events_ = nullptr;
  std::vector<FragmentHold> holds_;  // by worker
  std::list<Frame> frames_;
  std::uint64_t lost_ = 0;
};

}  // namespace guideway
