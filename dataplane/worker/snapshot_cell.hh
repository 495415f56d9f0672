// SPDX-License-Identifier: Apache-2.0
// Where workers find the snapshot in use. Publication is one pointer swap; the publisher then waits until every worker
// has passed on, and frees the old one. A worker pays one load and one store to its own cache line a poll; it never
// waits.
//
// How it is safe: a worker announces, in its own line, the very pointer that it is going to use until its next call.
// The publisher frees the old snapshot only when no line holds it any more. A worker that is asleep or has stopped
// announces nothing and holds nothing, so that publishing need not wait for it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/forwarding/snapshot.hh"

namespace guideway {

class SnapshotCell {
 public:
  // Starts with `first`, and with all workers away.
  SnapshotCell(std::unique_ptr<const Snapshot> first, std::uint32_t worker_count);
  SnapshotCell(const SnapshotCell&) = delete;
  SnapshotCell& operator=(const SnapshotCell&) = delete;
  ~SnapshotCell();  // every worker must have left

  // For the worker of that index only. Between join() and leave(), enter() gives the newest snapshot, valid until the
  // worker's next call of enter() or leave().
  void join(std::uint32_t worker) noexcept;
  [[nodiscard]] const Snapshot& enter(std::uint32_t worker) noexcept {
    const Snapshot* snapshot = current_.load(std::memory_order_acquire);
    lines_[worker].in_use.store(snapshot, std::memory_order_release);
    return *snapshot;
  }
  void leave(std::uint32_t worker) noexcept;

  // For the one publisher only. Returns when every worker that has not left uses `next`.
  void publish(std::unique_ptr<const Snapshot> next);
  // The publisher's own view: valid until its next publish().
  [[nodiscard]] const Snapshot& newest() const noexcept { return *current_.load(std::memory_order_relaxed); }

 private:
  struct alignas(64) Line {
    std::atomic<const Snapshot*> in_use{nullptr};
  };
  alignas(64) std::atomic<const Snapshot*> current_;
  std::vector<Line> lines_;
};

}  // namespace guideway
