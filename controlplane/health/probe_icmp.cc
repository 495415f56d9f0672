// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/probe_icmp.hh"

// First: linux/icmp.h brings linux/if.h, which leaves out what net/if.h has, but not the other way round.
#include <net/if.h>

#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "controlplane/health/datagram_probe.hh"

namespace guideway {
namespace {

struct EchoHeader {
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  std::uint16_t checksum = 0;
  std::uint16_t id = 0;
  std::uint16_t sequence = 0;
};
static_assert(sizeof(EchoHeader) == 8);

// RFC 1071. The kernel fills it in for ping sockets and for ICMPv6, but not for a raw IPv4 one.
std::uint16_t checksum_of(std::string_view bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    std::uint16_t word = 0;
    std::memcpy(&word, bytes.data() + i, sizeof word);
    sum += word;
  }
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

std::uint64_t next_cookie() {
  static std::uint64_t last = 0;
  return ++last;
}

class IcmpProbe final : public DatagramProbe {
 public:
  IcmpProbe(boost::asio::io_context& io, const CheckTarget& target, ProbeDone done)
      : DatagramProbe(io, target, std::move(done)), cookie_(next_cookie()) {}

 private:
  [[nodiscard]] bool is_ipv6() const { return target_.address.family == Family::ipv6; }

  [[nodiscard]] int open_socket() override {
    const int family = is_ipv6() ? AF_INET6 : AF_INET;
    const int protocol = is_ipv6() ? static_cast<int>(IPPROTO_ICMPV6) : static_cast<int>(IPPROTO_ICMP);
    const int socket = ::socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    if (socket >= 0 || errno != EACCES) return socket;
    is_raw_ = true;
    const int raw = ::socket(family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    if (raw >= 0) hear_replies_only(raw);
    return raw;
  }

  // Every ICMP packet of the target is copied to every raw socket that is open for it, unless the kernel knows better.
  void hear_replies_only(int socket) const {
    if (is_ipv6()) {
      icmp6_filter replies{};
      ICMP6_FILTER_SETBLOCKALL(&replies);
      ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &replies);
      static_cast<void>(::setsockopt(socket, IPPROTO_ICMPV6, ICMP6_FILTER, &replies, sizeof replies));
    } else {
      const icmp_filter replies{~(1U << ICMP_ECHOREPLY)};
      static_cast<void>(::setsockopt(socket, SOL_RAW, ICMP_FILTER, &replies, sizeof replies));
    }
  }

  [[nodiscard]] std::string request() override {
    EchoHeader header;
    header.type = is_ipv6() ? static_cast<std::uint8_t>(ICMP6_ECHO_REQUEST) : static_cast<std::uint8_t>(ICMP_ECHO);
    header.id = static_cast<std::uint16_t>(cookie_);
    header.sequence = htons(1);
    std::string bytes = packet(header);
    if (!is_raw_ || is_ipv6()) return bytes;
    header.checksum = checksum_of(bytes);
    return packet(header);
  }

  [[nodiscard]] std::string packet(const EchoHeader& header) const {
    std::string bytes(sizeof header + sizeof cookie_, '\0');
    std::memcpy(bytes.data(), &header, sizeof header);
    std::memcpy(bytes.data() + sizeof header, &cookie_, sizeof cookie_);
    return bytes;
  }

  [[nodiscard]] std::string awaited() const override { return "echo reply"; }

  // A raw socket hears everything the target says by ICMP; the cookie tells whether it is ours.
  void on_datagram(std::string_view bytes) override {
    if (is_raw_ && !is_ipv6()) {
      const std::size_t header = bytes.empty() ? 0 : std::size_t{4} * (static_cast<std::uint8_t>(bytes.front()) & 15U);
      bytes.remove_prefix(std::min(header, bytes.size()));
    }
    const std::uint8_t reply =
        is_ipv6() ? static_cast<std::uint8_t>(ICMP6_ECHO_REPLY) : static_cast<std::uint8_t>(ICMP_ECHOREPLY);
    if (bytes.size() < sizeof(EchoHeader) + sizeof cookie_ || static_cast<std::uint8_t>(bytes.front()) != reply) return;
    std::uint64_t cookie = 0;
    std::memcpy(&cookie, bytes.data() + sizeof(EchoHeader), sizeof cookie);
    if (cookie == cookie_) finish(ProbeOutcome::ok, "echo reply");
  }

  const std::uint64_t cookie_;
  bool is_raw_ = false;
};

}  // namespace

std::shared_ptr<Probe> start_icmp_probe(boost::asio::io_context& io, const CheckTarget& target, ProbeDone done) {
  auto probe = std::make_shared<IcmpProbe>(io, target, std::move(done));
  probe->start();
  return probe;
}

}  // namespace guideway
