// SPDX-License-Identifier: Apache-2.0
#include "dataplane/xdp_datapath/interface.hh"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "dataplane/base/unique_fd.hh"

namespace guideway {
namespace {

ifreq request_for(const std::string& name) {
  ifreq request{};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  return request;
}

UniqueFd make_socket() { return UniqueFd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)); }

std::optional<std::uint32_t> ethtool_answer(const std::string& name, std::uint32_t command) {
  const UniqueFd socket = make_socket();
  ifreq request = request_for(name);
  ethtool_value value{};
  value.cmd = command;
  request.ifr_data = reinterpret_cast<char*>(&value);
  if (!socket || ::ioctl(socket.get(), SIOCETHTOOL, &request) != 0) return std::nullopt;
  return value.data;
}

bool is_veth(const std::string& name) {
  const UniqueFd socket = make_socket();
  ifreq request = request_for(name);
  ethtool_drvinfo info{};
  info.cmd = ETHTOOL_GDRVINFO;
  request.ifr_data = reinterpret_cast<char*>(&info);
  return socket && ::ioctl(socket.get(), SIOCETHTOOL, &request) == 0 && std::strcmp(info.driver, "veth") == 0;
}

}  // namespace

Result<InterfaceFacts> examine_interface(const std::string& name) {
  InterfaceFacts facts;
  facts.index = ::if_nametoindex(name.c_str());
  if (facts.index == 0) return failure("there is no interface \"" + name + "\" in this network namespace");
  const UniqueFd socket = make_socket();
  ifreq request = request_for(name);
  const auto ask = [&](unsigned long what) { return socket && ::ioctl(socket.get(), what, &request) == 0; };
  const auto complain = [&] { return failure("cannot examine interface \"" + name + "\": " + std::strerror(errno)); };
  if (!ask(SIOCGIFMTU)) return complain();
  facts.mtu_bytes = static_cast<std::uint32_t>(request.ifr_mtu);
  if (!ask(SIOCGIFFLAGS)) return complain();
  facts.is_up = (request.ifr_flags & IFF_UP) != 0;
  if (!ask(SIOCGIFHWADDR)) return complain();
  const auto type = request.ifr_hwaddr.sa_family;
  if (type != ARPHRD_ETHER && type != ARPHRD_LOOPBACK)
    return failure("interface \"" + name + "\" carries no Ethernet frames; take the one below it");
  std::memcpy(facts.mac.data(), request.ifr_hwaddr.sa_data, facts.mac.size());
  return facts;
}

std::vector<std::string> find_offloads(const std::string& name, bool is_native) {
  const std::uint32_t flags = ethtool_answer(name, ETHTOOL_GFLAGS).value_or(0);
  std::vector<std::string> findings;
  if ((flags & ETH_FLAG_RXVLAN) != 0)
    findings.push_back("interface \"" + name +
                       "\" takes VLAN tags off before XDP sees them; where frames are tagged: " + "ethtool -K " + name +
                       " rxvlan off");
  const bool joins = (flags & ETH_FLAG_LRO) != 0 || ethtool_answer(name, ETHTOOL_GGRO).value_or(0) != 0;
  if (!is_native && joins)
    findings.push_back("interface \"" + name + "\" joins packets before generic XDP sees them, which may then be too " +
                       "big to send: ethtool -K " + name + " gro off lro off");
  if (is_native && is_veth(name))
    findings.push_back("interface \"" + name + "\" is a veth: what XDP sends back through it arrives only while its " +
                       "peer has an XDP program too, and its ring stands still for good once it is full");
  return findings;
}

}  // namespace guideway
