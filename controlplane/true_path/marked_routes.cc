// SPDX-License-Identifier: Apache-2.0
#include "controlplane/true_path/marked_routes.hh"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/addr.h>
#include <netlink/msg.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <netlink/route/rule.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "controlplane/neighbours/netlink_socket.hh"

namespace guideway {
namespace {

// Before the kernel's own two, which have 32766 and 32767.
constexpr std::uint32_t priority = 30'000;

template <auto put>
struct Put {
  template <typename Object>
  void operator()(Object* object) const noexcept {
    put(object);
  }
};
using Rule = std::unique_ptr<rtnl_rule, Put<rtnl_rule_put>>;
using Route = std::unique_ptr<rtnl_route, Put<rtnl_route_put>>;
using Message = std::unique_ptr<nl_msg, Put<nlmsg_free>>;

Rule rule_of(int family) {
  Rule rule(rtnl_rule_alloc());
  rtnl_rule_set_family(rule.get(), family);
  rtnl_rule_set_mark(rule.get(), MarkedRoutes::mark);
  rtnl_rule_set_mask(rule.get(), UINT32_MAX);
  rtnl_rule_set_table(rule.get(), MarkedRoutes::table);
  rtnl_rule_set_prio(rule.get(), priority);
  rtnl_rule_set_action(rule.get(), FR_ACT_TO_TBL);
  return rule;
}

// 0 or an errno.
int ask(NetlinkSocket& socket, int built, nl_msg* message) {
  if (built < 0) return ENOMEM;
  const Message owned(message);
  return socket.ask(owned.get(), [](const nlmsghdr*) {});
}

int add_rule(NetlinkSocket& socket, int family) {
  nl_msg* message = nullptr;
  const int built = rtnl_rule_build_add_request(rule_of(family).get(), NLM_F_CREATE | NLM_F_EXCL, &message);
  const int error = ask(socket, built, message);
  return error == EEXIST ? 0 : error;
}

void remove_rule(NetlinkSocket& socket, int family) {
  nl_msg* message = nullptr;
  const int built = rtnl_rule_build_delete_request(rule_of(family).get(), 0, &message);
  static_cast<void>(ask(socket, built, message));
}

int add_route(NetlinkSocket& socket, int family, unsigned device) {
  const Route route(rtnl_route_alloc());
  const std::unique_ptr<nl_addr, Put<nl_addr_put>> anywhere(nl_addr_build(family, nullptr, 0));
  rtnl_route_set_family(route.get(), static_cast<std::uint8_t>(family));
  rtnl_route_set_dst(route.get(), anywhere.get());
  rtnl_route_set_table(route.get(), MarkedRoutes::table);
  rtnl_route_set_scope(route.get(), RT_SCOPE_LINK);
  rtnl_nexthop* hop = rtnl_route_nh_alloc();
  rtnl_route_nh_set_ifindex(hop, static_cast<int>(device));
  rtnl_route_add_nexthop(route.get(), hop);  // which takes it
  nl_msg* message = nullptr;
  const int built = rtnl_route_build_add_request(route.get(), NLM_F_CREATE | NLM_F_REPLACE, &message);
  return ask(socket, built, message);
}

}  // namespace

Result<MarkedRoutes> MarkedRoutes::add(const std::string& device) {
  auto socket = NetlinkSocket::open({});
  if (!socket) return failure_of(socket);
  const unsigned index = ::if_nametoindex(device.c_str());
  MarkedRoutes routes;
  // A machine without IPv6 has no use for its half.
  for (const int family : {AF_INET, AF_INET6}) {
    int error = add_rule(*socket, family);
    if (error == 0) error = add_route(*socket, family, index);
    if (error != 0 && family == AF_INET)
      return failure("no route for marked packets over " + device + ": " + std::strerror(error));
  }
  return routes;
}

MarkedRoutes::~MarkedRoutes() {
  if (!is_there_) return;
  auto socket = NetlinkSocket::open({});
  if (!socket) return;
  for (const int family : {AF_INET, AF_INET6}) remove_rule(*socket, family);
}

}  // namespace guideway
