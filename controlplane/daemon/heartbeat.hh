// SPDX-License-Identifier: Apache-2.0
// Tells the service manager from guidewayd's one loop that it lives, and in one line how things stand.
#pragma once

#include <functional>
#include <string>

#include <boost/asio/steady_timer.hpp>

#include "dataplane/systemd/systemd_state.hh"

namespace guideway {

class Heartbeat {
 public:
  Heartbeat(boost::asio::io_context& io, SystemdState& systemd, std::function<std::string()> status)
      : systemd_(systemd), status_(std::move(status)), timer_(io) {}
  // Goes on for as long as the loop runs.
  void beat();

 private:
  SystemdState& systemd_;
  std::function<std::string()> status_;
  boost::asio::steady_timer timer_;
};

}  // namespace guideway
