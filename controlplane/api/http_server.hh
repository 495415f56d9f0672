// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 on a unix socket: several connections at once, bodies of at most 1 MB, idle ones closed. Who may talk to
// it is decided by the socket's mode (0660) and owner. A second server on the same socket is refused.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>

#include "controlplane/api/router.hh"
#include "dataplane/base/result.hh"

namespace guideway {

class HttpServer {
 public:
  struct Limits {
    std::size_t body_bytes_max = std::size_t{1024} * 1024;
    std::chrono::seconds request_timeout{30};  // to read a request, and to write its answer
    std::size_t connections_max = 256;
  };

  [[nodiscard]] static Result<HttpServer> listen(boost::asio::io_context& io, const std::string& path, Router& router,
                                                 const Limits& limits);
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
