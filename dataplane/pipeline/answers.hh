// SPDX-License-Identifier: Apache-2.0
// What Guideway says itself, in the name of a service address (docs/packet-path.md, section 6): the received packet is
// turned, in place, into the answer that goes back to its sender. Each kind has its rate.
#pragma once

#include <cstdint>

#include "dataplane/pipeline/burst.hh"
#include "ebpf/abi/bucket.h"
#include "ebpf/abi/snapshot.h"

namespace guideway {

// One worker's buckets: what is left of each rate.
struct AnswerBuckets {
  gw_bucket echo{};
  gw_bucket too_big{};
  gw_bucket reject{};
};

// For one burst: the buckets beside what the snapshot grants and the time.
class Answers {
 public:
  Answers(AnswerBuckets& buckets, const gw_answer_rates& rates, std::uint32_t worker_count,
          std::uint32_t now_ticks) noexcept
      : buckets_(buckets), rates_(rates), worker_count_(worker_count), now_ticks_(now_ticks) {}

  // Each returns the packet's exit. An echo request becomes its reply.
  [[nodiscard]] gw_exit echo(Packet& packet) noexcept;
  // A packet that does not fit `mtu_bytes` becomes frag-needed or packet-too-big.
  [[nodiscard]] gw_exit too_big(Packet& packet, std::uint32_t mtu_bytes) noexcept;
  // A packet that nobody accepts becomes a RST or port unreachable.
  [[nodiscard]] gw_exit reject(Packet& packet) noexcept;

 private:
  [[nodiscard]] bool has_token(gw_bucket& bucket, std::uint32_t rate) const noexcept;

  AnswerBuckets& buckets_;
  const gw_answer_rates& rates_;
  std::uint32_t worker_count_;
  std::uint32_t now_ticks_;
};

}  // namespace guideway
