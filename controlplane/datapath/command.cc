// SPDX-License-Identifier: Apache-2.0
#include "controlplane/datapath/command.hh"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ostream>

#include <fmt/core.h>

#include "controlplane/datapath/host_facts.hh"
#include "controlplane/datapath/nic_facts.hh"
#include "controlplane/datapath/probe_report.hh"

namespace guideway {
namespace {

// Where DPDK looks for its drivers, as its headers of the build say; empty in a build without DPDK.
constexpr const char* driver_folder = GUIDEWAY_DPDK_DRIVERS;

int refuse(std::ostream& error, const std::string& sentence) {
  error << "guideway: " << sentence << "\n";
  return 1;
}

bool is_asked_for(const DatapathProbeCommand& command, const NicFacts& nic) {
  return (command.interface.empty() || nic.interface == command.interface) &&
         (command.pci.empty() || nic.pci == command.pci);
}

std::string shown(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + word;
  return line;
}

}  // namespace

int run_datapath_probe(const DatapathProbeCommand& command, std::ostream& output, std::ostream& error) {
  const HostFacts host = find_host_facts();
  const DpdkDrivers drivers = DpdkDrivers::in(driver_folder);
  NicSearch search;
  search.drivers = &drivers;
  search.only_interface = command.interface;
  search.tries_native = command.tries_native;
  std::vector<Probed> all;
  for (NicFacts& nic : find_nics(search)) {
    if (!is_asked_for(command, nic)) continue;
    const Verdict verdict = judge(host, nic);
    all.push_back({std::move(nic), verdict});
  }
  if (all.empty() && !(command.interface.empty() && command.pci.empty()))
    return refuse(error, fmt::format("there is no Ethernet device {} here; guideway datapath probe lists them",
                                     command.interface.empty() ? command.pci : command.interface));
  output << (command.json ? probe_json(host, all).dump(2) + "\n" : probe_text(host, all));
  return 0;
}

int run_datapath_start(const DatapathStartCommand& command, std::ostream& output, std::ostream& error) {
  const HostFacts host = find_host_facts();
  const DpdkDrivers drivers = DpdkDrivers::in(driver_folder);
  NicSearch search;
  search.drivers = &drivers;
  auto words = plan_launch(command.request, host, find_nics(search));
  if (!words) return refuse(error, words.error().message);
  if (command.only_prints) {
    output << shown(*words) << "\n";
    return 0;
  }
  error << "guideway: datapath: " << shown(*words) << std::endl;
  std::vector<char*> arguments;
  for (std::string& word : *words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::execvp(arguments[0], arguments.data());
  return refuse(error, fmt::format("cannot run {}: {}", words->front(), std::strerror(errno)));
}

}  // namespace guideway
