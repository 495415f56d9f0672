// SPDX-License-Identifier: Apache-2.0
// Stands before a real server and hands on what it says, but late. On the test's io_context; one connection after
// another.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <memory>

namespace guideway {

class SlowRelay {
 public:
  SlowRelay(boost::asio::io_context& io, std::uint16_t port, std::chrono::milliseconds delay)
      : io_(io), port_(port), delay_(delay), acceptor_(io, {boost::asio::ip::address_v4::loopback(), 0}) {
    accept();
  }
  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  using tcp = boost::asio::ip::tcp;
  struct Pair {
    explicit Pair(boost::asio::io_context& io) : client(io), server(io), timer(io) {}
    tcp::socket client;
    tcp::socket server;
    boost::asio::steady_timer timer;
    std::array<char, 4096> asked{};
    std::array<char, 4096> said{};
  };
  using PairPtr = std::shared_ptr<Pair>;

  void accept() {
    const auto pair = std::make_shared<Pair>(io_);
    acceptor_.async_accept(pair->client, [this, pair](const boost::system::error_code& error) {
      if (error) return;
      boost::system::error_code refused;
      pair->server.connect({boost::asio::ip::address_v4::loopback(), port_}, refused);
      if (!refused) {
        hand_on(pair);
        hand_back(pair);
      }
      accept();
    });
  }

  void hand_on(const PairPtr& pair) {
    pair->client.async_read_some(boost::asio::buffer(pair->asked),
                                 [this, pair](const boost::system::error_code& error, std::size_t bytes) {
                                   if (error) return;
                                   boost::system::error_code ignored;
                                   boost::asio::write(pair->server, boost::asio::buffer(pair->asked, bytes), ignored);
                                   hand_on(pair);
                                 });
  }

  void hand_back(const PairPtr& pair) {
    pair->server.async_read_some(
        boost::asio::buffer(pair->said), [this, pair](const boost::system::error_code& error, std::size_t bytes) {
          if (error) return;
          pair->timer.expires_after(delay_);
          pair->timer.async_wait([this, pair, bytes](const boost::system::error_code& stopped) {
            if (stopped) return;
            boost::system::error_code ignored;
            boost::asio::write(pair->client, boost::asio::buffer(pair->said, bytes), ignored);
            hand_back(pair);
          });
        });
  }

  boost::asio::io_context& io_;
  std::uint16_t port_;
  std::chrono::milliseconds delay_;
  tcp::acceptor acceptor_;
};

}  // namespace guideway
