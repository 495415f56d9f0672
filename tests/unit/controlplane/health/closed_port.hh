// SPDX-License-Identifier: Apache-2.0
// A port of loopback where nobody listens.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>

namespace guideway {

inline std::uint16_t closed_port(boost::asio::io_context& io) {
  const boost::asio::ip::tcp::acceptor acceptor(io, {boost::asio::ip::address_v4::loopback(), 0});
  return acceptor.local_endpoint().port();
}

}  // namespace guideway
