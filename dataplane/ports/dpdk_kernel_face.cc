// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ports/dpdk_kernel_face.hh"

#include <rte_mbuf.h>
#include <rte_ring.h>

#include <algorithm>

#include "dataplane/ports/dpdk_mbufs.hh"

namespace guideway {
namespace {

constexpr unsigned ring_size = 1024;

}  // namespace

// One worker's two ends of the rings.
class DpdkKernelFace::Queue final : public PortQueue {
 public:
  Queue(rte_ring* to_kernel, rte_ring* from_kernel) noexcept : to_kernel_(to_kernel), from_kernel_(from_kernel) {}

  void receive(Burst& burst) noexcept override {
    burst.count = 0;
    if (from_kernel_ == nullptr) return;
    MbufArray mbufs;
    const unsigned count =
        rte_ring_dequeue_burst(from_kernel_, reinterpret_cast<void**>(mbufs.data()), burst_packets_max, nullptr);
    describe(mbufs, count, burst);
  }
  std::uint32_t send(std::span<Packet* const> packets) noexcept override {
    MbufArray mbufs;
    undescribe(packets, mbufs);
    return rte_ring_enqueue_burst(to_kernel_, reinterpret_cast<void**>(mbufs.data()),
                                  static_cast<unsigned>(packets.size()), nullptr);
  }
  void release(std::span<Packet* const> packets) noexcept override { free_buffers(packets); }

 private:
  rte_ring* to_kernel_;
  rte_ring* from_kernel_;  // null for all workers but one
};

void DpdkKernelFace::FreeRing::operator()(rte_ring* ring) const noexcept {
  void* mbuf = nullptr;
  while (rte_ring_dequeue(ring, &mbuf) == 0) rte_pktmbuf_free(static_cast<rte_mbuf*>(mbuf));
  rte_ring_free(ring);
}

DpdkKernelFace::DpdkKernelFace(std::string interface_name, TapDevice tap, rte_mempool* pool)
    : interface_name_(std::move(interface_name)), tap_(std::move(tap)), pool_(pool) {}

Result<std::unique_ptr<DpdkKernelFace>> DpdkKernelFace::create(const KernelFaceSettings& settings, rte_mempool* pool) {
  auto tap = TapDevice::create(settings.tap);
  if (!tap) return failure_of(tap);
  std::unique_ptr<DpdkKernelFace> face(new DpdkKernelFace(settings.tap.name, std::move(*tap), pool));
  if (auto made = face->make_rings(settings); !made) return failure_of(made);
  for (std::uint32_t worker = 0; worker < settings.worker_count; ++worker)
    face->queues_.push_back(
        std::make_unique<Queue>(face->to_kernel_.get(), worker == 0 ? face->from_kernel_.get() : nullptr));
  return face;
}

Result<void> DpdkKernelFace::make_rings(const KernelFaceSettings& settings) {
  const std::string suffix = std::to_string(settings.port_number);
  // Workers may share cores with other threads, so one that is preempted in the middle must not hold up the others:
  // relaxed tail synchronisation.
  const unsigned producers = settings.worker_count > 1 ? RING_F_MP_RTS_ENQ : RING_F_SP_ENQ;
  to_kernel_.reset(
      rte_ring_create(("to_kernel" + suffix).c_str(), ring_size, settings.numa_node, producers | RING_F_SC_DEQ));
  from_kernel_.reset(
      rte_ring_create(("from_kernel" + suffix).c_str(), ring_size, settings.numa_node, RING_F_SP_ENQ | RING_F_SC_DEQ));
  if (to_kernel_ == nullptr || from_kernel_ == nullptr)
    return failure("cannot allocate the rings of kernel face \"" + interface_name_ + "\": give more --memory-mb");
  return {};
}

DpdkKernelFace::~DpdkKernelFace() { rte_pktmbuf_free(waiting_); }

bool DpdkKernelFace::move() noexcept {
  const bool there = move_to_kernel();
  const bool back = move_from_kernel();
  return there || back;
}

bool DpdkKernelFace::move_to_kernel() noexcept {
  for (std::uint32_t moved = 0; moved < burst_packets_max; ++moved) {
    void* next = waiting_;
    if (next == nullptr && rte_ring_dequeue(to_kernel_.get(), &next) != 0) return moved != 0;
    waiting_ = static_cast<rte_mbuf*>(next);
    const std::span frame(rte_pktmbuf_mtod(waiting_, const std::byte*), waiting_->data_len);
    // What the kernel does not take is tried again, so that the ring fills and workers notice.
    if (!tap_.write(frame)) return moved != 0;
    rte_pktmbuf_free(waiting_);
    waiting_ = nullptr;
  }
  return true;
}

bool DpdkKernelFace::move_from_kernel() noexcept {
  // Read only what the ring has room for: the rest waits in the kernel's own queue.
  const unsigned room = std::min(rte_ring_free_count(from_kernel_.get()), burst_packets_max);
  for (unsigned moved = 0; moved < room; ++moved) {
    rte_mbuf* mbuf = rte_pktmbuf_alloc(pool_);
    if (mbuf == nullptr) return moved != 0;
    const std::size_t length = tap_.read({rte_pktmbuf_mtod(mbuf, std::byte*), rte_pktmbuf_tailroom(mbuf)});
    if (length == 0) {
      rte_pktmbuf_free(mbuf);
      return moved != 0;
    }
    mbuf->data_len = static_cast<std::uint16_t>(length);
    mbuf->pkt_len = static_cast<std::uint32_t>(length);
    static_cast<void>(rte_ring_enqueue(from_kernel_.get(), mbuf));  // there is room, and nobody else puts in
  }
  return room != 0;
}

}  // namespace guideway
