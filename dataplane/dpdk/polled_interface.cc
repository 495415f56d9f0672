// SPDX-License-Identifier: Apache-2.0
#include "dataplane/dpdk/polled_interface.hh"

#include <ifaddrs.h>
#include <net/if.h>
#include <sys/socket.h>

#include <algorithm>
#include <fstream>
#include <memory>

namespace guideway {
namespace {

std::string interface_of(const PortSpec& spec) {
  const std::string key = "iface=";
  const std::string arguments = "," + spec.arguments;
  const std::size_t at = arguments.find("," + key);
  if (at == std::string::npos) return {};
  const std::size_t start = at + 1 + key.size();
  return arguments.substr(start, arguments.find(',', start) - start);
}

bool polls_interface(const PortSpec& spec) { return spec.name.rfind("net_af_packet", 0) == 0; }

int setting(const std::string& name, const std::string& interface) {
  int value = 0;
  std::ifstream("/proc/sys/net/ipv4/conf/" + interface + "/" + name) >> value;
  return value;
}

}  // namespace

Result<void> check_interface(const PortSpec& spec) {
  if (!polls_interface(spec)) return {};
  const std::string interface = interface_of(spec);
  if (interface.empty())
    return failure("port " + spec.name + " needs to know its interface: " + spec.name + ",iface=eth0");
  if (::if_nametoindex(interface.c_str()) == 0)
    return failure("port " + spec.name + ": there is no interface \"" + interface + "\" in this network namespace");
  return {};
}

std::vector<std::string> find_double_answers(const PortSpec& spec) {
  if (!polls_interface(spec)) return {};
  const std::string interface = interface_of(spec);
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> list(first, ::freeifaddrs);

  bool has_address = false;
  bool answers_arp = false;
  for (const ifaddrs* each = first; each != nullptr; each = each->ifa_next) {
    if (interface != each->ifa_name) continue;
    answers_arp = (each->ifa_flags & static_cast<unsigned>(IFF_NOARP)) == 0;
    if (each->ifa_addr == nullptr) continue;
    has_address = has_address || each->ifa_addr->sa_family == AF_INET || each->ifa_addr->sa_family == AF_INET6;
  }
  std::vector<std::string> findings;
  if (has_address)
    findings.push_back("interface " + interface +
                       " has addresses, so the kernel answers beside us: move them to the kernel face (ip addr flush " +
                       interface + "; sysctl net.ipv6.conf." + interface + ".disable_ipv6=1)");
  if (answers_arp)
    findings.push_back("interface " + interface + " answers ARP beside the kernel face: ip link set " + interface +
                       " arp off");
  if (std::max(setting("rp_filter", interface), setting("rp_filter", "all")) != 1)
    findings.push_back("the kernel takes packets from " + interface +
                       " that are meant for the kernel face, and answers twice: sysctl net.ipv4.conf." + interface +
                       ".rp_filter=1");
  return findings;
}

}  // namespace guideway
