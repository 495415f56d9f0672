// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ports/dpdk_port.hh"

#include <rte_errno.h>
#include <rte_ethdev.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <thread>
#include <utility>

#include "dataplane/ports/dpdk_mbufs.hh"
#include "dataplane/ports/dpdk_rss.hh"

namespace guideway {
namespace {

class DpdkQueue : public PortQueue {
 public:
  DpdkQueue(std::uint16_t device, std::uint16_t queue) noexcept : device_(device), queue_(queue) {}

  void receive(Burst& burst) noexcept override {
    MbufArray mbufs;
    const std::uint16_t count = rte_eth_rx_burst(device_, queue_, mbufs.data(), burst_packets_max);
    describe(mbufs, count, burst);
  }
  std::uint32_t send(std::span<Packet* const> packets) noexcept override {
    MbufArray mbufs;
    undescribe(packets, mbufs);
    return rte_eth_tx_burst(device_, queue_, mbufs.data(), static_cast<std::uint16_t>(packets.size()));
  }
  void release(std::span<Packet* const> packets) noexcept override { free_buffers(packets); }

 protected:
  std::uint16_t device_;
  std::uint16_t queue_;
};

// A bond speaks LACP in passing: what it has to say goes out when something is sent, be it nothing, and at least every
// 100 ms. Workers that sleep poll every 0.2 ms at least.
class BondQueue final : public DpdkQueue {
 public:
  using DpdkQueue::DpdkQueue;
  void receive(Burst& burst) noexcept override {
    if (++polls_ % polls_between_sends == 0) static_cast<void>(rte_eth_tx_burst(device_, queue_, nullptr, 0));
    DpdkQueue::receive(burst);
  }

 private:
  static constexpr std::uint32_t polls_between_sends = 64;
  std::uint32_t polls_ = 0;
};

bool is_bond(const std::string& name) { return name.rfind("net_bonding", 0) == 0; }

std::string because(const std::string& what, int outcome) { return what + ": " + rte_strerror(-outcome); }

Result<void> check_queues(const std::string& name, const rte_eth_dev_info& device, std::uint16_t wanted) {
  const std::uint16_t queues_max = std::min(device.max_rx_queues, device.max_tx_queues);
  if (wanted <= queues_max) return {};
  return failure("port " + name + " has " + std::to_string(queues_max) +
                 (queues_max == 1 ? " queue pair, " : " queue pairs, ") + std::to_string(wanted) +
                 " workers need one each: lower --workers" +
                 (name.rfind("net_af_packet", 0) == 0 ? " or raise the device's qpairs=" : ""));
}

// net_af_packet claims to end at 1,518 bytes, but its frames are as long as its framesz= says (port_spec.cc), and the
// MTU is the interface's own.
bool takes_mtu(const rte_eth_dev_info& device) { return std::string_view(device.driver_name) != "net_af_packet"; }

// A bond takes its members in when it is configured for the first time, and can do what these can only from then on.
Result<void> gather_members(std::uint16_t device, const std::string& name) {
  const rte_eth_conf plain{};
  const int outcome = rte_eth_dev_configure(device, 1, 1, &plain);
  if (outcome == 0) return {};
  return failure(because("cannot gather the members of port " + name + "; each slave= needs a --member", outcome));
}

// Every tag stays in its frame, and frames of every VLAN come in: some drivers start otherwise.
void keep_tags(std::uint16_t device, std::vector<std::string>& warnings) {
  constexpr int unwanted = RTE_ETH_VLAN_STRIP_OFFLOAD | RTE_ETH_VLAN_FILTER_OFFLOAD | RTE_ETH_QINQ_STRIP_OFFLOAD;
  const int offloads = rte_eth_dev_get_vlan_offload(device);
  if (offloads < 0 || (offloads & unwanted) == 0) return;
  if (const int outcome = rte_eth_dev_set_vlan_offload(device, offloads & ~unwanted); outcome != 0)
    warnings.push_back(because("the driver takes VLAN tags off or filters them, and cannot be told not to", outcome));
}

Result<void> set_up_queues(std::uint16_t device, const std::string& name, const DpdkPortSettings& settings,
                           rte_mempool* pool) {
  std::uint16_t rx_descriptors = settings.rx_descriptors;
  std::uint16_t tx_descriptors = settings.tx_descriptors;
  if (const int outcome = rte_eth_dev_adjust_nb_rx_tx_desc(device, &rx_descriptors, &tx_descriptors); outcome != 0)
    return failure(because("cannot agree on queue lengths with port " + name, outcome));
  const auto numa_node = static_cast<unsigned>(rte_eth_dev_socket_id(device));
  for (std::uint16_t queue = 0; queue < settings.queue_count; ++queue) {
    int outcome = rte_eth_rx_queue_setup(device, queue, rx_descriptors, numa_node, nullptr, pool);
    if (outcome == 0) outcome = rte_eth_tx_queue_setup(device, queue, tx_descriptors, numa_node, nullptr);
    if (outcome != 0)
      return failure(because("cannot set up queue pair " + std::to_string(queue) + " of port " + name, outcome));
  }
  return {};
}

}  // namespace

DpdkMember::~DpdkMember() {
  if (!owned_) return;
  static_cast<void>(rte_eth_dev_stop(device_));
  static_cast<void>(rte_eth_dev_close(device_));
}

Result<std::uint16_t> DpdkPort::find(const std::string& name) {
  std::uint16_t device = 0;
  if (rte_eth_dev_get_port_by_name(name.c_str(), &device) == 0) return device;
  return failure("there is no port \"" + name + "\": for a PCI device, is it bound to vfio-pci (dpdk-devbind.py -s)?");
}

DpdkPortFacts DpdkPort::examine(std::uint16_t device) {
  DpdkPortFacts facts;
  facts.numa_node = rte_eth_dev_socket_id(device);
  static_cast<void>(rte_eth_dev_get_mtu(device, &facts.mtu_bytes));
  return facts;
}

Result<DpdkPort> DpdkPort::start(std::uint16_t device, const DpdkPortSettings& settings, rte_mempool* pool,
                                 std::vector<std::string>& warnings) {
  std::array<char, RTE_ETH_NAME_MAX_LEN> name{};
  static_cast<void>(rte_eth_dev_get_name_by_port(device, name.data()));
  DpdkPort port(device, name.data());
  if (auto configured = port.configure(settings, pool, warnings); !configured) return failure_of(configured);
  return port;
}

Result<void> DpdkPort::configure(const DpdkPortSettings& settings, rte_mempool* pool,
                                 std::vector<std::string>& warnings) {
  if (is_bond(name_)) {
    if (auto gathered = gather_members(device_, name_); !gathered) return gathered;
  }
  rte_eth_dev_info info{};
  if (const int outcome = rte_eth_dev_info_get(device_, &info); outcome != 0)
    return failure(because("cannot examine port " + name_, outcome));
  if (auto enough = check_queues(name_, info, settings.queue_count); !enough) return enough;

  mtu_bytes_ = settings.mtu_bytes.value_or(examine(device_).mtu_bytes);
  const bool tells_mtu = takes_mtu(info);
  rte_eth_conf configuration{};
  if (tells_mtu) configuration.rxmode.mtu = mtu_bytes_;
  const bool has_rss = settings.queue_count > 1 && request_rss(info, configuration);
  if (const int outcome = rte_eth_dev_configure(device_, settings.queue_count, settings.queue_count, &configuration);
      outcome != 0)
    return failure(because("cannot configure port " + name_ + " with " + std::to_string(settings.queue_count) +
                               " queue pairs and an MTU of " + std::to_string(mtu_bytes_),
                           outcome));
  if (settings.mtu_bytes && tells_mtu) {
    if (const int outcome = rte_eth_dev_set_mtu(device_, mtu_bytes_); outcome != 0 && outcome != -ENOTSUP)
      return failure(because("cannot set the MTU of port " + name_ + " to " + std::to_string(mtu_bytes_), outcome));
  }

  if (auto ready = set_up_queues(device_, name_, settings, pool); !ready) return ready;
  if (const int outcome = rte_eth_dev_start(device_); outcome != 0)
    return failure(because("cannot start port " + name_, outcome));

  keep_tags(device_, warnings);
  if (has_rss) spread_rss(device_, info, settings.queue_count, warnings);
  // Neighbour discovery and routing protocols come by multicast. Devices that cannot filter receive it anyway.
  int multicast = rte_eth_allmulticast_enable(device_);
  // But a bond of such devices throws it away in mode 4, broadcasts too, unless it is promiscuous.
  if (multicast != 0 && is_bond(name_)) multicast = rte_eth_promiscuous_enable(device_);
  if (multicast != 0 && multicast != -ENOTSUP)
    warnings.push_back(because("port " + name_ + " may not receive multicast", multicast));
  rte_ether_addr address{};
  if (const int outcome = rte_eth_macaddr_get(device_, &address); outcome != 0)
    return failure(because("cannot read the MAC address of port " + name_, outcome));
  std::copy(std::begin(address.addr_bytes), std::end(address.addr_bytes), mac_.begin());
  return {};
}

DpdkPort::DpdkPort(DpdkPort&& other) noexcept
    : device_(other.device_),
      owned_(std::exchange(other.owned_, false)),
      name_(std::move(other.name_)),
      mac_(other.mac_),
      mtu_bytes_(other.mtu_bytes_) {}

DpdkPort::~DpdkPort() {
  if (!owned_) return;
  static_cast<void>(rte_eth_dev_stop(device_));
  static_cast<void>(rte_eth_dev_close(device_));
}

std::unique_ptr<PortQueue> DpdkPort::queue(std::uint16_t index) const {
  if (is_bond(name_) && index == 0) return std::make_unique<BondQueue>(device_, index);
  return std::make_unique<DpdkQueue>(device_, index);
}

bool DpdkPort::wait_for_link(std::uint32_t patience_ms) const {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(patience_ms);
  for (;;) {
    rte_eth_link link{};
    if (rte_eth_link_get_nowait(device_, &link) == 0 && link.link_status == RTE_ETH_LINK_UP) return true;
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace guideway
