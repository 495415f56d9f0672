// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 on a unix socket: several connections at once, bodies of at most 1 MB, idle ones closed. Who may talk to
// it is decided by the socket's mode (0660) and owner; or, if the rules name groups, by who the client is. A second
// server on the same socket is refused.
#pragma once

#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>

#include "controlplane/api/access.hh"
#include "controlplane/api/http_limits.hh"
#include "controlplane/api/router.hh"
#include "dataplane/base/result.hh"

namespace guideway {

class HttpServer {
 public:
  using Limits = HttpLimits;

  [[nodiscard]] static Result<HttpServer> listen(boost::asio::io_context& io, const std::string& path, Router& router,
                                                 const Limits& limits, const AccessRules& rules = {});
  HttpServer(HttpServer&&) noexcept;
  HttpServer& operator=(HttpServer&&) noexcept;
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  // Closes the listening socket and removes its path.
  ~HttpServer();

 private:
  class Listener;
  explicit HttpServer(std::shared_ptr<Listener> listener) noexcept;
  std::shared_ptr<Listener> listener_;
};

}  // namespace guideway
