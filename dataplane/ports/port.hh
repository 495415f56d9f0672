// SPDX-License-Identifier: Apache-2.0
// One queue pair of a port, as one worker sees it. Called once a burst, so virtual calls cost nothing that counts.
#pragma once

#include <cstdint>
#include <span>

#include "dataplane/pipeline/burst.hh"

namespace guideway {

class PortQueue {
 public:
  PortQueue() = default;
  PortQueue(const PortQueue&) = delete;
  PortQueue& operator=(const PortQueue&) = delete;
  virtual ~PortQueue() = default;

  // Receives up to burst_packets_max frames into burst.packets[0..count) and sets burst.count: data, length_bytes,
  // headroom_bytes and buffer of each; the rest of each descriptor is reset by the pipeline.
  virtual void receive(Burst& burst) noexcept = 0;
  // Sends as many of the packets as there is room for, in order, and returns how many; those now belong to the port,
  // the rest still to the caller.
  [[nodiscard]] virtual std::uint32_t send(std::span<Packet* const> packets) noexcept = 0;
  // Gives back packets that will not be sent.
  virtual void release(std::span<Packet* const> packets) noexcept = 0;
};

}  // namespace guideway
