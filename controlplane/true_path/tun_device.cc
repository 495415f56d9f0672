// SPDX-License-Identifier: Apache-2.0
#include "controlplane/true_path/tun_device.hh"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace guideway {
namespace {

ifreq request_for(const std::string& name) {
  ifreq request{};
  std::copy_n(name.begin(), std::min(name.size(), sizeof request.ifr_name - 1), request.ifr_name);
  return request;
}

}  // namespace

Result<TunDevice> TunDevice::create(const std::string& name, int mtu_bytes) {
  const auto because = [&](const char* step) {
    return failure("no device " + name + ": " + step + ": " + std::strerror(errno));
  };
  UniqueFd fd(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return because("/dev/net/tun");
  ifreq request = request_for(name);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (::ioctl(fd.get(), TUNSETIFF, &request) != 0) return because("TUNSETIFF");
  const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return because("socket");
  request = request_for(name);
  request.ifr_mtu = mtu_bytes;
  if (::ioctl(socket.get(), SIOCSIFMTU, &request) != 0) return because("setting its MTU");
  request = request_for(name);
  request.ifr_flags = IFF_UP | IFF_NOARP | IFF_POINTOPOINT;
  if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0) return because("setting it up");
  return TunDevice(std::move(fd));
}

std::span<const std::byte> TunDevice::read(std::span<std::byte> room) const noexcept {
  const ssize_t bytes = ::read(fd_.get(), room.data(), room.size());
  return room.first(bytes > 0 ? static_cast<std::size_t>(bytes) : 0);
}

}  // namespace guideway
