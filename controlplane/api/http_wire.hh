// SPDX-License-Identifier: Apache-2.0
// What a client's bytes come by: a socket, or TLS over one. Both have a stream to read from and write to, the clock
// that bounds that, and the socket below.
#pragma once

#include <memory>
#include <utility>

#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/ssl.hpp>

namespace guideway {

template <typename Protocol>
class PlainWire {
 public:
  using Socket = typename Protocol::socket;

  explicit PlainWire(Socket socket) : stream_(std::move(socket)) {}
  [[nodiscard]] auto& stream() noexcept { return stream_; }
  [[nodiscard]] auto& clock() noexcept { return stream_; }
  [[nodiscard]] Socket& socket() noexcept { return stream_.socket(); }

 private:
  boost::beast::basic_stream<Protocol> stream_;
};

class TlsWire {
 public:
  using Socket = boost::asio::ip::tcp::socket;

  // The context is kept as long as the wire.
  TlsWire(Socket socket, std::shared_ptr<boost::asio::ssl::context> context)
      : context_(std::move(context)), stream_(boost::beast::tcp_stream(std::move(socket)), *context_) {}
  [[nodiscard]] auto& stream() noexcept { return stream_; }
  [[nodiscard]] auto& clock() noexcept { return boost::beast::get_lowest_layer(stream_); }
  [[nodiscard]] Socket& socket() noexcept { return clock().socket(); }

 private:
  std::shared_ptr<boost::asio::ssl::context> context_;
  boost::beast::ssl_stream<boost::beast::tcp_stream> stream_;
};

}  // namespace guideway
