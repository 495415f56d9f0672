// SPDX-License-Identifier: Apache-2.0
#include "controlplane/api/tls_server.hh"

#include <functional>
#include <utility>

#include <boost/asio/ip/tcp.hpp>

#include "controlplane/api/http_accept.hh"
#include "controlplane/api/http_connection.hh"
#include "controlplane/api/tcp_listener.hh"
#include "controlplane/api/tls_identity.hh"

namespace guideway {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

// Whoever has not shown a certificate yet. All of them hold their places together, so it is one of them who makes room.
constexpr std::uint64_t nobody_yet = UINT64_MAX;

// A client until it has shown who it is.
class Handshake : public std::enable_shared_from_this<Handshake> {
 public:
  using Done = std::function<void(std::unique_ptr<TlsWire>)>;

  Handshake(std::unique_ptr<TlsWire> wire, std::shared_ptr<OpenConnections> open, Done done)
      : wire_(std::move(wire)), open_(std::move(open)), done_(std::move(done)) {}
  ~Handshake() { open_->remove(number_); }
  Handshake(const Handshake&) = delete;
  Handshake& operator=(const Handshake&) = delete;

  void start(std::chrono::seconds timeout) {
    number_ = open_->add(nobody_yet, [weak = weak_from_this()] {
      if (auto self = weak.lock()) self->close();
    });
    wire_->clock().expires_after(timeout);
    wire_->stream().async_handshake(
        asio::ssl::stream_base::server,
        [self = shared_from_this()](const boost::beast::error_code& error) { self->ended(error); });
  }

 private:
  void ended(const boost::beast::error_code& error) {
    open_->remove(std::exchange(number_, 0));
    if (!error && wire_->socket().is_open()) done_(std::move(wire_));
  }
  void close() {
    boost::beast::error_code ignored;
    wire_->socket().close(ignored);
  }

  std::unique_ptr<TlsWire> wire_;
  std::shared_ptr<OpenConnections> open_;
  OpenConnections::Number number_ = 0;
  Done done_;
};

}  // namespace

class TlsServer::Listener : public TcpListener, public std::enable_shared_from_this<Listener> {
 public:
  Listener(asio::io_context& io, TlsIdentity identity, Router& router, const HttpLimits& limits)
      : TcpListener(io),
        identity_(std::move(identity)),
        router_(router),
        limits_(limits),
        open_(std::make_shared<OpenConnections>(limits.connections_max)) {}

  void took(Tcp::socket socket) {
    if (!open_->make_room()) return;
    std::make_shared<Handshake>(
        std::make_unique<TlsWire>(std::move(socket), identity_.context()), open_,
        [self = shared_from_this()](std::unique_ptr<TlsWire> wire) { self->serve(std::move(wire)); })
        ->start(limits_.request_timeout);
  }

 private:
  void serve(std::unique_ptr<TlsWire> wire) {
    Caller caller = TlsIdentity::caller_of(wire->stream().native_handle());
    const Access access = identity_.access_of(caller);
    std::make_shared<HttpConnection<TlsWire>>(
        std::move(wire), limits_, open_, std::move(caller), access,
        [self = shared_from_this()](const ApiRequest& request, Operations::Respond respond) {
          self->router_.handle(request, std::move(respond));
        })
        ->start();
  }

  TlsIdentity identity_;
  Router& router_;
  HttpLimits limits_;
  std::shared_ptr<OpenConnections> open_;
};

Result<TlsServer> TlsServer::listen(asio::io_context& io, const ApiTlsConfig& config, Router& router,
                                    const HttpLimits& limits) {
  auto identity = TlsIdentity::load(config);
  if (!identity) return failure_of(identity);
  auto listener = std::make_shared<Listener>(io, std::move(*identity), router, limits);
  auto opened = listener->open(config.listen);
  if (!opened)
    return failure("api_tls.listen: the API cannot be served on " + config.listen.text() + ": " +
                   opened.error().message + "; give a free port of loopback");
  accept_next(listener);
  return TlsServer(std::move(listener));
}

TlsServer::TlsServer(std::shared_ptr<Listener> listener) noexcept : listener_(std::move(listener)) {}
TlsServer::TlsServer(TlsServer&&) noexcept = default;
TlsServer& TlsServer::operator=(TlsServer&&) noexcept = default;
TlsServer::~TlsServer() {
  if (listener_) listener_->close();
}

std::uint16_t TlsServer::port() const { return listener_->acceptor().local_endpoint().port(); }

}  // namespace guideway
