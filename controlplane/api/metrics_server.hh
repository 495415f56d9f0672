// SPDX-License-Identifier: Apache-2.0
// GET /metrics on a TCP address, and nothing else. Whoever reaches the address may read it.
#pragma once

#include <memory>

#include <boost/asio/io_context.hpp>

#include "controlplane/api/http_limits.hh"
#include "controlplane/api/router.hh"
#include "dataplane/base/result.hh"
#include "dataplane/net/address.hh"

namespace guideway {

class MetricsServer {
 public:
  [[nodiscard]] static Result<MetricsServer> listen(boost::asio::io_context& io, const Endpoint& address,
                                                    Router& router, const HttpLimits& limits);
  MetricsServer(MetricsServer&&) noexcept;
  MetricsServer& operator=(MetricsServer&&) noexcept;
  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;
  ~MetricsServer();

 private:
  class Listener;
  explicit MetricsServer(std::shared_ptr<Listener> listener) noexcept;
  std::shared_ptr<Listener> listener_;
};

}  // namespace guideway
