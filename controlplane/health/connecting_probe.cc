// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/connecting_probe.hh"

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <utility>

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

// What this machine could not do, whatever the backend's state: no file descriptors, memory or local ports, no such
// address family, or a local rule (a firewall, a prohibiting or blackhole route) against it. That there is no route
// or no neighbour counts against the backend: it cannot be reached.
bool is_own_failure(const error_code& error) {
  constexpr std::array own = {EMFILE, ENFILE, ENOBUFS, ENOMEM,       EADDRNOTAVAIL,
                              EAGAIN, EPERM,  EACCES,  EAFNOSUPPORT, EINVAL};
  return error.category() == boost::system::system_category() &&
         std::find(own.begin(), own.end(), error.value()) != own.end();
}

std::string sentence(const error_code& error) {
  if (error == asio::error::connection_refused) return "connection refused";
  if (error == asio::error::connection_reset || error == asio::error::broken_pipe) return "connection reset";
  if (error == asio::error::timed_out) return "connection timed out";
  if (error == asio::error::host_unreachable) return "host unreachable";
  if (error == asio::error::network_unreachable) return "network unreachable";
  if (error == asio::error::eof) return "connection closed early";
  return error.message();
}

}  // namespace

ConnectingProbe::ConnectingProbe(asio::io_context& io, CheckTarget target, ProbeDone done)
    : socket_(io),
      target_(std::move(target)),
      deadline_(io),
      done_(std::move(done)),
      began_(std::chrono::steady_clock::now()) {}

void ConnectingProbe::start() {
  const auto self = shared_from_this();
  const tcp::endpoint endpoint = endpoint_of(target_);
  error_code error;
  socket_.open(endpoint.protocol(), error);
  if (error) {
    asio::post(deadline_.get_executor(), [self, error] { self->fail(error); });
    return;
  }
  deadline_.expires_after(std::chrono::milliseconds(target_.timeout_ms));
  deadline_.async_wait([self](const error_code& cancelled) {
    if (cancelled || self->finished_) return;
    const std::string what = self->connected_ ? self->awaited() : "connection";
    self->finish(ProbeOutcome::failed, "no " + what + " within " + std::to_string(self->target_.timeout_ms) + " ms");
  });
  socket_.async_connect(endpoint, [self](const error_code& result) { self->on_connect_result(result); });
}

void ConnectingProbe::on_connect_result(const error_code& error) {
  if (finished_) return;
  if (error) {
    fail(error);
  } else if (connected_to_itself()) {
    finish(ProbeOutcome::failed, "connection refused");
  } else {
    connected_ = true;
    on_connected();
  }
}

// A local target whose port nobody listens on can be met by the probe's own ephemeral port: TCP's simultaneous open.
bool ConnectingProbe::connected_to_itself() const {
  error_code error;
  const tcp::endpoint local = socket_.local_endpoint(error);
  if (error) return false;
  const tcp::endpoint remote = socket_.remote_endpoint(error);
  return !error && local == remote;
}

void ConnectingProbe::fail(const error_code& error) {
  if (is_own_failure(error)) {
    finish(ProbeOutcome::inconclusive, "this machine could not probe: " + error.message());
  } else {
    finish(ProbeOutcome::failed, sentence(error));
  }
}

void ConnectingProbe::finish(ProbeOutcome outcome, std::string detail) {
  if (finished_) return;
  const auto latency = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - began_);
  close();
  const ProbeDone done = std::exchange(done_, nullptr);
  done(ProbeResult{outcome, std::move(detail), static_cast<std::uint32_t>(latency.count())});
}

void ConnectingProbe::cancel() {
  if (finished_) return;
  close();
  done_ = nullptr;
}

void ConnectingProbe::close() {
  finished_ = true;
  error_code ignored;
  deadline_.cancel(ignored);
  if (!socket_.is_open()) return;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);  // no TIME_WAIT
  socket_.close(ignored);
}

}  // namespace guideway
