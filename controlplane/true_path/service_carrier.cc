// SPDX-License-Identifier: Apache-2.0
#include "controlplane/true_path/service_carrier.hh"

#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "controlplane/true_path/marked_routes.hh"
#include "controlplane/true_path/own_address.hh"
#include "controlplane/true_path/tun_device.hh"

namespace guideway {
namespace {

// Room for the outer headers of any tunnel on a link of 1500.
constexpr int tun_mtu_bytes = 1400;
constexpr std::chrono::seconds between_tries{5};
// More than these at once would keep others on the io_context waiting.
constexpr int packets_a_turn = 64;

std::string error_text() { return std::strerror(errno); }

// The local end of a socket that is not connected yet: `source`, if it is of the family, and a port of its own.
Result<std::uint16_t> bound_port(int socket, Family family, const std::optional<IpAddress>& source) {
  sockaddr_storage local{};
  socklen_t length = 0;
  const bool has_source = source && source->family == family;
  if (family == Family::ipv6) {
    auto& in6 = reinterpret_cast<sockaddr_in6&>(local);
    in6.sin6_family = AF_INET6;
    if (has_source) std::memcpy(&in6.sin6_addr, source->bytes.data(), sizeof in6.sin6_addr);
    length = sizeof in6;
  } else {
    auto& in = reinterpret_cast<sockaddr_in&>(local);
    in.sin_family = AF_INET;
    if (has_source) std::memcpy(&in.sin_addr, source->bytes.data(), sizeof in.sin_addr);
    length = sizeof in;
  }
  if (::bind(socket, reinterpret_cast<const sockaddr*>(&local), length) != 0 ||
      ::getsockname(socket, reinterpret_cast<sockaddr*>(&local), &length) != 0)
    return failure("no local port: " + error_text());
  const std::uint16_t port = family == Family::ipv6 ? reinterpret_cast<const sockaddr_in6&>(local).sin6_port
                                                    : reinterpret_cast<const sockaddr_in&>(local).sin_port;
  return ntohs(port);
}

}  // namespace

struct ServiceCarrier::Open {
  Open(boost::asio::io_context& io, TunDevice device_of_ours, MarkedRoutes routes_to_it, UniqueFd packet_socket)
      : tun(std::move(device_of_ours)),
        routes(std::move(routes_to_it)),
        wire(std::move(packet_socket)),
        packets(io, tun.fd()) {}
  Open(const Open&) = delete;
  Open& operator=(const Open&) = delete;
  ~Open() { packets.release(); }  // whose descriptor is the device's

  TunDevice tun;
  std::optional<MarkedRoutes> routes;
  UniqueFd wire;
  boost::asio::posix::stream_descriptor packets;
  std::array<std::byte, 9216> room{};
};

ServiceCarrier::~ServiceCarrier() { stop(); }

Result<std::shared_ptr<void>> ServiceCarrier::carry(int socket, const CheckTarget& target) {
  if (is_own_address(target.address))
    return failure("the service's " + target.address.text() +
                   " is an address of this machine, so what is sent there never leaves; take it off, or check without "
                   "through = \"service\"");
  auto way = find_way_(target.way->backend);
  if (!way) return failure_of(way);
  if (auto opened = open(); !opened) return failure_of(opened);
  const std::uint32_t mark = MarkedRoutes::mark;
  if (::setsockopt(socket, SOL_SOCKET, SO_MARK, &mark, sizeof mark) != 0)
    return failure("the socket takes no mark: " + error_text());
  auto port = bound_port(socket, target.address.family, way->source);
  if (!port) return failure_of(port);
  int protocol = 0;
  socklen_t length = sizeof protocol;
  ::getsockopt(socket, SOL_SOCKET, SO_PROTOCOL, &protocol, &length);
  const ProbeKey key{target.address.family, static_cast<std::uint8_t>(protocol), *port};
  flows_.insert_or_assign(key, *target.way);
  return std::shared_ptr<void>(nullptr, [this, key, alive = std::weak_ptr(alive_)](void*) {
    if (!alive.expired()) flows_.erase(key);
  });
}

Result<void> ServiceCarrier::open() {
  if (open_) return {};
  const auto now = std::chrono::steady_clock::now();
  if (now < next_try_) return failure(trouble_);
  const auto no = [&](const std::string& why) {
    trouble_ = why + "; checks through a service need CAP_NET_ADMIN, CAP_NET_RAW and /dev/net/tun";
    next_try_ = now + between_tries;
    return failure(trouble_);
  };
  auto tun = TunDevice::create(device, tun_mtu_bytes);
  if (!tun) return no(tun.error().message);
  auto routes = MarkedRoutes::add(device);
  if (!routes) return no(routes.error().message);
  UniqueFd wire(::socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!wire) return no("no packet socket: " + error_text());
  open_ = std::make_shared<Open>(io_, std::move(*tun), std::move(*routes), std::move(wire));
  await_packets();
  return {};
}

void ServiceCarrier::await_packets() {
  open_->packets.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                            [this, open = open_](const boost::system::error_code& error) {
                              if (error || open != open_) return;
                              take_packets();
                              await_packets();
                            });
}

void ServiceCarrier::take_packets() {
  for (int i = 0; i < packets_a_turn; ++i) {
    const auto packet = open_->tun.read(open_->room);
    if (packet.empty()) return;
    send(packet);
  }
}

void ServiceCarrier::send(std::span<const std::byte> packet) {
  const auto key = key_of(packet);
  const auto flow = key ? flows_.find(*key) : flows_.end();
  if (flow == flows_.end()) return;  // the kernel's own words to a new device, or of a check that is over
  // What cannot be sent is lost, as on any wire, and the check tells of silence.
  const auto way = find_way_(flow->second.backend);
  if (!way) return;
  const auto frame = frame_for(packet, way->row, flow->second.dscp);
  if (!frame) return;
  sockaddr_ll to{};
  to.sll_family = AF_PACKET;
  to.sll_ifindex = static_cast<int>(::if_nametoindex(way->interface.c_str()));
  static_cast<void>(::sendto(open_->wire.get(), frame->data(), frame->size(), MSG_DONTWAIT,
                             reinterpret_cast<const sockaddr*>(&to), sizeof to));
}

void ServiceCarrier::stop() {
  alive_.reset();
  if (!open_) return;
  open_->routes.reset();
  open_->packets.cancel();
  open_.reset();
}

}  // namespace guideway
