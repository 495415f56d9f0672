// SPDX-License-Identifier: Apache-2.0
// What all probes have in common: one deadline for everything, one verdict, and the line between the backend's
// failures and this machine's own.
#pragma once

#include <boost/system/error_code.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "controlplane/health/check_target.hh"
#include "controlplane/health/probe_result.hh"

namespace boost::asio {
class io_context;
}

namespace guideway {

class TimedProbe : public Probe, public std::enable_shared_from_this<TimedProbe> {
 public:
  TimedProbe(boost::asio::io_context& io, CheckTarget target, ProbeDone done);
  ~TimedProbe() override;
  void start();
  void cancel() final;

 protected:
  // Ends in finish(), fail() or the deadline; it may call them at once.
  virtual void begin() = 0;
  // Frees what is open; its handlers are still called and find finished().
  virtual void close() = 0;
  // The deadline's sentence, by how far the probe got: "no <this> within 1000 ms".
  [[nodiscard]] virtual std::string awaited() const = 0;

  void finish(ProbeOutcome outcome, std::string detail);
  // The verdict on an error of a system call.
  void fail(const boost::system::error_code& error);
  // For a socket that is open and not connected yet: if the target has a way of its own, its packets go that way from
  // now on. False: they cannot, and that is the verdict.
  [[nodiscard]] bool is_carried(int socket);
  // This machine could not do it, whatever the backend's state.
  void cannot(const std::string& why);
  [[nodiscard]] bool finished() const noexcept { return finished_; }

  boost::asio::io_context& io_;
  const CheckTarget target_;
  ProbeResult result_;  // warning and agent are the probe's to fill in

 private:
  class Deadline;

  void tell();

  std::unique_ptr<Deadline> deadline_;
  ProbeDone done_;
  std::shared_ptr<void> carried_;
  std::chrono::steady_clock::time_point began_;
  bool starting_ = false;
  bool finished_ = false;
};

}  // namespace guideway
