// SPDX-License-Identifier: Apache-2.0
#include "dataplane/xdp/held_fragments.hh"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <sched.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <iterator>
#include <string>
#include <utility>

namespace guideway {
namespace {

constexpr std::size_t mark_bytes = 4;

// The clock that the program goes by (gw_now_ticks).
std::uint32_t now_ticks() {
  timespec now{};
  (void)::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  const std::uint64_t ns =
      static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(now.tv_nsec);
  return static_cast<std::uint32_t>(ns / (1'000'000'000U / GW_TICKS_PER_SECOND));
}

// Runs what follows on one CPU, and goes back where it was.
class OnCpu {
 public:
  explicit OnCpu(std::uint32_t cpu) {
    CPU_ZERO(&before_);
    (void)::sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(cpu, &only);
    is_there_ = ::sched_setaffinity(0, sizeof only, &only) == 0;
  }
  OnCpu(const OnCpu&) = delete;
  OnCpu& operator=(const OnCpu&) = delete;
  ~OnCpu() { (void)::sched_setaffinity(0, sizeof before_, &before_); }
  [[nodiscard]] bool is_there() const noexcept { return is_there_; }

 private:
  cpu_set_t before_{};
  bool is_there_;
};

}  // namespace

HeldFragments::HeldFragments(const XdpProgram& program) : program_(&program), holds_(program.worker_count()) {}

HeldFragments::~HeldFragments() { ring_buffer__free(events_); }

Result<std::unique_ptr<HeldFragments>> HeldFragments::create(const XdpProgram& program) {
  std::unique_ptr<HeldFragments> held(new HeldFragments(program));
  held->events_ = ring_buffer__new(program.fragment_events_fd(), take_event, held.get(), nullptr);
  if (held->events_ == nullptr)
    return failure(std::string("cannot listen for fragments of the XDP program: ") + std::strerror(errno));
  return held;
}

int HeldFragments::fd() const noexcept { return ring_buffer__epoll_fd(events_); }

int HeldFragments::take_event(void* self, void* data, std::size_t length_bytes) {
  gw_xdp_fragment_event event;
  if (length_bytes < sizeof event) return 0;
  std::memcpy(&event, data, sizeof event);
  if (length_bytes - sizeof event < event.frame_bytes) return 0;
  static_cast<HeldFragments*>(self)->take(event, static_cast<const std::byte*>(data) + sizeof event);
  return 0;
}

void HeldFragments::take(const gw_xdp_fragment_event& event, const std::byte* frame_bytes) {
  if (event.worker >= holds_.size()) return;
  FragmentHold& hold = holds_[event.worker];
  if (event.frame_bytes == 0) {
    hold.release(event.key, 0, {});
    put_back_released(hold);
    return;
  }
  Frame& frame = frames_.emplace_back();
  frame.self = std::prev(frames_.end());
  frame.worker = event.worker;
  frame.interface_index = event.ingress_ifindex;
  frame.bytes.resize(mark_bytes + event.frame_bytes);
  std::memcpy(frame.bytes.data() + mark_bytes, frame_bytes, event.frame_bytes);
  Packet packet;
  packet.data = frame.bytes.data() + mark_bytes;
  packet.length_bytes = event.frame_bytes;
  packet.buffer = &frame;
  packet.flow.family = static_cast<__u8>(event.family);
  std::memcpy(packet.flow.source, event.source, sizeof packet.flow.source);
  if (!hold.hold(packet, event.key, now_ticks())) put_back(frame, GW_EXIT_DROP_FRAGMENTS_FULL);
}

void HeldFragments::put_back_released(FragmentHold& hold) {
  while (const FragmentHold::Released* next = hold.next()) {
    Frame& frame = *static_cast<Frame*>(next->packet.buffer);
    hold.pop();
    put_back(frame, GW_EXIT_DROP_FRAGMENT);
  }
}

void HeldFragments::put_back(Frame& frame, gw_exit without_entry) {
  const std::uint32_t mark = without_entry;
  std::memcpy(frame.bytes.data(), &mark, sizeof mark);
  const OnCpu there(frame.worker);
  if (!there.is_there() || !program_->put_back(frame.bytes, mark_bytes, frame.interface_index)) ++lost_;
  frames_.erase(frame.self);
}

void HeldFragments::serve() {
  (void)ring_buffer__consume(events_);
  if (is_empty()) return;
  const std::uint32_t now = now_ticks();
  for (FragmentHold& hold : holds_) {
    hold.expire(now);
    put_back_released(hold);
  }
}

void HeldFragments::give_up() {
  (void)ring_buffer__consume(events_);
  for (FragmentHold& hold : holds_) {
    hold.give_up();
    put_back_released(hold);
  }
}

}  // namespace guideway
