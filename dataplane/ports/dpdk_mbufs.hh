// SPDX-License-Identifier: Apache-2.0
// Between DPDK's packet buffers and our descriptors. For the dpdk_* files only.
#pragma once

#include <rte_mbuf.h>

#include <array>
#include <span>

#include "dataplane/pipeline/burst.hh"

namespace guideway {

using MbufArray = std::array<rte_mbuf*, burst_packets_max>;

// Describes received buffers to the pipeline. A frame in several pieces, which no port of ours should deliver, is made
// one piece; if it does not fit, the pipeline sees the first piece only and drops it by name as truncated.
inline void describe(const MbufArray& mbufs, std::uint32_t count, Burst& burst) noexcept {
  burst.count = count;
  for (std::uint32_t i = 0; i < count; ++i) {
    rte_mbuf* mbuf = mbufs[i];
    if (mbuf->nb_segs > 1) [[unlikely]]
      static_cast<void>(rte_pktmbuf_linearize(mbuf));
    Packet& packet = burst.packets[i];
    packet.data = rte_pktmbuf_mtod(mbuf, std::byte*);
    packet.buffer = mbuf;
    packet.length_bytes = mbuf->data_len;
    packet.headroom_bytes = rte_pktmbuf_headroom(mbuf);
  }
}

// Tells the buffers what the pipeline has made of their frames.
inline void undescribe(std::span<Packet* const> packets, MbufArray& mbufs) noexcept {
  for (std::size_t i = 0; i < packets.size(); ++i) {
    const Packet& packet = *packets[i];
    auto* mbuf = static_cast<rte_mbuf*>(packet.buffer);
    mbufs[i] = mbuf;
    if (mbuf->nb_segs > 1) [[unlikely]]
      continue;  // unchanged, on its way to the kernel
    mbuf->data_off = static_cast<std::uint16_t>(packet.data - static_cast<std::byte*>(mbuf->buf_addr));
    mbuf->data_len = static_cast<std::uint16_t>(packet.length_bytes);
    mbuf->pkt_len = packet.length_bytes;
  }
}

inline void free_buffers(std::span<Packet* const> packets) noexcept {
  MbufArray mbufs;
  for (std::size_t i = 0; i < packets.size(); ++i) mbufs[i] = static_cast<rte_mbuf*>(packets[i]->buffer);
  rte_pktmbuf_free_bulk(mbufs.data(), static_cast<unsigned>(packets.size()));
}

}  // namespace guideway
