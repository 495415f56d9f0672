// SPDX-License-Identifier: Apache-2.0
#include "controlplane/neighbours/kernel_questions.hh"

#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "dataplane/base/unique_fd.hh"

namespace guideway {
namespace {

constexpr int dump_attempts = 4;

// The kernel tells some kinds of IPv4 routes by the error they give.
std::string why_no_route(int error) {
  if (error == EINVAL) return "its route is a blackhole";
  if (error == EACCES) return "its route says prohibited";
  if (error == EHOSTUNREACH) return "its route says unreachable";
  return std::string("there is no route to it (") + std::strerror(error) + ")";
}

// A datagram to the discard port makes the kernel resolve what it is sent by, and needs no privilege.
void send_discarded_datagram(const IpAddress& address) {
  const bool is_ipv4 = address.family == Family::ipv4;
  const UniqueFd fd(::socket(is_ipv4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return;
  constexpr std::uint16_t discard_port = 9;
  if (is_ipv4) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(discard_port);
    std::memcpy(&to.sin_addr, address.bytes.data(), 4);
    static_cast<void>(::sendto(fd.get(), nullptr, 0, MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&to), sizeof to));
  } else {
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    to.sin6_port = htons(discard_port);
    std::memcpy(&to.sin6_addr, address.bytes.data(), 16);
    static_cast<void>(::sendto(fd.get(), nullptr, 0, MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&to), sizeof to));
  }
}

}  // namespace

Result<KernelQuestions> KernelQuestions::open() {
  auto socket = NetlinkSocket::open({});
  if (!socket) return failure_of(socket);
  return KernelQuestions(std::move(*socket));
}

template <typename Fact>
int KernelQuestions::dump(NetlinkMessage (*request)(), std::optional<Fact> (*fact_of)(const nlmsghdr*),
                          std::vector<Fact>& facts) {
  int error = EINTR;
  for (int attempt = 0; attempt < dump_attempts && error == EINTR; ++attempt) {
    facts.clear();
    error = socket_.ask(request().get(), [&](const nlmsghdr* header) {
      if (auto fact = fact_of(header)) facts.push_back(std::move(*fact));
    });
  }
  return error == EINTR ? 0 : error;  // it changes all the time; the events tell the rest
}

Result<KernelQuestions::Facts> KernelQuestions::all_links_and_neighbours() {
  Facts facts;
  int error = dump(ask_for_all_links, link_of, facts.links);
  if (error == 0) error = dump(ask_for_all_neighbours, neighbour_of, facts.neighbours);
  if (error != 0) {
    return failure(std::string("cannot read the kernel's links and neighbours: ") + std::strerror(error));
  }
  return facts;
}

std::optional<Route> KernelQuestions::route_to(const IpAddress& address) {
  std::optional<Route> route;
  const int error = socket_.ask(ask_for_route(address).get(), [&route](const nlmsghdr* header) {
    if (header->nlmsg_type == RTM_NEWROUTE) route = route_of(header);
  });
  if (error == EAGAIN || error == ENOBUFS || error == ENOMEM) return std::nullopt;
  if (error != 0 || !route) {
    route.emplace();
    route->why_not = why_no_route(error);
  }
  return route;
}

void KernelQuestions::resolve(const NextHopTable::Question& question) {
  // Asked by netlink, the kernel solicits IPv6 neighbours from a link-local address only, and there may be none yet.
  const bool by_datagram = question.neighbour.address.family == Family::ipv6 && !question.resolved;
  if (by_datagram) send_discarded_datagram(question.sample);
  const int error = socket_.ask(use_neighbour(question.neighbour).get(), [](const nlmsghdr*) {});
  if (error == EPERM && !by_datagram) send_discarded_datagram(question.sample);
}

void KernelQuestions::verify(const NeighbourKey& key) {
  static_cast<void>(socket_.ask(verify_neighbour(key).get(), [](const nlmsghdr*) {}));
}

}  // namespace guideway
