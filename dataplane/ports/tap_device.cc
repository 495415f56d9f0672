// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ports/tap_device.hh"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
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
  std::memcpy(request.ifr_name, name.data(), std::min(name.size(), sizeof request.ifr_name - 1));
  return request;
}

bool set_mac(int socket, const TapSettings& settings) {
  ifreq request = request_for(settings.name);
  request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
  std::memcpy(request.ifr_hwaddr.sa_data, settings.mac.data(), settings.mac.size());
  return ::ioctl(socket, SIOCSIFHWADDR, &request) == 0;
}

bool set_mtu(int socket, const TapSettings& settings) {
  ifreq request = request_for(settings.name);
  request.ifr_mtu = settings.mtu_bytes;
  return ::ioctl(socket, SIOCSIFMTU, &request) == 0;
}

bool set_up(int socket, const TapSettings& settings) {
  ifreq request = request_for(settings.name);
  if (::ioctl(socket, SIOCGIFFLAGS, &request) != 0) return false;
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  return ::ioctl(socket, SIOCSIFFLAGS, &request) == 0;
}

}  // namespace

Result<TapDevice> TapDevice::create(const TapSettings& settings) {
  const auto because = [&](const char* step, int error) {
    return failure("cannot make kernel face \"" + settings.name + "\": " + step + ": " + std::strerror(error) +
                   (error == EPERM || error == ENOENT || error == EACCES
                        ? "; it needs /dev/net/tun and CAP_NET_ADMIN, or --no-kernel-face"
                        : ""));
  };
  if (::if_nametoindex(settings.name.c_str()) != 0)
    return failure("cannot make kernel face \"" + settings.name +
                   "\": an interface of that name exists; choose another name with --kernel-face");
  UniqueFd fd(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return because("/dev/net/tun", errno);
  ifreq request = request_for(settings.name);
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  if (::ioctl(fd.get(), TUNSETIFF, &request) != 0) return because("TUNSETIFF", errno);

  const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return because("socket", errno);
  if (!set_mac(socket.get(), settings)) return because("setting its MAC address", errno);
  if (!set_mtu(socket.get(), settings)) return because("setting its MTU", errno);
  if (!set_up(socket.get(), settings)) return because("setting it up", errno);
  return TapDevice(std::move(fd));
}

std::size_t TapDevice::read(std::span<std::byte> frame) const noexcept {
  const ssize_t length = ::read(fd_.get(), frame.data(), frame.size());
  return length > 0 ? static_cast<std::size_t>(length) : 0;
}

bool TapDevice::write(std::span<const std::byte> frame) const noexcept {
  return ::write(fd_.get(), frame.data(), frame.size()) >= 0 || errno != EAGAIN;
}

}  // namespace guideway
