// SPDX-License-Identifier: Apache-2.0
// A UDP socket of loopback that hands every datagram on to a server, and what comes back to who asked, late; or without
// a server says something of its own. On the test's io_context.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <string>
#include <utility>

namespace guideway {

class DatagramPeer {
 public:
  using udp = boost::asio::ip::udp;

  // To every datagram `says`; says nothing if that is empty.
  DatagramPeer(boost::asio::io_context& io, std::string says)
      : says_(std::move(says)), socket_(io, {boost::asio::ip::address_v4::loopback(), 0}), server_(io), timer_(io) {
    hear();
  }
  // What the server at `port` says, after `delay`.
  DatagramPeer(boost::asio::io_context& io, std::uint16_t port, std::chrono::milliseconds delay)
      : delay_(delay), socket_(io, {boost::asio::ip::address_v4::loopback(), 0}), server_(io), timer_(io) {
    server_.connect({boost::asio::ip::address_v4::loopback(), port});
    hear();
  }
  [[nodiscard]] std::uint16_t port() const { return socket_.local_endpoint().port(); }

 private:
  void hear() {
    socket_.async_receive_from(boost::asio::buffer(heard_), from_,
                               [this](const boost::system::error_code& error, std::size_t bytes) {
                                 if (error) return;
                                 boost::system::error_code ignored;
                                 if (server_.is_open()) {
                                   server_.send(boost::asio::buffer(heard_, bytes), 0, ignored);
                                   hand_back();
                                 } else if (!says_.empty()) {
                                   socket_.send_to(boost::asio::buffer(says_), from_, 0, ignored);
                                 }
                                 hear();
                               });
  }

  void hand_back() {
    server_.async_receive(boost::asio::buffer(answer_),
                          [this](const boost::system::error_code& error, std::size_t bytes) {
                            if (error) return;
                            timer_.expires_after(delay_);
                            timer_.async_wait([this, bytes](const boost::system::error_code& stopped) {
                              boost::system::error_code ignored;
                              if (!stopped) socket_.send_to(boost::asio::buffer(answer_, bytes), from_, 0, ignored);
                            });
                          });
  }

  std::string says_;
  std::chrono::milliseconds delay_{0};
  udp::socket socket_;
  udp::socket server_;
  boost::asio::steady_timer timer_;
  udp::endpoint from_;
  std::array<char, 4096> heard_{};
  std::array<char, 4096> answer_{};
};

}  // namespace guideway
