// SPDX-License-Identifier: Apache-2.0
#include "controlplane/datapath/launch.hh"

#include <algorithm>

#include <fmt/core.h>

#include "controlplane/config/port_name.hh"
#include "controlplane/datapath/verdict.hh"

namespace guideway {
namespace {

// A port of the configuration, and the device that it names.
struct Port {
  std::string name;
  NicFacts nic;
  Verdict verdict;
  [[nodiscard]] bool is_for_dpdk() const { return is_virtual_device(name) || verdict.missing_for_dpdk.empty(); }
  [[nodiscard]] bool is_for_xdp() const { return !is_virtual_device(name) && verdict.missing_for_xdp.empty(); }
};

Result<Port> find_port(const std::string& name, const HostFacts& host, const std::vector<NicFacts>& nics) {
  if (is_virtual_device(name)) return Port{name, {}, {}};
  const auto found = std::find_if(nics.begin(), nics.end(), [&](const NicFacts& nic) {
    return is_pci_address(name) ? nic.pci == name : nic.interface == name;
  });
  if (found != nics.end()) return Port{name, *found, judge(host, *found)};
  return failure(fmt::format("{} is no Ethernet device here; guideway datapath probe lists them", name));
}

std::string why_not_dpdk(const Port& port) {
  return fmt::format("port {} is not for dpdk: {}", port.name, port.verdict.missing_for_dpdk.front());
}

std::string why_not_xdp(const Port& port) {
  return is_virtual_device(port.name)
             ? fmt::format("port {} is a device of DPDK's own, which XDP cannot serve", port.name)
             : fmt::format("port {} is not for xdp: {}", port.name, port.verdict.missing_for_xdp.front());
}

std::vector<std::string> dpdk_command(const LaunchRequest& request, const HostFacts& host,
                                      const std::vector<Port>& ports) {
  std::vector<std::string> command{host.guideway_dpdk.empty() ? "guideway-dpdk" : host.guideway_dpdk, "--door",
                                   request.door};
  for (const Port& port : ports) {
    command.emplace_back("--port");
    command.push_back(is_virtual_device(port.name) ? port.name : port.nic.pci);
  }
  return command;
}

std::vector<std::string> xdp_command(const LaunchRequest& request, const HostFacts& host,
                                     const std::vector<Port>& ports) {
  std::vector<std::string> command{host.guideway_xdp, "--door", request.door};
  for (const Port& port : ports) {
    command.emplace_back("--interface");
    command.push_back(port.nic.interface);
  }
  return command;
}

}  // namespace

Result<std::vector<std::string>> plan_launch(const LaunchRequest& request, const HostFacts& host,
                                             const std::vector<NicFacts>& nics) {
  if (request.ports.empty()) {
    return failure(
        "no port is named: give --port eth0 or, in the configuration, ports = [\"eth0\"], an interface or a PCI "
        "address; "
        "guideway datapath probe lists them");
  }
  std::vector<Port> ports;
  for (const std::string& name : request.ports) {
    auto port = find_port(name, host, nics);
    if (!port) return failure_of(port);
    ports.push_back(std::move(*port));
  }
  const auto not_dpdk = std::find_if(ports.begin(), ports.end(), [](const Port& port) { return !port.is_for_dpdk(); });
  const auto not_xdp = std::find_if(ports.begin(), ports.end(), [](const Port& port) { return !port.is_for_xdp(); });
  const bool may_be_dpdk = request.choice != DatapathChoice::xdp && not_dpdk == ports.end();
  const bool may_be_xdp = request.choice != DatapathChoice::dpdk && not_xdp == ports.end();
  if (!may_be_dpdk && !may_be_xdp) {
    std::string why;
    if (request.choice != DatapathChoice::xdp) why = why_not_dpdk(*not_dpdk);
    if (request.choice != DatapathChoice::dpdk) why += (why.empty() ? "" : "; ") + why_not_xdp(*not_xdp);
    return failure(why);
  }
  std::vector<std::string> command =
      may_be_dpdk ? dpdk_command(request, host, ports) : xdp_command(request, host, ports);
  command.insert(command.end(), request.more.begin(), request.more.end());
  return command;
}

}  // namespace guideway
