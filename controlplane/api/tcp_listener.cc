// SPDX-License-Identifier: Apache-2.0
#include "controlplane/api/tcp_listener.hh"

#include <boost/asio/ip/address.hpp>

namespace guideway {

namespace asio = boost::asio;

Result<void> TcpListener::open(const Endpoint& address) {
  boost::system::error_code error;
  const asio::ip::tcp::endpoint endpoint(asio::ip::make_address(address.address.text(), error), address.port);
  if (!error) acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error) return failure(error.message());
  return {};
}

void TcpListener::close() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

}  // namespace guideway
