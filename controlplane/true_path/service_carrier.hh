// SPDX-License-Identifier: Apache-2.0
// Carries checks through a service: the kernel's TCP and UDP speak, as for every check, but what a marked socket sends
// comes here, by a route and a device of our own; it leaves as the frame that the datapath would make of it, on the
// interface of the datapath's port. What the backend answers goes to this machine's address, the usual way.
//
//   socket (mark) -> table -> device -> frame_for(packet, row) -> interface -> backend -> socket
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "controlplane/health/check_carrier.hh"
#include "controlplane/true_path/probe_packet.hh"

namespace guideway {

class ServiceCarrier final : public CheckCarrier {
 public:
  // How the datapath hands packets to a backend now.
  struct Way {
    gw_backend row{};
    std::string interface;            // of the datapath's port, towards the kernel
    std::optional<IpAddress> source;  // this machine's address that the backend can answer to
  };
  using FindWay = std::function<Result<Way>(std::uint32_t backend)>;
  static constexpr const char* device = "guideway-check";

  // Nothing is opened before the first check needs it.
  ServiceCarrier(boost::asio::io_context& io, FindWay find_way) : io_(io), find_way_(std::move(find_way)) {}
  ~ServiceCarrier() override;

  [[nodiscard]] Result<std::shared_ptr<void>> carry(int socket, const CheckTarget& target) override;
  // Device and routes are gone, and nothing waits on the io_context any more.
  void stop();

 private:
  struct Open;

  [[nodiscard]] Result<void> open();
  void await_packets();
  void take_packets();
  void send(std::span<const std::byte> packet);

  boost::asio::io_context& io_;
  FindWay find_way_;
  std::shared_ptr<Open> open_;  // while checks go through services
  std::string trouble_;         // of the last try, which is not repeated before
  std::chrono::steady_clock::time_point next_try_{};
  std::map<ProbeKey, CheckWay> flows_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace guideway
