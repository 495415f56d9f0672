// SPDX-License-Identifier: Apache-2.0
#include "controlplane/api/metrics_server.hh"

#include <utility>

#include <boost/asio/ip/tcp.hpp>

#include "controlplane/api/http_accept.hh"
#include "controlplane/api/http_connection.hh"
#include "controlplane/api/tcp_listener.hh"

namespace guideway {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

class MetricsServer::Listener : public TcpListener, public std::enable_shared_from_this<Listener> {
 public:
  Listener(asio::io_context& io, Router& router, const HttpLimits& limits)
      : TcpListener(io),
        router_(router),
        limits_(limits),
        open_(std::make_shared<OpenConnections>(limits.connections_max)) {}

  void took(Tcp::socket socket) {
    if (!open_->make_room()) return;
    std::make_shared<HttpConnection<PlainWire<Tcp>>>(
        std::make_unique<PlainWire<Tcp>>(std::move(socket)), limits_, open_, Caller{}, Access::read,
        [self = shared_from_this()](const ApiRequest& request, Operations::Respond respond) {
          self->handle(request, std::move(respond));
        })
        ->start();
  }

 private:
  void handle(const ApiRequest& request, Operations::Respond respond) {
    if (request.target != "/metrics") return respond(error_reply(404, "there is nothing here but /metrics"));
    router_.handle(request, std::move(respond));
  }

  Router& router_;
  HttpLimits limits_;
  std::shared_ptr<OpenConnections> open_;
};

Result<MetricsServer> MetricsServer::listen(asio::io_context& io, const Endpoint& address, Router& router,
                                            const HttpLimits& limits) {
  auto listener = std::make_shared<Listener>(io, router, limits);
  auto opened = listener->open(address);
  if (!opened)
    return failure("metrics cannot be served on " + address.text() + ": " + opened.error().message +
                   "; give an address of this machine and a free port");
  accept_next(listener);
  return MetricsServer(std::move(listener));
}

MetricsServer::MetricsServer(std::shared_ptr<Listener> listener) noexcept : listener_(std::move(listener)) {}
MetricsServer::MetricsServer(MetricsServer&&) noexcept = default;
MetricsServer& MetricsServer::operator=(MetricsServer&&) noexcept = default;
MetricsServer::~MetricsServer() {
  if (listener_) listener_->close();
}

}  // namespace guideway
