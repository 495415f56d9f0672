// SPDX-License-Identifier: Apache-2.0
// A port that answers no SYN, as if its host were gone: its queue of unaccepted connections is full.
#pragma once

#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <vector>

namespace guideway {

class DeafPort {
 public:
  explicit DeafPort(boost::asio::io_context& io) : acceptor_(io) {
    acceptor_.open(boost::asio::ip::tcp::v4());
    acceptor_.bind({boost::asio::ip::address_v4::loopback(), 0});
    acceptor_.listen(0);
    for (int i = 0; i < 4; ++i) {
      fillers_.emplace_back(io);
      fillers_.back().open(boost::asio::ip::tcp::v4());
      fillers_.back().native_non_blocking(true);
      const boost::asio::ip::tcp::endpoint self = acceptor_.local_endpoint();
      static_cast<void>(::connect(fillers_.back().native_handle(), self.data(), static_cast<socklen_t>(self.size())));
    }
  }
  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  boost::asio::ip::tcp::acceptor acceptor_;
  std::vector<boost::asio::ip::tcp::socket> fillers_;
};

}  // namespace guideway
