// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/connecting_probe.hh"

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <optional>
#include <utility>

#include "controlplane/health/tls_session.hh"

namespace guideway {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

tcp::endpoint endpoint_of(const CheckTarget& target) {
  if (target.address.family == Family::ipv6) {
    return {asio::ip::address_v6(target.address.bytes), target.port};
  }
  asio::ip::address_v4::bytes_type bytes{};
  std::copy_n(target.address.bytes.begin(), bytes.size(), bytes.begin());
  return {asio::ip::address_v4(bytes), target.port};
}

bool is_end(const error_code& error) {
  return error == asio::error::eof || error == asio::ssl::error::stream_truncated;
}

}  // namespace

struct ConnectingProbe::Wire {
  explicit Wire(asio::io_context& io) : socket(io) {}

  tcp::socket socket;
  std::shared_ptr<asio::ssl::context> context;
  std::optional<asio::ssl::stream<tcp::socket&>> tls;
  std::string sent;
  std::array<char, 4096> received{};
};

ConnectingProbe::ConnectingProbe(asio::io_context& io, const CheckTarget& target, ProbeDone done)
    : TimedProbe(io, target, std::move(done)), wire_(std::make_unique<Wire>(io)) {}

ConnectingProbe::~ConnectingProbe() = default;

void ConnectingProbe::begin() {
  const tcp::endpoint endpoint = endpoint_of(target_);
  error_code error;
  wire_->socket.open(endpoint.protocol(), error);
  if (error) return fail(error);
  if (!is_carried(wire_->socket.native_handle())) return;
  const auto self = shared_from_this();
  wire_->socket.async_connect(endpoint, [this, self](const error_code& result) { on_connect_result(result); });
}

std::string ConnectingProbe::awaited() const {
  switch (stage_) {
    case Stage::connecting:
      return "connection";
    case Stage::securing:
      return "TLS handshake";
    case Stage::connected:
      break;
  }
  return awaited_answer();
}

void ConnectingProbe::on_connect_result(const error_code& error) {
  if (finished()) return;
  if (error) return fail(error);
  if (connected_to_itself()) return finish(ProbeOutcome::failed, "connection refused");
  if (target_.tls) return secure();
  stage_ = Stage::connected;
  on_connected();
}

// A local target whose port nobody listens on can be met by the probe's own ephemeral port: TCP's simultaneous open.
bool ConnectingProbe::connected_to_itself() const {
  error_code error;
  const tcp::endpoint local = wire_->socket.local_endpoint(error);
  if (error) return false;
  const tcp::endpoint remote = wire_->socket.remote_endpoint(error);
  return !error && local == remote;
}

void ConnectingProbe::secure() {
  stage_ = Stage::securing;
  const auto context = tls_context(target_);
  if (!context) return cannot(context.error().message);
  wire_->context = *context;
  wire_->tls.emplace(wire_->socket, *wire_->context);
  prepare_tls(wire_->tls->native_handle(), target_, protocol_inside());
  const auto self = shared_from_this();
  wire_->tls->async_handshake(asio::ssl::stream_base::client,
                              [this, self](const error_code& error) { on_secured(error); });
}

void ConnectingProbe::on_secured(const error_code& error) {
  if (finished()) return;
  if (is_end(error)) return finish(ProbeOutcome::failed, "connection closed in the middle of the TLS handshake");
  if (error.category() == asio::error::get_ssl_category())
    return finish(ProbeOutcome::failed, tls_failure(wire_->tls->native_handle(), error.message()));
  if (error) return fail(error);
  result_.warning = certificate_warning(wire_->tls->native_handle(), target_.certificate_days);
  stage_ = Stage::connected;
  on_connected();
}

void ConnectingProbe::write(std::string bytes, std::function<void()> then) {
  wire_->sent = std::move(bytes);
  auto written = [this, self = shared_from_this(), then = std::move(then)](const error_code& error, std::size_t) {
    if (finished()) return;
    if (error && error != asio::error::broken_pipe && error != asio::error::connection_reset) return fail(error);
    then();
  };
  if (wire_->tls)
    asio::async_write(*wire_->tls, asio::buffer(wire_->sent), std::move(written));
  else
    asio::async_write(wire_->socket, asio::buffer(wire_->sent), std::move(written));
}

void ConnectingProbe::read(std::function<void(std::string_view, bool)> then) {
  auto came = [this, self = shared_from_this(), then = std::move(then)](const error_code& error, std::size_t bytes) {
    if (finished()) return;
    if (error && !is_end(error)) return fail(error);
    then(std::string_view(wire_->received.data(), bytes), static_cast<bool>(error));
  };
  if (wire_->tls)
    wire_->tls->async_read_some(asio::buffer(wire_->received), std::move(came));
  else
    wire_->socket.async_read_some(asio::buffer(wire_->received), std::move(came));
}

void ConnectingProbe::close() {
  if (!wire_->socket.is_open()) return;
  error_code ignored;
  wire_->socket.set_option(asio::socket_base::linger(true, 0), ignored);  // no TIME_WAIT
  wire_->socket.close(ignored);
}

}  // namespace guideway
