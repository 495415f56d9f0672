// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/datagram_probe.hh"

#include <sys/socket.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <utility>

#include "controlplane/health/udp_socket.hh"

namespace guideway {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

error_code last_error() { return {errno, boost::system::system_category()}; }

}  // namespace

struct DatagramProbe::Socket {
  explicit Socket(asio::io_context& io) : descriptor(io) {}

  asio::posix::stream_descriptor descriptor;
  std::array<char, 4096> received{};
};

DatagramProbe::DatagramProbe(asio::io_context& io, const CheckTarget& target, ProbeDone done)
    : TimedProbe(io, target, std::move(done)), socket_(std::make_unique<Socket>(io)) {}

DatagramProbe::~DatagramProbe() = default;

void DatagramProbe::begin() {
  const int socket = open_socket();
  if (socket < 0) return cannot(last_error().message());
  error_code error;
  socket_->descriptor.assign(socket, error);
  if (error) return cannot(error.message());
  if (!is_carried(socket)) return;
  if (connect_datagrams(socket, target_.address, target_.port) != 0) return fail_datagram();
  const std::string bytes = request();
  if (::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) return fail_datagram();
  await();
}

void DatagramProbe::await() {
  const auto self = shared_from_this();
  socket_->descriptor.async_wait(asio::posix::stream_descriptor::wait_read, [this, self](const error_code& error) {
    if (finished()) return;
    if (error) return fail(error);
    take();
  });
}

void DatagramProbe::take() {
  while (!finished()) {
    const ssize_t bytes =
        ::recv(socket_->descriptor.native_handle(), socket_->received.data(), socket_->received.size(), MSG_DONTWAIT);
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return await();
    if (bytes < 0) return fail_datagram();
    on_datagram(std::string_view(socket_->received.data(), static_cast<std::size_t>(bytes)));
  }
}

void DatagramProbe::fail_datagram() {
  // Of a socket without connections it tells of an ICMP error.
  if (errno == ECONNREFUSED) return finish(ProbeOutcome::failed, "port unreachable");
  fail(last_error());
}

void DatagramProbe::close() {
  error_code ignored;
  socket_->descriptor.close(ignored);
}

}  // namespace guideway
