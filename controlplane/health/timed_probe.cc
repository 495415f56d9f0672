// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/timed_probe.hh"

#include <algorithm>
#include <array>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <utility>

#include "controlplane/health/check_carrier.hh"
#include "controlplane/health/udp_socket.hh"
#include "dataplane/base/unique_fd.hh"

namespace guideway {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// What this machine could not do, whatever the backend's state: no file descriptors, memory or local ports, no such
// address family, an interface that is down, or a local rule (a firewall, a prohibiting or blackhole route) against it.
bool is_own_failure(const error_code& error) {
  constexpr std::array own = {EMFILE, ENFILE, ENOBUFS, ENOMEM,       EADDRNOTAVAIL, EAGAIN,
                              EPERM,  EACCES, EINVAL,  EAFNOSUPPORT, ENETDOWN};
  return error.category() == boost::system::system_category() &&
         std::find(own.begin(), own.end(), error.value()) != own.end();
}

// Unreachable may come from the way there, or from a neighbour that is not there, which both count against the
// backend; or it is this machine that has no route, which a socket without connections tells at once.
bool has_no_route(const error_code& error, const IpAddress& address) {
  if (error != asio::error::network_unreachable && error != asio::error::host_unreachable) return false;
  const UniqueFd socket(open_udp_socket(address.family));
  return socket && connect_datagrams(socket.get(), address, 9) != 0;
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

class TimedProbe::Deadline : public asio::steady_timer {
 public:
  using asio::steady_timer::steady_timer;
};

TimedProbe::TimedProbe(asio::io_context& io, CheckTarget target, ProbeDone done)
    : io_(io),
      target_(std::move(target)),
      deadline_(std::make_unique<Deadline>(io)),
      done_(std::move(done)),
      began_(std::chrono::steady_clock::now()) {}

TimedProbe::~TimedProbe() = default;

void TimedProbe::start() {
  const auto self = shared_from_this();
  deadline_->expires_after(std::chrono::milliseconds(target_.timeout_ms));
  deadline_->async_wait([self](const error_code& cancelled) {
    if (cancelled || self->finished_) return;
    self->finish(ProbeOutcome::failed,
                 "no " + self->awaited() + " within " + std::to_string(self->target_.timeout_ms) + " ms");
  });
  starting_ = true;
  begin();
  starting_ = false;
}

void TimedProbe::fail(const error_code& error) {
  if (is_own_failure(error)) return cannot(error.message());
  if (has_no_route(error, target_.address)) return cannot("no route to " + target_.address.text());
  finish(ProbeOutcome::failed, sentence(error));
}

void TimedProbe::cannot(const std::string& why) {
  finish(ProbeOutcome::inconclusive, "this machine could not probe: " + why);
}

bool TimedProbe::is_carried(int socket) {
  if (!target_.way) return true;
  CheckCarrier* carrier = check_carrier(io_);
  if (carrier == nullptr) {
    cannot("nobody carries it through the service");
    return false;
  }
  auto carried = carrier->carry(socket, target_);
  if (carried)
    carried_ = std::move(*carried);
  else
    cannot(carried.error().message);
  return carried.has_value();
}

void TimedProbe::finish(ProbeOutcome outcome, std::string detail) {
  if (finished_) return;
  const auto latency = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - began_);
  result_.outcome = outcome;
  result_.detail = std::move(detail);
  result_.latency_us = static_cast<std::uint32_t>(latency.count());
  finished_ = true;
  deadline_->cancel();
  close();
  carried_.reset();
  if (!starting_) return tell();
  asio::post(io_, [self = shared_from_this()] { self->tell(); });
}

void TimedProbe::tell() {
  const ProbeDone done = std::exchange(done_, nullptr);
  if (done) done(result_);
}

void TimedProbe::cancel() {
  done_ = nullptr;
  if (std::exchange(finished_, true)) return;
  deadline_->cancel();
  close();
  carried_.reset();
}

}  // namespace guideway
