// SPDX-License-Identifier: Apache-2.0
// The two ways to guidewayd, each with a stream to talk by: its unix socket, and TLS over TCP. Only api_client.cc and
// api_wire.cc meet Boost.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/ssl.hpp>

#include "controlplane/cli/api_address.hh"

namespace guideway {

using Connected = std::function<void(const boost::beast::error_code&)>;

class SocketWire {
 public:
  SocketWire(boost::asio::io_context& io, const ApiAddress& address) : path_(address.where), stream_(io) {}

  // What is wrong before anything is tried.
  [[nodiscard]] Result<void> prepare();
  void connect(Connected connected);
  [[nodiscard]] auto& stream() noexcept { return stream_; }
  [[nodiscard]] auto& clock() noexcept { return stream_; }
  [[nodiscard]] std::string why(const boost::beast::error_code& error) const { return error.message(); }

 private:
  std::string path_;
  boost::beast::basic_stream<boost::asio::local::stream_protocol> stream_;
};

class TlsClientWire {
 public:
  TlsClientWire(boost::asio::io_context& io, const ApiAddress& address)
      : io_(io), address_(address), context_(boost::asio::ssl::context::tls_client) {}

  // The rest only after this.
  [[nodiscard]] Result<void> prepare();
  void connect(Connected connected);
  [[nodiscard]] auto& stream() noexcept { return *stream_; }
  [[nodiscard]] auto& clock() noexcept { return boost::beast::get_lowest_layer(*stream_); }
  // OpenSSL's words for what people meet say what to do about it.
  [[nodiscard]] std::string why(const boost::beast::error_code& error);

 private:
  boost::asio::io_context& io_;
  ApiAddress address_;
  Endpoint endpoint_;
  boost::asio::ssl::context context_;
  std::optional<boost::beast::ssl_stream<boost::beast::tcp_stream>> stream_;
};

}  // namespace guideway
