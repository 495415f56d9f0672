// SPDX-License-Identifier: Apache-2.0
#include "controlplane/api/metrics_server.hh"

#include <utility>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "controlplane/api/http_accept.hh"
#include "controlplane/api/http_connection.hh"

namespace guideway {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

class MetricsServer::Listener : public std::enable_shared_from_this<Listener> {
 public:
  Listener(asio::io_context& io, Router& router, const HttpLimits& limits)
      : acceptor_(io),
        pause_(io),
        router_(router),
        limits_(limits),
        open_(std::make_shared<OpenConnections>(limits.connections_max)) {}

  Result<void> open(const Endpoint& address) {
    boost::beast::error_code error;
    const Tcp::endpoint endpoint(asio::ip::make_address(address.address.text(), error), address.port);
    if (!error) acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error)
      return failure("metrics cannot be served on " + address.text() + ": " + error.message() +
                     "; give an address of this machine and a free port");
    return {};
  }

  void took(Tcp::socket socket) {
    if (!open_->make_room()) return;
    std::make_shared<HttpConnection<PlainWire<Tcp>>>(
        std::make_unique<PlainWire<Tcp>>(std::move(socket)), limits_, open_, Caller{}, Access::read,
        [self = shared_from_this()](const ApiRequest& request, Operations::Respond respond) {
          self->handle(request, std::move(respond));
        })
        ->start();
  }

  void close() {
    boost::beast::error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
  }

  [[nodiscard]] Tcp::acceptor& acceptor() noexcept { return acceptor_; }
  [[nodiscard]] asio::steady_timer& pause() noexcept { return pause_; }

 private:
  void handle(const ApiRequest& request, Operations::Respond respond) {
    if (request.target != "/metrics") return respond(error_reply(404, "there is nothing here but /metrics"));
    router_.handle(request, std::move(respond));
  }

  Tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  Router& router_;
  HttpLimits limits_;
  std::shared_ptr<OpenConnections> open_;
};

Result<MetricsServer> MetricsServer::listen(asio::io_context& io, const Endpoint& address, Router& router,
                                            const HttpLimits& limits) {
  auto listener = std::make_shared<Listener>(io, router, limits);
  auto opened = listener->open(address);
  if (!opened) return failure_of(opened);
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
