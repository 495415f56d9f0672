// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ports/dpdk_kernel_face.hh"

#include <net/if.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_ring.h>

#include <algorithm>

#include "dataplane/ports/dpdk_mbufs.hh"

namespace guideway {
namespace {

constexpr unsigned ring_size = 1024;
constexpr std::uint16_t tap_descriptors = 512;

std::string because(const std::string& what, int outcome) { return what + ": " + rte_strerror(-outcome); }

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

DpdkKernelFace::DpdkKernelFace(std::string interface_name) : interface_name_(std::move(interface_name)) {}

Result<std::unique_ptr<DpdkKernelFace>> DpdkKernelFace::create(const KernelFaceSettings& settings, rte_mempool* pool) {
  std::unique_ptr<DpdkKernelFace> face(new DpdkKernelFace(settings.interface_name));
  if (auto made = face->make_rings(settings); !made) return failure_of(made);
  if (auto made = face->make_tap(settings, pool); !made) return failure_of(made);
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

Result<void> DpdkKernelFace::make_tap(const KernelFaceSettings& settings, rte_mempool* pool) {
  if (::if_nametoindex(interface_name_.c_str()) != 0)
    return failure("cannot make kernel face \"" + interface_name_ +
                   "\": an interface of that name exists; choose another name with --kernel-face");
  device_name_ = "net_tap_guideway" + std::to_string(settings.port_number);
  const std::string arguments = "iface=" + interface_name_;
  if (const int outcome = rte_eal_hotplug_add("vdev", device_name_.c_str(), arguments.c_str()); outcome != 0)
    return failure(because("cannot make kernel face \"" + interface_name_ + "\"", outcome) +
                   "; it needs /dev/net/tun and CAP_NET_ADMIN, or --no-kernel-face");
  has_device_ = true;
  if (rte_eth_dev_get_port_by_name(device_name_.c_str(), &device_) != 0)
    return failure("kernel face \"" + interface_name_ + "\" vanished");
  return start_tap(settings, pool);
}

Result<void> DpdkKernelFace::start_tap(const KernelFaceSettings& settings, rte_mempool* pool) {
  const std::string what = "cannot start kernel face \"" + interface_name_ + "\"";
  rte_eth_conf configuration{};
  configuration.rxmode.mtu = settings.mtu_bytes;
  int outcome = rte_eth_dev_configure(device_, 1, 1, &configuration);
  if (outcome == 0) outcome = rte_eth_rx_queue_setup(device_, 0, tap_descriptors, 0, nullptr, pool);
  if (outcome == 0) outcome = rte_eth_tx_queue_setup(device_, 0, tap_descriptors, 0, nullptr);
  if (outcome != 0) return failure(because(what, outcome));
  rte_ether_addr address{};
  std::copy(settings.mac.begin(), settings.mac.end(), std::begin(address.addr_bytes));
  outcome = rte_eth_dev_default_mac_addr_set(device_, &address);
  if (outcome != 0) return failure(because(what + " with the port's MAC address", outcome));
  outcome = rte_eth_dev_set_mtu(device_, settings.mtu_bytes);
  if (outcome != 0) return failure(because(what + " with the port's MTU", outcome));
  outcome = rte_eth_dev_start(device_);
  if (outcome == 0) outcome = rte_eth_dev_set_link_up(device_);
  if (outcome != 0 && outcome != -ENOTSUP) return failure(because(what, outcome));
  return {};
}

DpdkKernelFace::~DpdkKernelFace() {
  rte_pktmbuf_free_bulk(waiting_.data(), waiting_count_);
  if (!has_device_) return;
  static_cast<void>(rte_eth_dev_stop(device_));
  static_cast<void>(rte_eal_hotplug_remove("vdev", device_name_.c_str()));
}

bool DpdkKernelFace::move() noexcept {
  // Towards the kernel. What the TAP does not take is tried again, so that the ring fills and workers notice.
  if (waiting_count_ == 0)
    waiting_count_ =
        rte_ring_dequeue_burst(to_kernel_.get(), reinterpret_cast<void**>(waiting_.data()), burst_packets_max, nullptr);
  bool moved = waiting_count_ != 0;
  if (waiting_count_ != 0) {
    const std::uint32_t taken =
        rte_eth_tx_burst(device_, 0, waiting_.data(), static_cast<std::uint16_t>(waiting_count_));
    std::copy(waiting_.begin() + taken, waiting_.begin() + waiting_count_, waiting_.begin());
    waiting_count_ -= taken;
  }

  // From the kernel. Read only what the ring has room for: the rest waits in the kernel's own queue.
  const unsigned room = std::min(rte_ring_free_count(from_kernel_.get()), burst_packets_max);
  if (room == 0) return moved;
  MbufArray mbufs;
  const std::uint16_t received = rte_eth_rx_burst(device_, 0, mbufs.data(), static_cast<std::uint16_t>(room));
  if (received == 0) return moved;
  const unsigned queued =
      rte_ring_enqueue_burst(from_kernel_.get(), reinterpret_cast<void**>(mbufs.data()), received, nullptr);
  rte_pktmbuf_free_bulk(mbufs.data() + queued, received - queued);
  return true;
}

}  // namespace guideway
