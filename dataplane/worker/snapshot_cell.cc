// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/snapshot_cell.hh"

#include <chrono>
#include <thread>

#include "dataplane/base/check.hh"

namespace guideway {

SnapshotCell::SnapshotCell(std::unique_ptr<const Snapshot> first, std::uint32_t worker_count)
    : current_(first.release()), lines_(worker_count) {}

SnapshotCell::~SnapshotCell() {
  for (const Line& line : lines_)
    check(line.in_use.load(std::memory_order_acquire) == nullptr, "a worker still uses the snapshot");
  delete current_.load(std::memory_order_relaxed);
}

void SnapshotCell::join(std::uint32_t worker) noexcept {
  // The publisher may have looked at this line, found it empty, and be about to free what we just loaded. So announce
  // first and look again: in the one order of all these operations, either it sees us or we see its new pointer.
  const Snapshot* snapshot = current_.load(std::memory_order_seq_cst);
  for (;;) {
    lines_[worker].in_use.store(snapshot, std::memory_order_seq_cst);
    const Snapshot* again = current_.load(std::memory_order_seq_cst);
    if (again == snapshot) return;
    snapshot = again;
  }
}

void SnapshotCell::leave(std::uint32_t worker) noexcept {
  lines_[worker].in_use.store(nullptr, std::memory_order_release);
}

void SnapshotCell::publish(std::unique_ptr<const Snapshot> next) {
  const std::unique_ptr<const Snapshot> old(current_.load(std::memory_order_relaxed));
  current_.store(next.release(), std::memory_order_seq_cst);
  for (const Line& line : lines_) {
    // A poll takes microseconds; yielding first keeps a shared core moving.
    for (std::uint32_t tries = 0; line.in_use.load(std::memory_order_seq_cst) == old.get(); ++tries) {
      if (tries < 16)
        std::this_thread::yield();
      else
        std::this_thread::sleep_for(std::chrono::microseconds(20));
    }
  }
}

}  // namespace guideway
