// SPDX-License-Identifier: Apache-2.0
#include "controlplane/datapath/nic_facts.hh"

#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>
#include <set>

#include "controlplane/config/port_name.hh"
#include "controlplane/datapath/kernel_bpf.hh"
#include "controlplane/datapath/sysfs.hh"
#include "controlplane/datapath/xdp_features.hh"
#include "dataplane/base/unique_fd.hh"

namespace guideway {
namespace {

namespace fs = std::filesystem;

bool ask_ethtool(const std::string& interface, void* question) {
  const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  interface.copy(static_cast<char*>(request.ifr_name), IFNAMSIZ - 1);
  request.ifr_data = static_cast<char*>(question);
  return socket && ::ioctl(socket.get(), SIOCETHTOOL, &request) == 0;
}

void ask_driver(NicFacts& nic) {
  ethtool_drvinfo info{};
  info.cmd = ETHTOOL_GDRVINFO;
  if (nic.kernel_driver.empty() && ask_ethtool(nic.interface, &info))
    nic.kernel_driver = static_cast<const char*>(info.driver);
  ethtool_channels channels{};
  channels.cmd = ETHTOOL_GCHANNELS;
  if (ask_ethtool(nic.interface, &channels)) nic.rx_queues_max = std::max(channels.max_combined, channels.max_rx);
}

// An address that somebody gave it: link-local ones come by themselves.
bool is_given(const sockaddr* address) {
  if (address == nullptr) return false;
  if (address->sa_family == AF_INET) return true;
  if (address->sa_family != AF_INET6) return false;
  const auto* bytes = reinterpret_cast<const unsigned char*>(address) + 8;  // sockaddr_in6::sin6_addr
  return !(bytes[0] == 0xfe && (bytes[1] & 0xc0U) == 0x80);
}

std::string use_of(const fs::path& interface_folder, const std::string& interface) {
  if (const std::string master = target_name(interface_folder / "master"); !master.empty())
    return "is part of " + master;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return "";
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, ::freeifaddrs);
  for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next) {
    if (interface == each->ifa_name && is_given(each->ifa_addr)) return "has addresses";
  }
  return "";
}

// The PCI device above the interface: some have a bus of their own between (virtio).
std::string pci_above(const fs::path& device) {
  std::error_code error;
  for (fs::path at = fs::canonical(device, error); !error && at.has_relative_path(); at = at.parent_path()) {
    if (is_pci_address(at.filename().string())) return at.filename().string();
  }
  return "";
}

void look_at_pci(const NicSearch& search, NicFacts& nic) {
  const fs::path device = search.root / "sys/bus/pci/devices" / nic.pci;
  const auto id = [&](const char* name) { return static_cast<std::uint16_t>(number_in(device / name)); };
  nic.kernel_driver = target_name(device / "driver");
  if (search.drivers == nullptr) return;
  const DpdkDriver* driver =
      search.drivers->find({id("vendor"), id("device"), id("subsystem_vendor"), id("subsystem_device")});
  if (driver == nullptr) return;
  nic.dpdk_driver = *driver;
  for (const std::string& module : driver->beside_modules) {
    std::error_code ignored;
    if (!fs::exists(search.root / "sys/module" / module, ignored)) nic.missing_modules.push_back(module);
  }
}

void ask_kernel_of(const NicSearch& search, NicFacts& nic) {
  const unsigned index = ::if_nametoindex(nic.interface.c_str());
  if (index == 0) return;
  ask_driver(nic);
  nic.used_as = use_of(search.root / "sys/class/net" / nic.interface, nic.interface);
  nic.xdp_features = xdp_features_of(index);
  nic.has_xdp_program = has_xdp_program(index);
  if (search.tries_native && !nic.has_xdp_program) nic.native_trial = try_native_xdp(index);
}

NicFacts facts_of_interface(const NicSearch& search, const std::string& name) {
  const fs::path folder = search.root / "sys/class/net" / name;
  NicFacts nic;
  nic.interface = name;
  nic.is_up = (number_in(folder / "flags") & IFF_UP) != 0;
  nic.has_link = nic.is_up && first_line(folder / "carrier") == "1";
  nic.mtu_bytes = static_cast<std::uint32_t>(number_in(folder / "mtu"));
  for (const std::string& queue : names_in(folder / "queues")) nic.rx_queues += queue.starts_with("rx-") ? 1 : 0;
  nic.pci = pci_above(folder / "device");
  if (!nic.pci.empty()) look_at_pci(search, nic);
  if (search.root == "/") ask_kernel_of(search, nic);
  return nic;
}

}  // namespace

std::vector<NicFacts> find_nics(const NicSearch& search) {
  std::vector<NicFacts> nics;
  std::set<std::string> seen;
  for (const std::string& name : names_in(search.root / "sys/class/net")) {
    if (number_in(search.root / "sys/class/net" / name / "type") != ARPHRD_ETHER) continue;
    if (!search.only_interface.empty() && name != search.only_interface) continue;
    nics.push_back(facts_of_interface(search, name));
    seen.insert(nics.back().pci);
  }
  for (const std::string& address : names_in(search.root / "sys/bus/pci/devices")) {
    constexpr std::uint64_t network_class = 0x02;
    if (number_in(search.root / "sys/bus/pci/devices" / address / "class") >> 16U != network_class) continue;
    if (seen.count(address) != 0) continue;
    NicFacts nic;
    nic.pci = address;
    look_at_pci(search, nic);
    nics.push_back(std::move(nic));
  }
  return nics;
}

}  // namespace guideway
