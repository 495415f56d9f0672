// SPDX-License-Identifier: Apache-2.0
// What TCP and HTTP probes have in common: a non-blocking connection, one deadline for everything, one verdict, and
// the line between the backend's failures and this machine's own. Include it in probe_*.cc only (it brings Asio).
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "controlplane/health/check_target.hh"
#include "controlplane/health/probe_result.hh"

namespace guideway {

class ConnectingProbe : public Probe, public std::enable_shared_from_this<ConnectingProbe> {
 public:
  ConnectingProbe(boost::asio::io_context& io, CheckTarget target, ProbeDone done);
  void start();
  void cancel() override;

 protected:
  // The connection stands; ends in finish(), fail() or the deadline.
  virtual void on_connected() = 0;
  // The deadline's sentence, by how far the probe got.
  [[nodiscard]] virtual std::string awaited() const = 0;

  void finish(ProbeOutcome outcome, std::string detail);
  // The verdict on an error of a socket operation.
  void fail(const boost::system::error_code& error);
  [[nodiscard]] bool finished() const noexcept { return finished_; }

  boost::asio::ip::tcp::socket socket_;
  const CheckTarget target_;

 private:
  void on_connect_result(const boost::system::error_code& error);
  [[nodiscard]] bool connected_to_itself() const;
  void close();

  boost::asio::steady_timer deadline_;
  ProbeDone done_;
  std::chrono::steady_clock::time_point began_;
  bool connected_ = false;
  bool finished_ = false;
};

}  // namespace guideway
