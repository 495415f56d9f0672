// SPDX-License-Identifier: Apache-2.0
// A DPDK ethernet device with one receive and one transmit queue a worker. Packets are spread over the queues by the
// NIC (RSS over addresses and ports) where it can; devices without RSS spread in their own way.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/base/result.hh"
#include "dataplane/ports/port.hh"

struct rte_mempool;

namespace guideway {

struct DpdkPortSettings {
  std::uint16_t queue_count = 1;
  std::uint16_t rx_descriptors = 512;
  std::uint16_t tx_descriptors = 512;
  std::optional<std::uint16_t> mtu_bytes;  // the device's own if not set
};

// What must be known of a device before memory for it can be sized.
struct DpdkPortFacts {
  int numa_node = -1;
  std::uint16_t mtu_bytes = 1500;
};

// A device that is part of a port (net_bonding) and none itself. The port configures and starts it.
class DpdkMember {
 public:
  explicit DpdkMember(std::uint16_t device) noexcept : device_(device) {}
  DpdkMember(DpdkMember&& other) noexcept : device_(other.device_), owned_(std::exchange(other.owned_, false)) {}
  DpdkMember& operator=(DpdkMember&& other) = delete;
  DpdkMember(const DpdkMember&) = delete;
  DpdkMember& operator=(const DpdkMember&) = delete;
  ~DpdkMember();  // closes the device; its port must be closed before

 private:
  std::uint16_t device_;
  bool owned_ = true;
};

class DpdkPort {
 public:
  // The number of the device of that name (a PCI address, or a virtual device's name).
  [[nodiscard]] static Result<std::uint16_t> find(const std::string& name);
  [[nodiscard]] static DpdkPortFacts examine(std::uint16_t device);
  // Configures and starts it; says in `warnings` what the device could not do and can be lived without.
  [[nodiscard]] static Result<DpdkPort> start(std::uint16_t device, const DpdkPortSettings& settings, rte_mempool* pool,
                                              std::vector<std::string>& warnings);
  DpdkPort(DpdkPort&& other) noexcept;
  DpdkPort& operator=(DpdkPort&& other) = delete;
  DpdkPort(const DpdkPort&) = delete;
  DpdkPort& operator=(const DpdkPort&) = delete;
  ~DpdkPort();  // stops and closes the device

  [[nodiscard]] std::unique_ptr<PortQueue> queue(std::uint16_t index) const;
  // Waits until the link is up, at most so long.
  [[nodiscard]] bool wait_for_link(std::uint32_t patience_ms) const;

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::array<std::uint8_t, 6>& mac() const noexcept { return mac_; }
  [[nodiscard]] std::uint16_t mtu_bytes() const noexcept { return mtu_bytes_; }

 private:
  DpdkPort(std::uint16_t device, std::string name) : device_(device), name_(std::move(name)) {}
  [[nodiscard]] Result<void> configure(const DpdkPortSettings& settings, rte_mempool* pool,
                                       std::vector<std::string>& warnings);
  std::uint16_t device_;
  bool owned_ = true;
  std::string name_;
  std::array<std::uint8_t, 6> mac_{};
  std::uint16_t mtu_bytes_ = 0;
};

}  // namespace guideway
