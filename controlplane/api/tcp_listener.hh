// SPDX-License-Identifier: Apache-2.0
// A TCP socket that listens, and what accept_next() needs beside it: a server derives its listener from it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "controlplane/config/schema.hh"
#include "dataplane/base/result.hh"

namespace guideway {

class TcpListener {
 public:
  explicit TcpListener(boost::asio::io_context& io) : acceptor_(io), pause_(io) {}

  // Fails in the words of the system alone.
  [[nodiscard]] Result<void> open(const Endpoint& address);
  void close();

  [[nodiscard]] boost::asio::ip::tcp::acceptor& acceptor() noexcept { return acceptor_; }
  [[nodiscard]] boost::asio::steady_timer& pause() noexcept { return pause_; }

 private:
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
};

}  // namespace guideway
