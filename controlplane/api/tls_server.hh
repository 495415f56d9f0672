// SPDX-License-Identifier: Apache-2.0
// The API on a TCP port of loopback, inside TLS 1.3. Who a client is says its certificate, which an authority of the
// configuration must have signed; nobody else gets as far as a request. Bounds are those of the unix socket.
#pragma once

#include <memory>

#include <boost/asio/io_context.hpp>

#include "controlplane/api/http_limits.hh"
#include "controlplane/api/router.hh"
#include "controlplane/config/schema.hh"
#include "dataplane/base/result.hh"

namespace guideway {

class TlsServer {
 public:
  [[nodiscard]] static Result<TlsServer> listen(boost::asio::io_context& io, const ApiTlsConfig& config, Router& router,
                                                const HttpLimits& limits);
  TlsServer(TlsServer&&) noexcept;
  TlsServer& operator=(TlsServer&&) noexcept;
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;
  ~TlsServer();

  // Of use where the configuration asks for port 0, as tests do.
  [[nodiscard]] std::uint16_t port() const;

 private:
  class Listener;
  explicit TlsServer(std::shared_ptr<Listener> listener) noexcept;
  std::shared_ptr<Listener> listener_;
};

}  // namespace guideway
