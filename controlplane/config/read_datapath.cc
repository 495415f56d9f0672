// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/read_datapath.hh"

#include <algorithm>

#include <fmt/core.h>

#include "controlplane/config/port_name.hh"
#include "ebpf/abi/limits.h"

namespace guideway {
namespace {

bool is_port(const Tree& item) {
  constexpr std::size_t interface_name_max = 15;  // IFNAMSIZ - 1
  if (item.kind != Tree::Kind::text || item.text.empty()) return false;
  const bool is_printable = std::all_of(item.text.begin(), item.text.end(), [](char c) { return c > ' ' && c < 127; });
  if (!is_printable) return false;
  if (is_pci_address(item.text) || is_virtual_device(item.text)) return true;
  return item.text.size() <= interface_name_max && item.text.find_first_of("/:") == std::string::npos;
}

}  // namespace

void read_datapath(TableReader& reader, Config& config) {
  config.datapath = reader
                        .choice<DatapathChoice>("datapath", {{"auto", DatapathChoice::automatic},
                                                             {"dpdk", DatapathChoice::dpdk},
                                                             {"xdp", DatapathChoice::xdp}})
                        .value_or(config.datapath);
  const Tree* value = reader.find("ports");
  if (value == nullptr) return;
  constexpr std::string_view remedy = R"(give interfaces or PCI addresses: ports = ["eth0"])";
  if (value->kind != Tree::Kind::list || value->items.size() > GW_PORTS_MAX) {
    reader.fail("ports", fmt::format("{} is no list of up to {} ports; {}", value->quoted(), GW_PORTS_MAX, remedy));
    return;
  }
  for (const Tree& item : value->items) {
    if (!is_port(item)) {
      reader.fail("ports", fmt::format("{} is no port; {}", item.quoted(), remedy));
    } else if (std::find(config.ports.begin(), config.ports.end(), item.text) != config.ports.end()) {
      reader.fail("ports", fmt::format("{} stands there twice", item.quoted()));
    } else {
      config.ports.push_back(item.text);
    }
  }
}

}  // namespace guideway
